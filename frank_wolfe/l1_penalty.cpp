#include "frank_wolfe/l1_penalty.hpp"

#include <algorithm>
#include <cmath>

#include "base/status.hpp"

namespace wolfpack::frank_wolfe {

L1Penalty::L1Penalty(double lambda) : lambda_(lambda) {
  if (!std::isfinite(lambda) || lambda < 0.0) throw InputError("lambda: must be a finite number that is not negative");
}

double L1Penalty::value(std::span<const double> weights) const {
  double norm = 0.0;
  for (const double weight : weights) norm += std::fabs(weight);
  return lambda_ * norm;
}

double L1Penalty::excess(const DualPoint& point, double largest_score) const {
  const double best = point.squared_norm > 0.0 ? 1.0 + point.inner / point.squared_norm : 0.0;  // <y, w> / ||w||^2
  const double feasible = largest_score > 0.0 ? lambda_ / largest_score : best;
  const double s = std::max(0.0, std::min(best, feasible));
  return 0.5 * (1.0 - s) * (1.0 - s) * point.squared_norm - s * point.inner;
}

}  // namespace wolfpack::frank_wolfe
