// The table of all results of `wolfpack latency`.
//
// Pure functions, safe from any thread.
#pragma once

#include <string>

#include "experiments/report/latency_run.hpp"

namespace wolfpack::report {

/// The section's HTML. Of several pairs, who measured whom comes first; beyond some thousand results the rest is left
/// to latency.csv, and the caption says so.
[[nodiscard]] std::string latency_table_section(const LatencyRun& run);

}  // namespace wolfpack::report
