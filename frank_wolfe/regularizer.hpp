// What is added to f and keeps alpha small: r(alpha), a norm's ball (0 inside, infinite outside) or a multiple of a
// norm. Frank-Wolfe needs what it says of the optimum, given the largest score that any atom reaches.
//
//     double lower_bound = loss - ball.excess(point, largest_score);   // of min f + r
//
// Regularizers are immutable: any thread may call them.
#pragma once

#include <span>

namespace wolfpack::frank_wolfe {

/// What is known of a dual vector w = -grad f(z) at z = A alpha.
struct DualPoint {
  double inner = 0.0;         ///< <w, z>
  double squared_norm = 0.0;  ///< ||w||^2
};

class Regularizer {
 public:
  virtual ~Regularizer() = default;

  /// r(alpha), given its non-zeros; 0 for a set, whose points are feasible.
  [[nodiscard]] virtual double value(std::span<const double> weights) const = 0;

  /// f(z) minus a lower bound of min f + r, whatever alpha is; increasing in `largest_score`, so that an upper bound of
  /// the score gives a lower bound of the optimum. Where r(alpha) is added it is the duality gap at alpha.
  [[nodiscard]] virtual double excess(const DualPoint& point, double largest_score) const = 0;

  /// Pulls weights that rounding left outside of a set back inside, so that they are feasible also when a reader adds
  /// them up in doubles in any order. Weights inside are left alone.
  virtual void pull_inside(std::span<double> weights) const = 0;
};

}  // namespace wolfpack::frank_wolfe
