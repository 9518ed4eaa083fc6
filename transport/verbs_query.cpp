#include "transport/verbs_query.hpp"

#include <arpa/inet.h>
#include <array>
#include <cerrno>
#include <cstring>
#include <memory>
#include <net/if.h>
#include <unistd.h>

#include <fmt/format.h>
#include <infiniband/verbs.h>

#include "base/bytes.hpp"
#include "base/status.hpp"

namespace wolfpack::transport {
namespace {

using Device = std::unique_ptr<ibv_context, decltype(&ibv_close_device)>;
using Domain = std::unique_ptr<ibv_pd, decltype(&ibv_dealloc_pd)>;

[[noreturn]] void fail(const char* call, int error) {
  throw RuntimeFailure(fmt::format("{}: {}", call, error == 0 ? "failed" : std::strerror(error)));
}

Device open_device(const std::string& name) {
  int count = 0;
  errno = 0;
  const std::unique_ptr<ibv_device*, decltype(&ibv_free_device_list)> list(ibv_get_device_list(&count),
                                                                           &ibv_free_device_list);
  if (list == nullptr) fail("ibv_get_device_list", errno);
  for (int i = 0; i < count; ++i) {
    ibv_device* const device = list.get()[i];
    if (name != ibv_get_device_name(device)) continue;
    Device opened(ibv_open_device(device), &ibv_close_device);
    if (opened == nullptr) fail("ibv_open_device", errno);
    return opened;
  }
  throw RuntimeFailure(
      "ibv_get_device_list does not have it: its verbs device (modprobe ib_uverbs; in a container, "
      "docker run --device /dev/infiniband) or its driver of rdma-core (ibverbs-providers) is missing");
}

std::string name_of(ibv_atomic_cap atomics) {
  return atomics == IBV_ATOMIC_GLOB ? "global" : atomics == IBV_ATOMIC_HCA ? "device" : "none";
}

/// As sysfs has it.
std::string name_of(ibv_port_state state) {
  constexpr std::array kNames{"NOP", "DOWN", "INIT", "ARMED", "ACTIVE", "ACTIVE_DEFER"};
  return state < kNames.size() ? kNames[state] : "UNKNOWN";
}

std::string name_of(std::uint32_t gid_type) {
  return gid_type == IBV_GID_TYPE_ROCE_V2 ? "RoCE v2" : gid_type == IBV_GID_TYPE_ROCE_V1 ? "RoCE v1" : "IB";
}

int bytes_of(ibv_mtu mtu) { return mtu >= IBV_MTU_256 && mtu <= IBV_MTU_4096 ? 128 << mtu : 0; }

Gid gid_of(const ibv_gid_entry& entry) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  std::array<char, IF_NAMESIZE> network_device{};
  (void)inet_ntop(AF_INET6, entry.gid.raw, text.data(), text.size());
  if (entry.ndev_ifindex != 0) (void)if_indextoname(entry.ndev_ifindex, network_device.data());
  return {entry.gid_index, text.data(), name_of(entry.gid_type), network_device.data()};
}

VerbsPortFacts query_port(ibv_context& device, std::uint8_t number) {
  ibv_port_attr port{};
  if (const int error = ibv_query_port(&device, number, &port); error != 0) fail("ibv_query_port", error);
  return {.port = number,
          .state = name_of(port.state),
          .width = lanes_of_width(port.active_width),
          .gigabits_a_lane = gigabits_of_speed(port.active_speed),
          .active_mtu_bytes = bytes_of(port.active_mtu),
          .max_mtu_bytes = bytes_of(port.max_mtu),
          .gids = {}};
}

/// Those that are in use, of all ports.
std::vector<ibv_gid_entry> query_gids(ibv_context& device, int ports) {
  std::size_t most = 0;
  for (int port = 1; port <= ports; ++port) {
    ibv_port_attr facts{};
    if (ibv_query_port(&device, static_cast<std::uint8_t>(port), &facts) == 0)
      most += static_cast<std::size_t>(facts.gid_tbl_len);
  }
  std::vector<ibv_gid_entry> entries(most);
  const ssize_t got = ibv_query_gid_table(&device, entries.data(), entries.size(), 0);
  if (got < 0) fail("ibv_query_gid_table", static_cast<int>(-got));
  entries.resize(static_cast<std::size_t>(got));
  return entries;
}

/// UCX asks in the same way: a device that can do it complains of the buffer, one that cannot of the question.
std::optional<bool> takes_dma_buffers(ibv_context& device) {
  const Domain domain(ibv_alloc_pd(&device), &ibv_dealloc_pd);
  if (domain == nullptr) return {};
  constexpr int kNoBuffer = -1;
  errno = 0;
  ibv_mr* const registered =
      ibv_reg_dmabuf_mr(domain.get(), 0, static_cast<std::size_t>(getpagesize()), 0, kNoBuffer, IBV_ACCESS_LOCAL_WRITE);
  if (registered != nullptr) (void)ibv_dereg_mr(registered);
  if (registered != nullptr || errno == EBADF) return true;
  if (errno == EOPNOTSUPP || errno == EPROTONOSUPPORT || errno == ENOSYS) return false;
  return {};
}

}  // namespace

int lanes_of_width(unsigned active_width) {
  switch (active_width) {
    case 1:
      return 1;
    case 2:
      return 4;
    case 4:
      return 8;
    case 8:
      return 12;
    case 16:
      return 2;
    default:
      return 0;
  }
}

double gigabits_of_speed(unsigned active_speed) {
  switch (active_speed) {
    case 1:
      return 2.5;  // SDR
    case 2:
      return 5.0;  // DDR
    case 4:        // QDR
    case 8:
      return 10.0;  // FDR10
    case 16:
      return 14.0;  // FDR
    case 32:
      return 25.0;  // EDR
    case 64:
      return 50.0;  // HDR
    case 128:
      return 100.0;  // NDR
    case 256:
      return 200.0;  // XDR, where the field holds it
    default:
      return 0.0;
  }
}

VerbsFacts query_verbs(const std::string& device) {
  const Device opened = open_device(device);
  ibv_device_attr attributes{};
  if (const int error = ibv_query_device(opened.get(), &attributes); error != 0) fail("ibv_query_device", error);
  VerbsFacts facts{.firmware = attributes.fw_ver,
                   .atomics = name_of(attributes.atomic_cap),
                   .takes_dma_buffers = takes_dma_buffers(*opened),
                   .ports = {}};
  for (std::uint8_t port = 1; port <= attributes.phys_port_cnt; ++port)
    facts.ports.push_back(query_port(*opened, port));
  for (const ibv_gid_entry& entry : query_gids(*opened, attributes.phys_port_cnt))
    for (VerbsPortFacts& port : facts.ports)
      if (port.port == static_cast<int>(entry.port_num)) port.gids.push_back(gid_of(entry));
  return facts;
}

Bytes encode(const VerbsFacts& facts) {
  Bytes out;
  ByteWriter writer(out);
  writer.text(facts.firmware);
  writer.text(facts.atomics);
  writer.value(static_cast<std::int8_t>(facts.takes_dma_buffers ? static_cast<int>(*facts.takes_dma_buffers) : -1));
  writer.value<std::uint64_t>(facts.ports.size());
  for (const VerbsPortFacts& port : facts.ports) {
    writer.value(port.port);
    writer.text(port.state);
    writer.value(port.width);
    writer.value(port.gigabits_a_lane);
    writer.value(port.active_mtu_bytes);
    writer.value(port.max_mtu_bytes);
    writer.value<std::uint64_t>(port.gids.size());
    for (const Gid& gid : port.gids) {
      writer.value(gid.index);
      for (const std::string& text : {gid.value, gid.type, gid.network_device}) writer.text(text);
    }
  }
  return out;
}

VerbsFacts decode_verbs(std::span<const std::byte> bytes) {
  ByteReader reader(bytes);
  VerbsFacts facts;
  facts.firmware = reader.text();
  facts.atomics = reader.text();
  if (const auto takes = reader.value<std::int8_t>(); takes >= 0) facts.takes_dma_buffers = takes != 0;
  for (auto ports = reader.value<std::uint64_t>(); ports > 0; --ports) {
    VerbsPortFacts& port = facts.ports.emplace_back();
    port.port = reader.value<int>();
    port.state = reader.text();
    port.width = reader.value<int>();
    port.gigabits_a_lane = reader.value<double>();
    port.active_mtu_bytes = reader.value<int>();
    port.max_mtu_bytes = reader.value<int>();
    for (auto gids = reader.value<std::uint64_t>(); gids > 0; --gids) {
      Gid& gid = port.gids.emplace_back();
      gid.index = reader.value<std::uint32_t>();
      for (std::string* text : {&gid.value, &gid.type, &gid.network_device}) *text = reader.text();
    }
  }
  return facts;
}

}  // namespace wolfpack::transport
