// Times an operation that may take a few nanoseconds: how good the clock is is measured, and so many operations are
// timed together that reading it is lost among them.
//
//     const Clockwork clock = measure_clock();
//     const Measurement one = measure(clock, {.duration_seconds = 0.1}, [&](std::uint64_t count) { return ...; });
//
// A function of the thread that operates. Percentiles are then of such batches' means: a batch of one is said as such.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>

#include "base/status.hpp"
#include "latency/histogram.hpp"

namespace wolfpack::latency {

/// What the clock that times are read from can tell.
struct Clockwork {
  double tick_seconds = 0.0;     ///< the smallest step between two readings that differ
  double reading_seconds = 0.0;  ///< what one reading takes
};
/// Takes about a millisecond.
[[nodiscard]] Clockwork measure_clock();

struct MeterSettings {
  std::optional<std::uint64_t> iterations = std::nullopt;  ///< at most; none: as many as the duration allows
  std::optional<std::uint64_t> warmup = std::nullopt;      ///< none: 1,000, a fifth of the duration or 0.1 s
  double duration_seconds = 0.1;                           ///< at most, without the warm-up
};

struct Measurement {
  std::uint64_t batch = 1;    ///< operations between two readings of the clock
  std::uint64_t timings = 0;  ///< pairs of readings
  Histogram times;            ///< of one operation
};

/// `perform(count)` does the operation so often, one after the other; its first failure ends the measurement and is
/// thrown as Status::or_throw() does. `is_over`, asked between batches, ends it early. At least one batch is timed.
[[nodiscard]] Measurement measure(const Clockwork& clock, const MeterSettings& settings,
                                  const std::function<Status(std::uint64_t)>& perform,
                                  const std::function<bool()>& is_over);

}  // namespace wolfpack::latency
