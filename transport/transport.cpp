#include "transport/transport.hpp"

#include <fmt/format.h>

#include "base/backoff.hpp"
#include "base/time.hpp"

namespace wolfpack::transport {

Status past_the_end(const RemoteRegion& region, std::uint64_t offset, std::size_t count) {
  return {StatusCode::out_of_range,
          fmt::format("{} bytes at offset {} do not fit a region of {} bytes", count, offset, region.size_bytes)};
}

Status wait(Channel& channel, Completion& done, const WaitCheck& check) {
  Backoff backoff;
  for (channel.progress(); !done.done(); channel.progress()) {
    if (backoff.is_sleeping())
      if (Status status = check(); !status.ok()) return status;
    backoff.pause();
  }
  return done.status();
}

Status wait(Channel& channel, Completion& done, double timeout_seconds) {
  channel.progress();
  if (done.done()) return done.status();
  const double deadline = monotonic_seconds() + timeout_seconds;
  return wait(channel, done, [deadline, timeout_seconds]() -> Status {
    if (monotonic_seconds() <= deadline) return {};
    return {StatusCode::deadline_exceeded,
            fmt::format("a one-sided operation did not complete within {} s", timeout_seconds)};
  });
}

}  // namespace wolfpack::transport
