#include "experiments/worker_selector.hpp"

#include <algorithm>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "base/host_name.hpp"
#include "base/status.hpp"
#include "cpu/atom_selector.hpp"
#include "gpu/atom_selector.hpp"
#include "gpu/placement.hpp"
#include "transport/pci_devices.hpp"

namespace wolfpack::experiments {
namespace {

int numa_node(const gpu::GpuDevice& device) {
  return transport::pci_place("/sys/bus/pci/devices/" + device.pci_address).numa_node;
}

WorkerSelector on_cpu(Matrix&& partition, WorkerSelectorOptions&& options, const std::string& why) {
  WorkerSelector made;
  made.device = "cpu";
  made.description = why.empty() ? "cpu" : "cpu: " + why;
  made.host_bytes = matrix_bytes(view(partition));
  made.copy_bytes = cpu::quantized_copy_bytes(view(partition));
  made.selector = cpu::make_cpu_atom_selector(std::move(partition),
                                              {.threads = options.threads, .transform = std::move(options.transform)});
  return made;
}

}  // namespace

WorkerDevice worker_device(DeviceWish wish, transport::Bootstrap& bootstrap) {
  WorkerDevice mine{.wish = wish, .gpu = std::nullopt, .sharers = 1, .why_none = {}};
  if (wish == DeviceWish::cpu) return mine;
  const std::string host = host_identity() + "\n";
  const std::vector<std::string> all = bootstrap.allgather_text(host + std::to_string(gpu::own_numa_node()));
  std::vector<int> worker_nodes;
  std::size_t own_place = 0;
  for (std::size_t rank = 0; rank < all.size(); ++rank) {
    if (rank == bootstrap.rank().value) own_place = worker_nodes.size();
    if (all[rank].starts_with(host)) worker_nodes.push_back(std::stoi(all[rank].substr(host.size())));
  }
  std::vector<gpu::GpuDevice> usable;
  std::vector<int> gpu_nodes;
  std::vector<gpu::GpuDevice> all_gpus = gpu::list_devices();
  for (gpu::GpuDevice& device : all_gpus) {
    if (!device.why_not_usable.empty()) continue;
    gpu_nodes.push_back(numa_node(device));
    usable.push_back(std::move(device));
  }
  if (!usable.empty()) {
    const std::vector<std::size_t> places = gpu::place_on_gpus(worker_nodes, gpu_nodes);
    mine.gpu = usable[places[own_place]];
    mine.sharers = static_cast<std::size_t>(std::count(places.begin(), places.end(), places[own_place]));
    return mine;
  }
  if (wish == DeviceWish::gpu)
    throw InputError(
        fmt::format("--device gpu: {} has none: {}; accepted: auto, cpu", host_name(), gpu::why_no_device()));
  if (!all_gpus.empty()) mine.why_none = gpu::why_no_device();
  return mine;
}

WorkerSelector make_worker_selector(Matrix&& partition, const WorkerDevice& device, WorkerSelectorOptions options) {
  if (!device.gpu) return on_cpu(std::move(partition), std::move(options), device.why_none);
  const bool may_stay = device.wish != DeviceWish::gpu;
  if (const std::uint64_t bytes = matrix_bytes(view(partition)); may_stay && bytes < kWorthMoving)
    return on_cpu(std::move(partition), std::move(options), fmt::format("{} bytes are read as quickly there", bytes));
  try {
    gpu::GpuSelector made = gpu::make_gpu_atom_selector(
        view(partition), {.device = device.gpu->ordinal,
                          .lack = may_stay ? gpu::LackOfMemory::refuse : gpu::LackOfMemory::keep_on_host,
                          .transform = options.transform,
                          .memory_limit = gpu::share_of_memory(device.gpu->memory_bytes, device.sharers)});
    const std::string far = made.pinned_bytes == 0
                                ? ""
                                : fmt::format(", {} of {} MiB read from the host", made.pinned_bytes >> 20,
                                              (made.device_bytes + made.pinned_bytes) >> 20);
    return {.selector = std::move(made.selector),
            .device = "gpu",
            .description = fmt::format("{} (GPU {}), {}, atoms' columns through pinned memory{}", device.gpu->name,
                                       device.gpu->ordinal, made.storage, far),
            .host_bytes = made.pinned_bytes,
            .copy_bytes = 0,
            .device_bytes = made.device_bytes};
  } catch (const gpu::OutOfDeviceMemory& lack) {
    if (!may_stay) throw InputError(fmt::format("--device gpu: {}", lack.what()));
    return on_cpu(std::move(partition), std::move(options), lack.what());
  } catch (const RuntimeFailure& failure) {  // an old driver, or a GPU that another process keeps to itself
    if (!may_stay) throw RuntimeFailure(fmt::format("--device gpu: {}", failure.what()));
    return on_cpu(std::move(partition), std::move(options), failure.what());
  }
}

}  // namespace wolfpack::experiments
