// ||alpha||_1 <= beta. Its atoms are +-beta a_j.
#pragma once

#include <span>

#include "frank_wolfe/regularizer.hpp"

namespace wolfpack::frank_wolfe {

class L1Ball final : public Regularizer {
 public:
  /// radius: beta, finite and >= 0. Throws InputError otherwise.
  explicit L1Ball(double radius);

  [[nodiscard]] double radius() const { return radius_; }

  [[nodiscard]] double value(std::span<const double>) const override { return 0.0; }

  /// beta max_j |a_j'w| - <w, z>, the Frank-Wolfe duality gap (Jaggi 2013, eq. 2). Negative only by rounding, where
  /// alpha is feasible.
  [[nodiscard]] double excess(const DualPoint& point, double largest_score) const override {
    return radius_ * largest_score - point.inner;
  }

  void pull_inside(std::span<double> weights) const override;

 private:
  double radius_;
};

}  // namespace wolfpack::frank_wolfe
