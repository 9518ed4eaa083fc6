#include <algorithm>
#include <cstdint>
#include <limits>
#include <memory>
#include <string>
#include <utility>
#include <variant>

#include "cpu/matrix_checks.hpp"
#include "gpu/atom_selector.hpp"
#include "gpu/device_buffer.cuh"
#include "gpu/device_partition.cuh"
#include "gpu/device_selector.cuh"
#include "gpu/number_type.hpp"
#include "gpu/profiler_range.cuh"

namespace wolfpack::gpu {
namespace {

// What a selector takes of the device beside the values of its partition, at most.
template <class Matrix>
std::uint64_t bytes_beside(const Matrix& matrix) {
  constexpr std::uint64_t kToSpare = std::uint64_t{64} << 20;  // for CUDA itself, and what is rounded up
  constexpr std::uint64_t kOfAColumn = 4 * sizeof(double) + 3 * sizeof(float) + 3 + 4 * sizeof(std::int32_t) +
                                       sizeof(Ranked) + sizeof(Index);  // where it starts
  return kToSpare + static_cast<std::uint64_t>(matrix.columns) * kOfAColumn +
         static_cast<std::uint64_t>(matrix.rows) * (sizeof(double) + sizeof(float));
}

template <class Partition, class Matrix>
GpuSelector make(const Matrix& matrix, const GpuSelectorOptions& options, std::uint64_t free) {
  const std::uint64_t beside = bytes_beside(matrix);
  const std::uint64_t most = std::min<std::uint64_t>(free, options.memory_limit.value_or(free));
  const std::uint64_t near_bytes = most - std::min(most, beside);
  if (options.lack == LackOfMemory::refuse && Partition::bytes_of(matrix) > near_bytes)
    throw OutOfDeviceMemory(std::to_string(Partition::bytes_of(matrix)) + " bytes are too many");
  auto selector = std::make_unique<DeviceSelector<Partition>>(matrix, options.device, near_bytes, options.transform);
  GpuSelector made{.selector = nullptr,
                   .storage = {},
                   .device_bytes = selector->device_bytes(),
                   .pinned_bytes = selector->pinned_bytes()};
  made.selector = std::move(selector);
  return made;
}

template <class Scalar>
GpuSelector make_of_type(const DenseView<Scalar>& matrix, NumberType type, const GpuSelectorOptions& options,
                         std::uint64_t free) {
  if (type == NumberType::bfloat16) return make<DensePartition<Bfloat16>>(matrix, options, free);
  if (type == NumberType::float32) return make<DensePartition<float>>(matrix, options, free);
  return make<DensePartition<double>>(matrix, options, free);
}
template <class Scalar>
GpuSelector make_of_type(const SparseView<Scalar>& matrix, NumberType type, const GpuSelectorOptions& options,
                         std::uint64_t free) {
  if (type == NumberType::float64) return make<SparsePartition<double>>(matrix, options, free);
  return make<SparsePartition<float>>(matrix, options, free);
}

}  // namespace

GpuSelector make_gpu_atom_selector(const MatrixView& partition, GpuSelectorOptions options) {
  cpu::check(partition, options.transform);
  if (columns(partition) > std::numeric_limits<std::int32_t>::max())
    throw InputError("a partition on a GPU has at most 2^31 - 1 columns, this one has " +
                     std::to_string(columns(partition)) + ": use more workers");
  const ProfilerRange range("wolfpack: partition to the GPU");
  check(cudaSetDevice(options.device), "cudaSetDevice");
  cudaFuncAttributes ignored;  // fails where the program holds no code that this device and driver run
  check(cudaFuncGetAttributes(&ignored, reinterpret_cast<const void*>(mark_excluded)), "cudaFuncGetAttributes");
  const NumberType type = narrowest_type(partition);
  std::size_t free = 0, total = 0;
  check(cudaMemGetInfo(&free, &total), "cudaMemGetInfo");
  try {
    GpuSelector made =
        std::visit([&](const auto& matrix) { return make_of_type(matrix, type, options, free); }, partition);
    made.storage = storage_text(partition, type);
    return made;
  } catch (const OutOfDeviceMemory&) {
    const std::size_t most = std::min<std::size_t>(free, options.memory_limit.value_or(free));
    throw OutOfDeviceMemory("the partition (" + storage_text(partition, type) + ", " + std::to_string(rows(partition)) +
                            " x " + std::to_string(columns(partition)) + ") does not fit on GPU " +
                            std::to_string(options.device) + ", of whose " + std::to_string(total >> 20) + " MiB " +
                            std::to_string(most >> 20) + " MiB are to be had");
  }
}

}  // namespace wolfpack::gpu
