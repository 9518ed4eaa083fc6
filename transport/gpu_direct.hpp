// Whether RDMA devices can read and write GPU memory themselves (GPUDirect RDMA), as far as that can be known without
// CUDA: what the kernel has loaded, what the RDMA devices take, what UCX was built with.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "transport/pci_devices.hpp"
#include "transport/ucx_query.hpp"
#include "transport/verbs_devices.hpp"

namespace wolfpack::transport {

struct GpuDirect {
  std::string peer_memory_module;  ///< "nvidia_peermem", "nv_peer_mem"; empty: none is loaded
  std::string driver;              ///< NVIDIA's, in its own words; empty: none is loaded
  bool driver_is_open = false;     ///< the open kernel modules, which alone hand out DMA buffers
  /// Whether an RDMA device takes DMA buffers; none: there is no device, or none could be asked.
  std::optional<bool> device_takes_dma_buffers;
  std::optional<bool> ucx_has_cuda;  ///< by its context's attributes; none: it could not be asked
  std::string advice;
};

struct GpuDirectFolders {
  std::filesystem::path modules = "/sys/module";
  std::filesystem::path driver = "/proc/driver/nvidia/version";
};

[[nodiscard]] GpuDirect gpu_direct(const std::vector<PciGpu>& gpus, const std::vector<VerbsDevice>& devices,
                                   const std::optional<UcxFacts>& ucx, const GpuDirectFolders& folders = {});

}  // namespace wolfpack::transport
