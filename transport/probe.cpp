#include "transport/probe.hpp"

namespace wolfpack::transport {

OneSided probe(Channel& channel, const RemoteRegion& region, std::uint64_t offset, std::span<std::byte, 8> destination,
               Completion& done, double patience_seconds) {
  channel.get(region, offset, destination, done).or_throw();
  const Status outcome = wait(channel, done, patience_seconds);
  if (outcome.ok()) return OneSided::native;
  if (outcome.code() != StatusCode::deadline_exceeded) outcome.or_throw();
  return OneSided::emulated;
}

}  // namespace wolfpack::transport
