#include "transport/probe.hpp"

namespace wolfpack::transport {

namespace {

OneSided found_out(Channel& channel, Completion& done, double patience_seconds) {
  const Status outcome = wait(channel, done, patience_seconds);
  if (outcome.ok()) return OneSided::native;
  if (outcome.code() != StatusCode::deadline_exceeded) outcome.or_throw();
  return OneSided::emulated;
}

}  // namespace

OneSided probe(Channel& channel, std::span<const RemoteRegion> regions, std::uint64_t offset,
               std::span<std::uint64_t> words, Completion& done, double patience_seconds) {
  for (std::size_t i = 0; i < regions.size(); ++i)
    channel.get(regions[i], offset, std::as_writable_bytes(words.subspan(i, 1)), done).or_throw();
  return found_out(channel, done, patience_seconds);
}

OneSided probe_fetch_add(Channel& channel, const RemoteRegion& region, std::uint64_t offset, std::uint64_t& before,
                         Completion& done, double patience_seconds) {
  channel.fetch_add(region, offset, 0, before, done).or_throw();
  return found_out(channel, done, patience_seconds);
}

}  // namespace wolfpack::transport
