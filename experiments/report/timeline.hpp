// The timeline: one lane a worker, and what the time went into.
//
// Long iterations are drawn segment by segment. Where they are shorter than a few pixels, a lane is cut into buckets of
// two pixels and each shows the shares of its time, so that the page stays small whatever the number of iterations.
// Pure functions, safe from any thread.
#pragma once

#include <array>
#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "experiments/report/plot.hpp"
#include "experiments/report/run.hpp"

namespace wolfpack::report {

/// The parts of an iteration, in their order; `other` is what the trace leaves unexplained.
enum class Phase : std::size_t { wait, get, select, straggle, update, other };
inline constexpr std::size_t kPhaseCount = 6;
inline constexpr std::array<const char*, kPhaseCount> kPhaseNames{"wait",     "get",    "select",
                                                                  "straggle", "update", "other"};
using PhaseSeconds = std::array<double, kPhaseCount>;

/// Sums to end - start: what is recorded beyond the end is cut, what is missing is `other`.
[[nodiscard]] PhaseSeconds phase_seconds(const TraceRow& row);
[[nodiscard]] PhaseSeconds phase_seconds(std::span<const TraceRow> rows);

/// The seconds of each phase in each of `buckets` equal parts of `time`. Rows within `time` keep their total.
[[nodiscard]] std::vector<PhaseSeconds> bucket_phases(std::span<const TraceRow> rows, Range time, std::size_t buckets);

/// The section's HTML: legend, lanes, and a table of shares.
[[nodiscard]] std::string timeline_section(const Run& run);

}  // namespace wolfpack::report
