// The plot of latency over message size: a line an operation, both axes logarithmic, between the first pair.
//
// Pure functions, safe from any thread.
#pragma once

#include <string>

#include "experiments/report/latency_run.hpp"

namespace wolfpack::report {

/// The section's HTML; empty where nothing was measured.
[[nodiscard]] std::string latency_over_size_section(const LatencyRun& run);

}  // namespace wolfpack::report
