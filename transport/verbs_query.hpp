// What libibverbs says of one RDMA device. It opens the device, which may hang where the device or its driver is
// broken: to be called in a process of its own (apart.hpp), from which encode() and decode_verbs() bring it home.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/types.hpp"

namespace wolfpack::transport {

struct Gid {
  std::uint32_t index = 0;
  std::string value;           ///< as an IPv6 address: "fe80::5054:ff:fe12:3456", "::ffff:10.9.0.1"
  std::string type;            ///< "IB", "RoCE v1", "RoCE v2"
  std::string network_device;  ///< "eth0"; empty: none
};

struct VerbsPortFacts {
  int port = 1;
  std::string state;  ///< "ACTIVE"
  int width = 0;      ///< lanes; 0: unknown
  double gigabits_a_lane = 0.0;
  int active_mtu_bytes = 0;
  int max_mtu_bytes = 0;
  std::vector<Gid> gids;
};

struct VerbsFacts {
  std::string firmware;
  std::string atomics;  ///< "none"; "device", among this device's own; "global", also with the processor's
  /// Whether it registers the memory of other devices by DMA buffers: asked with a buffer that does not exist.
  std::optional<bool> takes_dma_buffers;
  std::vector<VerbsPortFacts> ports;
};

/// Throws RuntimeFailure with the call that failed.
[[nodiscard]] VerbsFacts query_verbs(const std::string& device);

[[nodiscard]] Bytes encode(const VerbsFacts& facts);
[[nodiscard]] VerbsFacts decode_verbs(std::span<const std::byte> bytes);

/// Lanes, of ibv_port_attr's active_width; 0: unknown.
[[nodiscard]] int lanes_of_width(unsigned active_width);
/// As the kernel names the rates, SDR 2.5 to XDR 200, of ibv_port_attr's active_speed; 0: unknown.
[[nodiscard]] double gigabits_of_speed(unsigned active_speed);

}  // namespace wolfpack::transport
