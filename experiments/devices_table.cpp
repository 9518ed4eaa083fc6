#include "experiments/devices_table.hpp"

#include <algorithm>
#include <iterator>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/host_name.hpp"
#include "experiments/version.hpp"

namespace wolfpack::experiments {
namespace {

using namespace transport;

constexpr const char* kUnknown = "-";

std::string or_unknown(const std::string& text) { return text.empty() ? kUnknown : text; }
std::string numa_node(int node) { return node < 0 ? kUnknown : std::to_string(node); }

std::string bytes_text(std::uint64_t bytes) {
  double amount = static_cast<double>(bytes);
  const char* unit = "bytes";
  for (const char* larger : {"KiB", "MiB", "GiB", "TiB"}) {
    if (amount < 1024) break;
    amount /= 1024;
    unit = larger;
  }
  return fmt::format("{:.4g} {}", amount, unit);
}

std::vector<std::string> advice_lines(const std::string& advice) {
  return advice.empty() ? std::vector<std::string>{} : std::vector<std::string>{"-> " + advice};
}

/// "name: value", then what to do.
void say(std::string& text, const std::string& name, const std::string& value, const std::string& advice = "") {
  fmt::format_to(std::back_inserter(text), "  {:<20}{}\n", name, value);
  for (const std::string& line : advice_lines(advice)) text += "    " + line + "\n";
}

std::string speed(const VerbsPort& port) {
  if (port.gigabits() == 0.0) return kUnknown;
  return fmt::format("{} x {:g} = {:g} Gb/s", port.facts->width, port.facts->gigabits_a_lane, port.gigabits());
}

std::string mtu(const VerbsPort& port) {
  return port.facts && port.facts->active_mtu_bytes > 0 ? std::to_string(port.facts->active_mtu_bytes) : kUnknown;
}

std::string gpu_text(const std::optional<NearestGpu>& nearest) {
  if (!nearest) return kUnknown;
  return fmt::format("{} {} ({})", nearest->gpu.place.address, nearest->gpu.name, to_string(nearest->distance));
}

std::string yes_no(const std::optional<bool>& value) { return !value ? "unknown" : *value ? "yes" : "no"; }

std::string rdma_section(const Devices& found) {
  if (found.rdma.empty())
    return fmt::format("RDMA devices\n  none here (/sys/class/infiniband has none)\n    -> {}\n", found.rdma_advice);
  std::vector<TableRow> devices{{{"device", "firmware", "atomics", "PCI", "NUMA", "DMA buffers", "nearest GPU"}}};
  std::vector<TableRow> ports{{{"port", "state", "link layer", "speed", "MTU"}}};
  for (const VerbsDevice& device : found.rdma) {
    const VerbsFacts facts = device.facts.value_or(VerbsFacts{});
    TableRow row{{device.name, or_unknown(facts.firmware), or_unknown(facts.atomics), or_unknown(device.place.address),
                  numa_node(device.place.numa_node), yes_no(facts.takes_dma_buffers), gpu_text(device.nearest_gpu)}};
    if (!device.error.empty()) row.below.push_back("could not be asked: " + device.error);
    for (std::string& line : advice_lines(device.advice)) row.below.push_back(std::move(line));
    devices.push_back(std::move(row));
    for (const VerbsPort& port : device.ports) {
      TableRow port_row{{port.place.name(), port.state(), or_unknown(port.place.link_layer), speed(port), mtu(port)}};
      if (port.facts)
        for (const Gid& gid : port.facts->gids)
          port_row.below.push_back(
              fmt::format("GID {:<3} {:<8} {}{}", gid.index, gid.type, gid.value,
                          gid.network_device.empty() ? "" : fmt::format(" ({})", gid.network_device)));
      for (std::string& line : advice_lines(port.advice)) port_row.below.push_back(std::move(line));
      ports.push_back(std::move(port_row));
    }
  }
  return "RDMA devices\n" + to_text(devices) + "\n" + to_text(ports);
}

std::string native_or_emulated(const std::optional<OneSided>& found) {
  if (!found) return kUnknown;
  return *found == OneSided::native ? "native" : "emulated";
}

std::string transports_section(const Devices& found) {
  std::vector<TableRow> rows{{{"transport", "usable", "one-sided", "atomics", "lanes"}}};
  for (const TransportReport& report : found.transports) {
    TableRow row{{report.name, report.why_not.empty() ? "yes" : "no", native_or_emulated(report.one_sided),
                  native_or_emulated(report.atomics), or_unknown(report.lanes)}};
    if (!report.why_not.empty()) row.below.push_back(report.why_not);
    if (report.advice != report.why_not)
      for (std::string& line : advice_lines(report.advice)) row.below.push_back(std::move(line));
    rows.push_back(std::move(row));
  }
  return "Transports\n" + to_text(rows);
}

std::string ucx_section(const UcxReport& ucx) {
  std::string text = fmt::format("UCX {}\n", ucx.version);
  if (!ucx.facts) {
    say(text, "could not be asked", ucx.error, ucx.advice);
  } else {
    say(text, "would choose", ucx.facts->lanes_on_this_host + " on this host");
    say(text, "", ucx.facts->lanes_between_hosts + " between hosts");
    say(text, "transports", fmt::format("{}", fmt::join(ucx.facts->transports, ", ")));
    say(text, "memory", fmt::format("{}", fmt::join(ucx.facts->memory_types, ", ")));
  }
  for (const auto& [name, value] : ucx.settings) say(text, "set", fmt::format("{}={}", name, value));
  return text;
}

std::string memory_section(const Devices& found) {
  const HostLimits& limits = found.limits;
  std::string text = "Memory\n";
  const auto& locked = limits.locked_memory;
  say(text, "may be locked", locked.limit_bytes ? bytes_text(*locked.limit_bytes) : "any amount", locked.advice);
  const SharedMemory& shared = limits.shared_memory;
  say(text, shared.folder, fmt::format("{}, {} free", bytes_text(shared.size_bytes), bytes_text(shared.free_bytes)),
      shared.advice);
  for (const HugePagePool& pool : limits.huge_pages.pools)
    say(text, "huge pages", fmt::format("{} of {}, {} free", pool.total, bytes_text(pool.page_bytes), pool.free));
  say(text, "transparent", or_unknown(limits.huge_pages.transparent), limits.huge_pages.advice);
  const RelaxedOrdering& relaxed = found.relaxed_ordering;
  say(text, "relaxed ordering",
      relaxed.setting.empty() ? "not set; Wolfpack turns it off" : "UCX_IB_PCI_RELAXED_ORDERING=" + relaxed.setting,
      relaxed.advice);
  for (const VerbsDevice& device : found.rdma)
    if (device.may_relax_order)
      say(text, "", fmt::format("{} {} it", device.name, *device.may_relax_order ? "may do" : "is not allowed to do"));
  return text;
}

std::string gpu_section(const DevicesFound& found) {
  std::string text = "GPUs\n";
  const std::vector<PciGpu>& on_bus = found.devices.gpus;
  for (const PciGpu& gpu : on_bus)
    say(text, gpu.place.address, fmt::format("{}, NUMA node {}", gpu.name, numa_node(gpu.place.numa_node)));
  for (const gpu::GpuDevice& device : found.gpus)
    say(text, fmt::format("CUDA device {}", device.ordinal),
        fmt::format("{}, compute {}.{}, {}{}", device.name, device.compute_major, device.compute_minor,
                    bytes_text(device.memory_bytes),
                    device.why_not_usable.empty() ? "" : ", not usable: " + device.why_not_usable));
  if (!found.why_no_gpu.empty()) say(text, on_bus.empty() ? "none" : "not used", found.why_no_gpu);
  const GpuDirect& direct = found.devices.gpu_direct;
  say(text, "GPUDirect",
      fmt::format("peer memory module: {}; driver: {}; DMA buffers: {}; UCX has CUDA: {}",
                  direct.peer_memory_module.empty() ? "none" : direct.peer_memory_module,
                  direct.driver.empty() ? "none" : direct.driver, yes_no(direct.device_takes_dma_buffers),
                  yes_no(direct.ucx_has_cuda)),
      direct.advice);
  return text;
}

std::string cores_section(const Cores& cores) {
  std::string text = "Cores\n";
  say(text, "usable", fmt::format("{} of {}", cores.usable, cores.online), cores.advice);
  for (const NumaNode& node : cores.nodes) say(text, fmt::format("NUMA node {}", node.index), "cores " + node.cores);
  return text;
}

}  // namespace

std::string devices_table(const DevicesFound& found) {
  const Devices& devices = found.devices;
  return fmt::format("wolfpack {} on {}\n\n{}\n{}\n{}\n{}\n{}\n{}", kVersion, host_name(), rdma_section(devices),
                     transports_section(devices), ucx_section(devices.ucx), memory_section(devices), gpu_section(found),
                     cores_section(devices.limits.cores));
}

std::string to_text(const std::vector<TableRow>& rows) {
  std::vector<std::size_t> widths;
  for (const TableRow& row : rows) {
    widths.resize(std::max(widths.size(), row.cells.size()));
    for (std::size_t i = 0; i < row.cells.size(); ++i) widths[i] = std::max(widths[i], row.cells[i].size());
  }
  std::string text;
  for (const TableRow& row : rows) {
    std::string line;
    for (std::size_t i = 0; i < row.cells.size(); ++i)
      fmt::format_to(std::back_inserter(line), "  {:<{}}", row.cells[i], widths[i]);
    line.erase(line.find_last_not_of(' ') + 1);
    text += line + "\n";
    for (const std::string& below : row.below) text += "    " + below + "\n";
  }
  return text;
}

}  // namespace wolfpack::experiments
