// How stale the models were that the workers really read: a histogram over all iterations.
//
// Pure functions, safe from any thread.
#pragma once

#include <string>
#include <vector>

#include "experiments/report/run.hpp"

namespace wolfpack::report {

/// bins[k] counts the iterations with observed staleness in [first + k * width, first + (k + 1) * width).
struct Histogram {
  double first = 0.0;
  double width = 1.0;
  std::vector<Index> bins;
};

/// Bins of one clock, or wider ones where there would be more than `most_bins`. Values are rounded down to whole
/// clocks.
[[nodiscard]] Histogram staleness_histogram(const Run& run, Index most_bins);

/// The section's HTML; empty where no iteration was recorded.
[[nodiscard]] std::string staleness_section(const Run& run);

}  // namespace wolfpack::report
