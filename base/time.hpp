// One clock for everything that is timed: CLOCK_MONOTONIC, which all processes of a host share.
#pragma once

#include <chrono>

namespace wolfpack {

/// Seconds on the host's monotonic clock.
[[nodiscard]] inline double monotonic_seconds() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

}  // namespace wolfpack
