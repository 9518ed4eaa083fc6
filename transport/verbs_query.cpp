#include "transport/verbs_query.hpp"

#include <arpa/inet.h>
#include <array>
#include <cerrno>
#include <net/if.h>
#include <unistd.h>

#include <infiniband/verbs.h>

#include "base/bytes.hpp"
#include "transport/verbs_handles.hpp"

namespace wolfpack::transport {
namespace {

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

VerbsPortFacts facts_of(const ibv_port_attr& port, int number) {
  return {.port = number,
          .state = name_of(port.state),
          .width = lanes_of_width(port.active_width),
          .gigabits_a_lane = gigabits_of_speed(port.active_speed),
          .active_mtu_bytes = bytes_of(port.active_mtu),
          .max_mtu_bytes = bytes_of(port.max_mtu),
          .gids = {}};
}

/// UCX asks in the same way: a device that can do it complains of the buffer, one that cannot of the question.
std::optional<bool> takes_dma_buffers(ibv_context& device) {
  const verbs::Domain domain(ibv_alloc_pd(&device));
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
  const verbs::Device opened = verbs::open_device(device);
  const ibv_device_attr attributes = verbs::query_device(*opened, device);
  VerbsFacts facts{.firmware = attributes.fw_ver,
                   .atomics = name_of(attributes.atomic_cap),
                   .takes_dma_buffers = takes_dma_buffers(*opened),
                   .ports = {}};
  RdmaPort port{.device = device, .state = {}, .link_layer = {}, .verbs_file = {}};
  for (port.port = 1; port.port <= attributes.phys_port_cnt; ++port.port)
    facts.ports.push_back(facts_of(verbs::query_port(*opened, port), port.port));
  for (const ibv_gid_entry& entry : verbs::query_gid_table(*opened, device))
    for (VerbsPortFacts& of_port : facts.ports)
      if (of_port.port == static_cast<int>(entry.port_num)) of_port.gids.push_back(gid_of(entry));
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
