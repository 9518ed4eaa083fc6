// The coefficients along a path of problems: one line a column, over -log10 lambda, or over the l1 norm for a path of
// bounds.
//
// Pure functions, safe from any thread.
#pragma once

#include <string>
#include <vector>

#include "experiments/report/plot.hpp"
#include "experiments/report/run.hpp"

namespace wolfpack::report {

/// A column's coefficient over the path, in the order of x.
struct CoefficientLine {
  Index column = 0;
  double largest = 0.0;  ///< |value| anywhere on the path
  std::vector<Point> points;
};

/// The lines of the columns that are not zero everywhere, largest first, of those of equal size the smaller column.
[[nodiscard]] std::vector<CoefficientLine> coefficient_lines(const Run& run);

/// The section's HTML; empty where the run is of one problem.
[[nodiscard]] std::string path_section(const Run& run);

}  // namespace wolfpack::report
