// One clock for everything that is timed: CLOCK_MONOTONIC, which all processes of a host share.
#pragma once

#include <chrono>
#include <thread>

#include "base/execution.hpp"

namespace wolfpack {

/// Seconds on the host's monotonic clock.
[[nodiscard]] inline double monotonic_seconds() {
  if (Execution* simulator = Execution::simulated()) return simulator->now_seconds();
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

inline void sleep_seconds(double seconds) {
  if (Execution* simulator = Execution::simulated()) return simulator->rest(seconds);
  std::this_thread::sleep_for(std::chrono::duration<double>(seconds));
}

}  // namespace wolfpack
