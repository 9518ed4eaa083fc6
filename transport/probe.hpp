// Whether one-sided operations are native or emulated, found out and not assumed.
#pragma once

#include "transport/transport.hpp"

namespace wolfpack::transport {

/// Gets 8 bytes at `offset` while the target makes no progress call (the caller sees to that, by a barrier before and
/// after). An operation that did not complete in `patience_seconds` is emulated: it is left under way in `done`, to be
/// waited for once the target serves again.
[[nodiscard]] OneSided probe(Channel& channel, const RemoteRegion& region, std::uint64_t offset,
                             std::span<std::byte, 8> destination, Completion& done, double patience_seconds);

}  // namespace wolfpack::transport
