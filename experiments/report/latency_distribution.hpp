// How the times of each operation are distributed: small multiples over one logarithmic time axis.
//
// Pure functions, safe from any thread.
#pragma once

#include <string>
#include <vector>

#include "experiments/report/latency_run.hpp"

namespace wolfpack::report {

/// A stretch of the time axis and how densely it is filled: share of the operations a decade of time.
struct Density {
  double from_us = 0.0;  ///< positive
  double to_us = 0.0;
  double per_decade = 0.0;
};

/// Buckets differ in width, so that counts alone would mislead: the area over a decade is the share of what lies in it.
/// A bucket that begins at 0 is taken to begin at the shortest time; one without any width gets a percent.
[[nodiscard]] std::vector<Density> densities(const LatencyResult& result);

/// The section's HTML: at each operation's smallest size, and at 8192 bytes. Empty where there are no histograms.
[[nodiscard]] std::string latency_distribution_section(const LatencyRun& run);

}  // namespace wolfpack::report
