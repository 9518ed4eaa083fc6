#include "experiments/devices_json.hpp"

#include <fmt/format.h>

#include "base/host_name.hpp"
#include "experiments/version.hpp"

namespace wolfpack::experiments {
namespace {

using nlohmann::ordered_json;
using namespace transport;

ordered_json numa_node(int node) { return node < 0 ? ordered_json() : ordered_json(node); }
ordered_json text_or_null(const std::string& text) { return text.empty() ? ordered_json() : ordered_json(text); }
template <class T>
ordered_json value_or_null(const std::optional<T>& value) {
  return value ? ordered_json(*value) : ordered_json();
}
template <class Number>
ordered_json unless_zero(Number value) {
  return value == Number{} ? ordered_json() : ordered_json(value);
}
ordered_json one_sided(const std::optional<OneSided>& found) {
  if (!found) return nullptr;
  return *found == OneSided::native ? "native" : "emulated";
}

ordered_json nearest_gpu_json(const std::optional<NearestGpu>& nearest) {
  if (!nearest) return nullptr;
  return {{"pci_address", nearest->gpu.place.address},
          {"name", nearest->gpu.name},
          {"numa_node", numa_node(nearest->gpu.place.numa_node)},
          {"distance", to_string(nearest->distance)}};
}

ordered_json port_json(const VerbsPort& port) {
  ordered_json gids = ordered_json::array();
  if (port.facts)
    for (const Gid& gid : port.facts->gids)
      gids.push_back({{"index", gid.index},
                      {"value", gid.value},
                      {"type", gid.type},
                      {"network_device", text_or_null(gid.network_device)}});
  const VerbsPortFacts facts = port.facts.value_or(VerbsPortFacts{});
  return {{"port", port.place.port},
          {"name", port.place.name()},
          {"state", port.state()},
          {"link_layer", text_or_null(port.place.link_layer)},
          {"width_lanes", unless_zero(facts.width)},
          {"lane_rate_gbps", unless_zero(facts.gigabits_a_lane)},
          {"speed_gbps", unless_zero(port.gigabits())},
          {"active_mtu_bytes", unless_zero(facts.active_mtu_bytes)},
          {"max_mtu_bytes", unless_zero(facts.max_mtu_bytes)},
          {"gids", gids},
          {"advice", port.advice}};
}

ordered_json device_json(const VerbsDevice& device) {
  ordered_json ports = ordered_json::array();
  for (const VerbsPort& port : device.ports) ports.push_back(port_json(port));
  const VerbsFacts facts = device.facts.value_or(VerbsFacts{});
  return {{"name", device.name},
          {"error", text_or_null(device.error)},
          {"firmware", text_or_null(facts.firmware)},
          {"atomics", text_or_null(facts.atomics)},
          {"pci_address", text_or_null(device.place.address)},
          {"numa_node", numa_node(device.place.numa_node)},
          {"nearest_gpu", nearest_gpu_json(device.nearest_gpu)},
          {"dma_buffers", value_or_null(facts.takes_dma_buffers)},
          {"pci_relaxed_ordering", value_or_null(device.may_relax_order)},
          {"ports", ports},
          {"advice", device.advice}};
}

ordered_json ucx_json(const UcxReport& ucx) {
  const bool is_known = ucx.facts.has_value();
  return {{"version", ucx.version},
          {"error", text_or_null(ucx.error)},
          {"settings", ordered_json(ucx.settings)},
          {"transports", is_known ? ordered_json(ucx.facts->transports) : ordered_json()},
          {"memory_types", is_known ? ordered_json(ucx.facts->memory_types) : ordered_json()},
          {"lanes_on_this_host", is_known ? ordered_json(ucx.facts->lanes_on_this_host) : ordered_json()},
          {"lanes_between_hosts", is_known ? ordered_json(ucx.facts->lanes_between_hosts) : ordered_json()},
          {"advice", ucx.advice}};
}

ordered_json transport_json(const TransportReport& report) {
  return {{"name", report.name},
          {"usable", report.why_not.empty()},
          {"why_not", text_or_null(report.why_not)},
          {"lanes", text_or_null(report.lanes)},
          {"one_sided", one_sided(report.one_sided)},
          {"atomics", one_sided(report.atomics)},
          {"advice", report.advice}};
}

ordered_json huge_pages_json(const HugePages& pages) {
  ordered_json pools = ordered_json::array();
  for (const HugePagePool& pool : pages.pools)
    pools.push_back({{"page_bytes", pool.page_bytes}, {"total_pages", pool.total}, {"free_pages", pool.free}});
  return {{"pools", pools}, {"transparent", text_or_null(pages.transparent)}, {"advice", pages.advice}};
}

ordered_json cores_json(const Cores& cores) {
  ordered_json nodes = ordered_json::array();
  for (const NumaNode& node : cores.nodes) nodes.push_back({{"node", node.index}, {"cores", node.cores}});
  return {{"usable", cores.usable}, {"online", cores.online}, {"numa_nodes", nodes}, {"advice", cores.advice}};
}

ordered_json gpu_direct_json(const GpuDirect& found) {
  return {{"peer_memory_module", text_or_null(found.peer_memory_module)},
          {"driver", text_or_null(found.driver)},
          {"driver_is_open", found.driver.empty() ? ordered_json() : ordered_json(found.driver_is_open)},
          {"device_takes_dma_buffers", value_or_null(found.device_takes_dma_buffers)},
          {"ucx_has_cuda", value_or_null(found.ucx_has_cuda)},
          {"advice", found.advice}};
}

ordered_json gpus_json(const DevicesFound& found) {
  ordered_json on_bus = ordered_json::array(), usable = ordered_json::array();
  for (const PciGpu& gpu : found.devices.gpus)
    on_bus.push_back(
        {{"pci_address", gpu.place.address}, {"name", gpu.name}, {"numa_node", numa_node(gpu.place.numa_node)}});
  for (const gpu::GpuDevice& device : found.gpus)
    usable.push_back({{"ordinal", device.ordinal},
                      {"name", device.name},
                      {"compute_capability", fmt::format("{}.{}", device.compute_major, device.compute_minor)},
                      {"why_not", text_or_null(device.why_not_usable)},
                      {"memory_bytes", device.memory_bytes}});
  return {{"on_pci", on_bus},
          {"cuda", usable},
          {"why_not", text_or_null(found.why_no_gpu)},
          {"advice", found.devices.gpus.empty() ? "" : found.why_no_gpu}};
}

}  // namespace

ordered_json devices_json(const DevicesFound& found) {
  const Devices& devices = found.devices;
  ordered_json rdma = ordered_json::array(), transports = ordered_json::array();
  for (const VerbsDevice& device : devices.rdma) rdma.push_back(device_json(device));
  for (const TransportReport& report : devices.transports) transports.push_back(transport_json(report));
  const HostLimits& limits = devices.limits;
  return {{"wolfpack_version", kVersion},
          {"host", host_name()},
          {"rdma", {{"devices", rdma}, {"advice", devices.rdma_advice}}},
          {"transports", transports},
          {"ucx", ucx_json(devices.ucx)},
          {"locked_memory",
           {{"limit_bytes", value_or_null(limits.locked_memory.limit_bytes)}, {"advice", limits.locked_memory.advice}}},
          {"shared_memory",
           {{"folder", limits.shared_memory.folder},
            {"size_bytes", limits.shared_memory.size_bytes},
            {"free_bytes", limits.shared_memory.free_bytes},
            {"advice", limits.shared_memory.advice}}},
          {"huge_pages", huge_pages_json(limits.huge_pages)},
          {"relaxed_ordering",
           {{"setting", text_or_null(devices.relaxed_ordering.setting)}, {"advice", devices.relaxed_ordering.advice}}},
          {"gpu_direct", gpu_direct_json(devices.gpu_direct)},
          {"gpus", gpus_json(found)},
          {"cores", cores_json(limits.cores)}};
}

}  // namespace wolfpack::experiments
