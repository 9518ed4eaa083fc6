// What the two sides of a verbs connection tell each other before it is up, and which of a port's GIDs they use.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/types.hpp"

namespace wolfpack::transport {

enum class GidKind : std::uint8_t { infiniband = 0, roce_v1 = 1, roce_v2 = 2 };

/// "InfiniBand", "RoCE v1", "RoCE v2".
[[nodiscard]] std::string name_of(GidKind kind);

/// One of the port's addresses, an IPv6 address in form.
struct GidEntry {
  std::uint32_t index = 0;  ///< in the port's table
  GidKind kind = GidKind::infiniband;
  std::array<std::uint8_t, 16> value{};
};

/// The GID to use: `wanted`, an index (UCX_IB_GID_INDEX), where it is neither empty nor "auto"; else the first of
/// RoCE v2 that is an IPv4 address, else any other of RoCE v2 that can be routed, of RoCE v2, or at all. Throws
/// InputError with what to do where the port has none, or not the wanted one.
[[nodiscard]] GidEntry choose_gid(const std::vector<GidEntry>& gids, const std::string& wanted,
                                  const std::string& port);

/// Of one side: its queue pair and its memory.
struct VerbsAddress {
  bool is_ethernet = false;  ///< the port's link layer: peers are found by GID, else by LID
  GidKind gid_kind = GidKind::infiniband;
  std::array<std::uint8_t, 16> gid{};
  std::uint16_t lid = 0;
  std::uint32_t queue_pair = 0;    ///< its number
  std::uint32_t first_packet = 0;  ///< the sequence number that its first packet carries
  std::uint32_t mtu_bytes = 0;     ///< 256 to 4096, a power of two
  std::uint32_t reads_served = 0;  ///< of a peer's reads and atomics, under way at once
  std::uint64_t memory = 0;        ///< where the registered memory begins
  std::uint64_t memory_bytes = 0;
  std::uint32_t remote_key = 0;

  bool operator==(const VerbsAddress&) const = default;
};

[[nodiscard]] Bytes encode(const VerbsAddress& address);
/// Throws RuntimeFailure, one line without a name, where the bytes are no address, of another version, or damaged.
[[nodiscard]] VerbsAddress decode_verbs_address(std::span<const std::byte> bytes);

/// Throws RuntimeFailure, one line that begins with the peer's name, where ports of such addresses cannot be connected.
void check_same_network(const VerbsAddress& own, const VerbsAddress& peer, const std::string& peer_name);

}  // namespace wolfpack::transport
