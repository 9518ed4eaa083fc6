// The GPU backend of base/atom_selector.hpp: dense or CSC partitions in the memory of a CUDA device.
//
// A partition is copied to the device once, in the narrowest type that holds each of its numbers exactly (bfloat16,
// float32 or float64; CSC: float32 or float64), so that no answer depends on it. A pass estimates scores in float32
// (float64 where it is stored so) to within errors that are known, and evaluates in float64 what may be among the best
// or the largest. So the answer is the CPU's: the same atoms but for what screening and quick rounds are told by other
// bounds, and scores to float64 rounding. Equal columns have equal scores.
//
// The dual vector goes in, and the best atoms come out with their columns, through pinned memory and one stream, with
// one wait a pass. Columns that a pass just chose cost column() nothing; others a copy each. Columns for which the
// device has no room may stay in pinned memory of the host: a pass reads those that it looks at over the bus.
//
//     auto gpu = gpu::make_gpu_atom_selector(view(partition), {.device = 0});
//     SelectedAtoms best = gpu.selector->select({.dual = w, .count = 10});
//
// The header exists in every build; without CUDA (preset `release`) making a selector throws. Free of CUDA headers.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "base/atom_selector.hpp"
#include "base/matrix.hpp"
#include "base/status.hpp"
#include "cpu/column_transform.hpp"

namespace wolfpack::gpu {

/// The device has too little memory for the partition. what() says what does not fit, and how much is to be had.
class OutOfDeviceMemory : public InputError {
 public:
  using InputError::InputError;
};

/// What to do with columns that the device has no room for.
enum class LackOfMemory {
  refuse,       ///< OutOfDeviceMemory
  keep_on_host  ///< they stay in pinned memory of the host, and are read from there, as fast as the bus is
};

struct GpuSelectorOptions {
  int device = 0;  ///< GpuDevice::ordinal (gpu/devices.hpp)
  LackOfMemory lack = LackOfMemory::refuse;
  cpu::ColumnTransform transform = {};  ///< of the columns, for scores, norms and column()
  /// How much of the device's memory it may use; none: what is free.
  std::optional<std::uint64_t> memory_limit = std::nullopt;
};

struct GpuSelector {
  std::unique_ptr<AtomSelector> selector;
  std::string storage;             ///< on the device, for example "dense bfloat16"
  std::uint64_t device_bytes = 0;  ///< what it holds of the device's memory
  std::uint64_t pinned_bytes = 0;  ///< of columns that stayed on the host
};

/// Copies the partition to the device; it is not needed afterwards. All entries must be finite.
///
/// Throws std::invalid_argument where the view contradicts itself or the transform is of another number of columns;
/// InputError where it has more than 2^31 - 1 columns; OutOfDeviceMemory; RuntimeFailure where CUDA fails, the device
/// cannot run this program's kernels, or this build has none.
[[nodiscard]] GpuSelector make_gpu_atom_selector(const MatrixView& partition, GpuSelectorOptions options = {});

}  // namespace wolfpack::gpu
