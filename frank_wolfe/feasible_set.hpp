// Where alpha may lie: a convex set spanned by signed, scaled columns (the atoms). Frank-Wolfe needs its support
// function.
//
//     double gap = duality_gap(ball, largest_score, inner);   // an upper bound of f - f*
//
// Sets are immutable: any thread may call them.
#pragma once

#include <span>

namespace wolfpack::frank_wolfe {

class FeasibleSet {
 public:
  virtual ~FeasibleSet() = default;

  /// max <w, A alpha> over the set, where `largest_score` is the largest score that the set's atoms reach (on the l1
  /// ball max_j |a_j'w|). Positively homogeneous and increasing, so that an upper bound of the score gives an upper
  /// bound of the support.
  [[nodiscard]] virtual double support(double largest_score) const = 0;

  /// Pulls weights that rounding left outside back inside, so that they are feasible also when a reader adds them up in
  /// doubles in any order. Weights inside are left alone.
  virtual void pull_inside(std::span<double> weights) const = 0;
};

/// The Frank-Wolfe duality gap (Jaggi 2013, eq. 2); inner = <w, A alpha>. Negative only by rounding.
[[nodiscard]] inline double duality_gap(const FeasibleSet& set, double largest_score, double inner) {
  return set.support(largest_score) - inner;
}

}  // namespace wolfpack::frank_wolfe
