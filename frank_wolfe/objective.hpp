// What is minimised: a smooth convex f of z = A alpha. Frank-Wolfe needs its value and its dual vector w = -grad f(z),
// nothing else.
//
//     LeastSquares f(y);  f.dual(z, w);  double now = f.value(z);
//
// Objectives are immutable: any thread may call them.
#pragma once

#include <span>

#include "base/types.hpp"

namespace wolfpack::frank_wolfe {

class Objective {
 public:
  virtual ~Objective() = default;

  /// d, the length of z and w.
  [[nodiscard]] virtual Index rows() const = 0;

  /// f(z). z has d values.
  [[nodiscard]] virtual double value(std::span<const double> z) const = 0;

  /// w = -grad f(z). z and w have d values and may be the same memory.
  virtual void dual(std::span<const double> z, std::span<double> w) const = 0;
};

}  // namespace wolfpack::frank_wolfe
