// A solved problem as the files tell it: on the scale that was solved and on that of the data.
//
// With --standardize or --intercept the columns that are solved over are not those of the file; its coefficients are
// for those of the file. Plain values.
#pragma once

#include <cmath>
#include <numeric>
#include <optional>
#include <vector>

#include "frank_wolfe/model_policy.hpp"

namespace wolfpack::experiments {

struct LassoPoint {
  frank_wolfe::PathPoint solved;
  std::vector<double> coefficients;  ///< of solved.columns, as they are in the data
  std::optional<double> intercept;   ///< none: not asked for
};

[[nodiscard]] inline double l1_norm(const std::vector<double>& weights) {
  return std::accumulate(weights.begin(), weights.end(), 0.0, [](double sum, double x) { return sum + std::abs(x); });
}

}  // namespace wolfpack::experiments
