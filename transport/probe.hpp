// Whether one-sided operations are native or emulated, found out and not assumed.
#pragma once

#include "transport/transport.hpp"

namespace wolfpack::transport {

/// Gets 8 bytes at `offset` of every region into `words` while no target makes a progress call (the caller sees to
/// that, by a barrier before and after). Native where all complete within `patience_seconds`; the others are left under
/// way in `done`, to be waited for once the targets serve again.
[[nodiscard]] OneSided probe(Channel& channel, std::span<const RemoteRegion> regions, std::uint64_t offset,
                             std::span<std::uint64_t> words, Completion& done, double patience_seconds);

/// The same of a fetch_add of 0 to the word at `offset`: what it held goes to `before`.
[[nodiscard]] OneSided probe_fetch_add(Channel& channel, const RemoteRegion& region, std::uint64_t offset,
                                       std::uint64_t& before, Completion& done, double patience_seconds);

}  // namespace wolfpack::transport
