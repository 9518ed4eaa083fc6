// f(z) = 1/2 ||y - z||^2. Its dual vector is the residual y - z.
#pragma once

#include <span>
#include <vector>

#include "frank_wolfe/objective.hpp"

namespace wolfpack::frank_wolfe {

/// Throws InputError where a value of y is not finite, or y is not 0 and float64 does not hold the sum of its squares
/// (base/scale.hpp).
void check_target(std::span<const double> target);

class LeastSquares final : public Objective {
 public:
  /// target: y, d values. Throws as check_target() does.
  explicit LeastSquares(std::vector<double> target);

  [[nodiscard]] Index rows() const override { return static_cast<Index>(target_.size()); }
  [[nodiscard]] double value(std::span<const double> z) const override;
  void dual(std::span<const double> z, std::span<double> w) const override;

  [[nodiscard]] std::span<const double> target() const { return target_; }

 private:
  std::vector<double> target_;
};

}  // namespace wolfpack::frank_wolfe
