#include "transport/transport.hpp"

#include <fmt/format.h>

#include "base/backoff.hpp"
#include "base/time.hpp"

namespace wolfpack::transport {

Status past_the_end(const RemoteRegion& region, std::uint64_t offset, std::size_t count) {
  return {StatusCode::out_of_range,
          fmt::format("{} bytes at offset {} do not fit a region of {} bytes", count, offset, region.size_bytes)};
}

Status wait(Channel& channel, Completion& done, double timeout_seconds) {
  channel.progress();
  if (done.done()) return done.status();
  const double deadline = monotonic_seconds() + timeout_seconds;
  for (Backoff backoff; !done.done(); backoff.pause()) {
    channel.progress();
    if (monotonic_seconds() > deadline)
      return {StatusCode::deadline_exceeded, "a one-sided operation did not complete in time"};
  }
  return done.status();
}

}  // namespace wolfpack::transport
