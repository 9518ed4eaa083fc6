// Where a worker of a LASSO run chooses its atoms: --device.
//
//     const WorkerDevice device = worker_device(DeviceWish::automatic, bootstrap);             // collective
//     WorkerSelector chosen = make_worker_selector(std::move(partition), device, {.threads = 2});
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "base/atom_selector.hpp"
#include "base/matrix.hpp"
#include "cpu/column_transform.hpp"
#include "gpu/devices.hpp"
#include "transport/bootstrap.hpp"

namespace wolfpack::experiments {

enum class DeviceWish { automatic, cpu, gpu };
[[nodiscard]] constexpr const char* to_string(DeviceWish wish) {  // as --device has it
  return wish == DeviceWish::automatic ? "auto" : wish == DeviceWish::cpu ? "cpu" : "gpu";
}

/// Smaller partitions stay on the CPU where the wish is automatic: a core reads them in some 50 us, and a pass on a GPU
/// has several kernels to start. Not measured.
inline constexpr std::uint64_t kWorthMoving = std::uint64_t{1} << 20;

struct WorkerDevice {
  DeviceWish wish = DeviceWish::cpu;
  std::optional<gpu::GpuDevice> gpu;  ///< the one that this worker may use
  std::size_t sharers = 1;            ///< workers that use it, this one included
  std::string why_none;               ///< why this machine's GPUs cannot be used; empty where it has none at all
};

/// Collective: the workers of one machine share its GPUs evenly, those of cores of one NUMA node its GPUs first. Throws
/// InputError where a GPU is wished for and this machine has none.
[[nodiscard]] WorkerDevice worker_device(DeviceWish wish, transport::Bootstrap& bootstrap);

struct WorkerSelector {
  std::unique_ptr<AtomSelector> selector;
  std::string device;            ///< "cpu" or "gpu"
  std::string description;       ///< "NVIDIA H200 (GPU 0), dense bfloat16, ..."; "cpu: " and why, where a GPU is there
  std::uint64_t host_bytes = 0;  ///< of the partition, in this process's memory
  std::uint64_t copy_bytes = 0;  ///< of its quantized copy
  std::uint64_t device_bytes = 0;
};

struct WorkerSelectorOptions {
  std::size_t threads = 1;
  cpu::ColumnTransform transform = {};
};

/// The partition stays in host memory or moves to the GPU. Where the wish is automatic, it stays if it is small, if the
/// GPU has no room for all of it, or if CUDA fails. Where a GPU was wished for, columns that it has no room for stay in
/// pinned memory; throws InputError where there is no room even for what is remembered of them, RuntimeFailure where
/// CUDA fails.
[[nodiscard]] WorkerSelector make_worker_selector(Matrix&& partition, const WorkerDevice& device,
                                                  WorkerSelectorOptions options);

}  // namespace wolfpack::experiments
