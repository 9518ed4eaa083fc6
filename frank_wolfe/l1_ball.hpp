// ||alpha||_1 <= beta. Its atoms are +-beta a_j.
#pragma once

#include <span>

#include "frank_wolfe/feasible_set.hpp"

namespace wolfpack::frank_wolfe {

class L1Ball final : public FeasibleSet {
 public:
  /// radius: beta, finite and >= 0. Throws InputError otherwise.
  explicit L1Ball(double radius);

  [[nodiscard]] double radius() const { return radius_; }

  /// beta * max_j |a_j'w|.
  [[nodiscard]] double support(double largest_score) const override { return radius_ * largest_score; }

  void pull_inside(std::span<double> weights) const override;

 private:
  double radius_;
};

}  // namespace wolfpack::frank_wolfe
