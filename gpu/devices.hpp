// The GPUs that this program can compute on, and where there is none, why.
//
// The layer exists in every build: without CUDA (preset `release`) it lists nothing and says so. Free of CUDA headers.
// Callable from any thread; the first call in a process starts the CUDA driver, which takes up to a second.
//
//     for (const gpu::GpuDevice& device : gpu::list_devices()) print(device.name);
//     if (gpu::list_devices().empty()) throw InputError("--device gpu: " + gpu::why_no_device());
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace wolfpack::gpu {

/// A CUDA release, for example 13.0.
struct CudaVersion {
  int major = 0;
  int minor = 0;
};

struct GpuDevice {
  int ordinal = 0;          ///< CUDA's number of it, counted from 0 among those that CUDA_VISIBLE_DEVICES leaves
  std::string name;         ///< for example "NVIDIA H200"
  std::string pci_address;  ///< for example "0000:3b:00.0", as in /sys/bus/pci/devices
  int compute_major = 0;    ///< compute capability, for example 9.0
  int compute_minor = 0;
  std::uint64_t memory_bytes = 0;  ///< all of it, in use or not
  CudaVersion driver;              ///< the newest CUDA release that the driver supports
  CudaVersion runtime;             ///< the CUDA release that this program was built with
  std::string why_not_usable;      ///< empty where kernels of this program can run on it
};

/// The GPUs of this machine, usable or not, in CUDA's order. Empty where there is none, no driver, or no CUDA in this
/// build. Never throws for a lack of hardware.
[[nodiscard]] std::vector<GpuDevice> list_devices();

/// Why no listed device can be used, as a clause for a message and with what to do about it; empty where at least one
/// can.
[[nodiscard]] std::string why_no_device();

}  // namespace wolfpack::gpu
