#include "frank_wolfe/l1_ball.hpp"

#include <cmath>

#include "base/status.hpp"

namespace wolfpack::frank_wolfe {

L1Ball::L1Ball(double radius) : radius_(radius) {
  if (!std::isfinite(radius) || radius < 0.0) throw InputError("beta: must be a finite number that is not negative");
}

void L1Ball::pull_inside(std::span<double> weights) const {
  long double norm = 0.0L;
  for (const double weight : weights) norm += std::fabs(static_cast<long double>(weight));
  // A sum of m doubles, in whatever order, is at most (1 + 2^-53)^(m - 1) times the exact one; scaling rounds once more
  // a weight.
  const long double margin = static_cast<long double>(weights.size() + 2) * 0x1p-53L;
  if (norm * (1.0L + margin) <= static_cast<long double>(radius_)) return;
  const auto scale = static_cast<double>(static_cast<long double>(radius_) / (norm * (1.0L + 2.0L * margin)));
  for (double& weight : weights) weight *= scale;
}

}  // namespace wolfpack::frank_wolfe
