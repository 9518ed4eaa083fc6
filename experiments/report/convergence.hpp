// The convergence plot: certified relative gap, and objective above its final value, against time.
//
// Pure functions, safe from any thread.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "experiments/report/run.hpp"

namespace wolfpack::report {

/// What was known of the newest model that any worker had read by `seconds`; both relative to f(0).
struct ConvergencePoint {
  double seconds = 0.0;
  std::optional<double> gap{};     ///< none while no certificate exists
  std::optional<double> excess{};  ///< objective minus the run's final objective; none along a path
};

/// Increasing in time; iterations on models older than one already seen are left out, and the run's final certificate
/// is the last point.
[[nodiscard]] std::vector<ConvergencePoint> convergence_points(const Run& run);

/// The section's HTML.
[[nodiscard]] std::string convergence_section(const Run& run);

}  // namespace wolfpack::report
