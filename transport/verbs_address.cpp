#include "transport/verbs_address.hpp"

#include <algorithm>
#include <charconv>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/bytes.hpp"
#include "base/fnv1a.hpp"
#include "base/status.hpp"

namespace wolfpack::transport {
namespace {

// Magic, version, the fields of VerbsAddress in their order, checksum.
constexpr std::uint32_t kMagic = 0x42525657;  // "WVRB"
constexpr std::uint32_t kVersion = 1;

std::uint64_t checksum(std::span<const std::byte> bytes) {
  Fnv1a sum;
  for (const std::byte byte : bytes) sum.add(static_cast<std::uint64_t>(byte));
  return sum.value();
}

bool is_ipv4(const GidEntry& gid) {
  const auto& v = gid.value;  // ::ffff:a.b.c.d
  return std::all_of(v.begin(), v.begin() + 10, [](auto byte) { return byte == 0; }) && v[10] == 0xff && v[11] == 0xff;
}

bool is_link_local(const GidEntry& gid) { return gid.value[0] == 0xfe && (gid.value[1] & 0xc0) == 0x80; }

bool is_zero(const GidEntry& gid) {
  return std::all_of(gid.value.begin(), gid.value.end(), [](auto byte) { return byte == 0; });
}

/// How much one wants it.
int rank_of(const GidEntry& gid) {
  if (gid.kind != GidKind::roce_v2) return 0;
  return is_ipv4(gid) ? 3 : is_link_local(gid) ? 1 : 2;
}

std::string link_layer(const VerbsAddress& address) { return address.is_ethernet ? "Ethernet" : "InfiniBand"; }

}  // namespace

std::string name_of(GidKind kind) {
  return kind == GidKind::roce_v2 ? "RoCE v2" : kind == GidKind::roce_v1 ? "RoCE v1" : "InfiniBand";
}

GidEntry choose_gid(const std::vector<GidEntry>& gids, const std::string& wanted, const std::string& port) {
  std::vector<GidEntry> usable;
  std::copy_if(gids.begin(), gids.end(), std::back_inserter(usable), [](const GidEntry& gid) { return !is_zero(gid); });
  if (usable.empty())
    throw InputError(
        fmt::format("{} has no GID: give its network device an address (ip addr add ADDRESS dev NAME)", port));
  if (!wanted.empty() && wanted != "auto") {
    std::uint32_t index = 0;
    const auto [end, error] = std::from_chars(wanted.data(), wanted.data() + wanted.size(), index);
    const bool is_number = error == std::errc() && end == wanted.data() + wanted.size();
    const auto found =
        std::find_if(usable.begin(), usable.end(), [&](const GidEntry& gid) { return gid.index == index; });
    if (is_number && found != usable.end()) return *found;
    std::vector<std::uint32_t> there;
    there.reserve(usable.size());
    for (const GidEntry& gid : usable) there.push_back(gid.index);
    throw InputError(
        fmt::format("UCX_IB_GID_INDEX={}: no GID of {}; accepted: auto, {}", wanted, port, fmt::join(there, ", ")));
  }
  // The first of the best.
  return *std::max_element(usable.begin(), usable.end(),
                           [](const GidEntry& a, const GidEntry& b) { return rank_of(a) < rank_of(b); });
}

Bytes encode(const VerbsAddress& address) {
  Bytes out;
  ByteWriter writer(out);
  writer.value(kMagic);
  writer.value(kVersion);
  writer.value<std::uint8_t>(address.is_ethernet ? 1 : 0);
  writer.value(address.gid_kind);
  writer.value(address.gid);
  writer.value(address.lid);
  for (const std::uint32_t number : {address.queue_pair, address.first_packet, address.mtu_bytes, address.reads_served})
    writer.value(number);
  writer.value(address.memory);
  writer.value(address.memory_bytes);
  writer.value(address.remote_key);
  writer.value(checksum(out));
  return out;
}

VerbsAddress decode_verbs_address(std::span<const std::byte> bytes) {
  constexpr std::size_t kHeaderBytes = 2 * sizeof(std::uint32_t), kSumBytes = sizeof(std::uint64_t);
  ByteReader reader(bytes);
  if (bytes.size() < kHeaderBytes || reader.value<std::uint32_t>() != kMagic)
    throw RuntimeFailure("what came is no address of a verbs endpoint: does the peer run another program?");
  if (const auto version = reader.value<std::uint32_t>(); version != kVersion)
    throw RuntimeFailure(
        fmt::format("its verbs address is of version {} and not {}: run the same version of Wolfpack on both sides",
                    version, kVersion));
  static const std::size_t whole = encode(VerbsAddress{}).size();
  if (bytes.size() != whole ||
      checksum(bytes.first(whole - kSumBytes)) != ByteReader(bytes.last(kSumBytes)).value<std::uint64_t>())
    throw RuntimeFailure(fmt::format("its verbs address is damaged ({} bytes of {})", bytes.size(), whole));
  VerbsAddress address;
  address.is_ethernet = reader.value<std::uint8_t>() != 0;
  address.gid_kind = reader.value<GidKind>();
  address.gid = reader.value<std::array<std::uint8_t, 16>>();
  address.lid = reader.value<std::uint16_t>();
  for (std::uint32_t* number : {&address.queue_pair, &address.first_packet, &address.mtu_bytes, &address.reads_served})
    *number = reader.value<std::uint32_t>();
  address.memory = reader.value<std::uint64_t>();
  address.memory_bytes = reader.value<std::uint64_t>();
  address.remote_key = reader.value<std::uint32_t>();
  return address;
}

void check_same_network(const VerbsAddress& own, const VerbsAddress& peer, const std::string& peer_name) {
  if (own.is_ethernet != peer.is_ethernet)
    throw RuntimeFailure(
        fmt::format("{}: its RDMA port is {} and ours {}: choose ports of one network (UCX_NET_DEVICES)", peer_name,
                    link_layer(peer), link_layer(own)));
  if (own.is_ethernet && own.gid_kind != peer.gid_kind)
    throw RuntimeFailure(fmt::format("{}: its GID is of {} and ours of {}: choose others (UCX_IB_GID_INDEX)", peer_name,
                                     name_of(peer.gid_kind), name_of(own.gid_kind)));
  if (!own.is_ethernet && peer.lid == 0)
    throw RuntimeFailure(fmt::format("{}: its port has no LID: start the subnet manager (opensm)", peer_name));
}

}  // namespace wolfpack::transport
