// The latency page's words: times, what was measured, which times are half a round trip.
//
// Pure functions, safe from any thread. What they return needs no further escaping.
#pragma once

#include <string>
#include <vector>

#include "experiments/report/latency_run.hpp"

namespace wolfpack::report {

/// A time as the page writes it: "0.0512 µs".
[[nodiscard]] std::string microseconds(double value);
/// Without the unit; a dash where there is none.
[[nodiscard]] std::string microseconds_or_dash(std::optional<double> value);

/// "put of 8 B".
[[nodiscard]] std::string measured_in_words(const LatencyResult& result);

/// Which operations' times are half a round trip and which the whole, as sentences.
[[nodiscard]] std::string halves_and_wholes(const std::vector<const LatencyResult*>& results);

}  // namespace wolfpack::report
