#include "transport/gpu_direct.hpp"

#include <algorithm>

#include "transport/sysfs.hpp"

namespace wolfpack::transport {
namespace {

std::string loaded_module(const std::filesystem::path& modules) {
  std::error_code ignored;
  for (const char* name : {"nvidia_peermem", "nv_peer_mem"})
    if (std::filesystem::exists(modules / name, ignored)) return name;
  return "";
}

/// "NVIDIA UNIX Open Kernel Module for x86_64  550.54.15" of "NVRM version: NVIDIA UNIX ...  550.54.15  Release ...".
std::string driver_in(std::string line) {
  constexpr std::string_view kPrefix = "NVRM version: ";
  if (!line.starts_with(kPrefix)) return "";
  line.erase(0, kPrefix.size());
  for (const char* rest : {"  Release Build", "  Release", "  Debug"})
    if (const std::size_t at = line.find(rest); at != std::string::npos) line.erase(at);
  line.erase(line.find_last_not_of(' ') + 1);
  return line;
}

std::string advice_on(const GpuDirect& found, const std::vector<PciGpu>& gpus,
                      const std::vector<VerbsDevice>& devices) {
  const bool has_nvidia =
      std::any_of(gpus.begin(), gpus.end(), [](const PciGpu& gpu) { return gpu.name.starts_with("NVIDIA"); });
  if (!has_nvidia) return "";
  std::string advice;
  if (found.driver.empty()) advice = "NVIDIA's driver is not loaded (modprobe nvidia)";
  const bool by_buffers = found.driver_is_open && found.device_takes_dma_buffers.value_or(false);
  if (advice.empty() && !devices.empty() && found.peer_memory_module.empty() && !by_buffers)
    advice =
        "RDMA devices cannot reach GPU memory: modprobe nvidia_peermem, or take NVIDIA's open kernel modules on "
        "Linux 5.12 or newer";
  if (found.ucx_has_cuda == false)
    advice += std::string(advice.empty() ? "" : "; ") +
              "this UCX knows no CUDA memory, and data goes through host memory: take one that was built with CUDA "
              "(ucx-cuda, HPC-X)";
  return advice;
}

}  // namespace

GpuDirect gpu_direct(const std::vector<PciGpu>& gpus, const std::vector<VerbsDevice>& devices,
                     const std::optional<UcxFacts>& ucx, const GpuDirectFolders& folders) {
  GpuDirect found{.peer_memory_module = loaded_module(folders.modules),
                  .driver = driver_in(sysfs::first_line(folders.driver)),
                  .device_takes_dma_buffers = {},
                  .ucx_has_cuda = {},
                  .advice = {}};
  found.driver_is_open = found.driver.find("Open Kernel Module") != std::string::npos;
  for (const VerbsDevice& device : devices)
    if (device.facts && device.facts->takes_dma_buffers)
      found.device_takes_dma_buffers =
          found.device_takes_dma_buffers.value_or(false) || *device.facts->takes_dma_buffers;
  if (ucx)
    found.ucx_has_cuda =
        std::find(ucx->memory_types.begin(), ucx->memory_types.end(), "cuda") != ucx->memory_types.end();
  found.advice = advice_on(found, gpus, devices);
  return found;
}

}  // namespace wolfpack::transport
