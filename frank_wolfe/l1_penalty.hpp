// lambda ||alpha||_1, added to least squares: the penalised form of LASSO. Its optimum is that of the constrained form
// with beta = ||alpha||_1, and there lambda = max_j |a_j'w|.
#pragma once

#include <span>

#include "frank_wolfe/regularizer.hpp"

namespace wolfpack::frank_wolfe {

class L1Penalty final : public Regularizer {
 public:
  /// lambda: finite and >= 0. Throws InputError otherwise.
  explicit L1Penalty(double lambda);

  [[nodiscard]] double lambda() const { return lambda_; }

  /// lambda ||alpha||_1.
  [[nodiscard]] double value(std::span<const double> weights) const override;

  /// 1/2 ||w||^2 minus the dual objective <y, s w> - 1/2 ||s w||^2 at the best feasible multiple s w of w, that is 0 <=
  /// s <= lambda / max_j |a_j'w| (Kim et al. 2007, eq. 9); y = w + z. With r(alpha) added: (1 - s)^2 ||w||^2 / 2 +
  /// lambda ||alpha||_1 - s <w, z>.
  [[nodiscard]] double excess(const DualPoint& point, double largest_score) const override;

  void pull_inside(std::span<double>) const override {}

 private:
  double lambda_;
};

}  // namespace wolfpack::frank_wolfe
