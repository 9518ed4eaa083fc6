// The LASSO solved by means that share nothing with the program's: coordinate descent on 1/2 ||y - A x||^2 + lambda
// ||x||_1 in long double, lambda halved down to where ||x||_1 meets beta. Slow and plain; how good the answer is, it
// says itself.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <vector>

#include "tests/support/lasso_instances.hpp"

namespace wolfpack::testing {

struct SlowSolution {
  double objective = 0.0;  ///< of a feasible point
  double gap = 0.0;        ///< the optimum is at most this much lower
};

class SlowLasso {
 public:
  explicit SlowLasso(const LassoInstance& instance)
      : beta_(instance.beta), y_(instance.target.begin(), instance.target.end()) {
    columns_.assign(instance.columns(), std::vector<long double>(y_.size()));
    for (std::size_t i = 0; i < y_.size(); ++i)
      for (std::size_t j = 0; j < columns_.size(); ++j) columns_[j][i] = instance.rows[i][j];
    for (const auto& column : columns_) squares_.push_back(dot(column, column));
  }

  [[nodiscard]] SlowSolution solve() const {
    Point best{std::vector<long double>(columns_.size(), 0.0L), y_};
    long double too_small = 0.0L, lambda = largest_score(y_), allowed = lambda;
    for (int k = 0; k < kHalvings && allowed > 0; ++k) {
      lambda = (too_small + allowed) / 2;
      Point point = best;
      descend(point, lambda);
      if (l1_norm(point.x) <= beta_) {
        best = std::move(point);
        allowed = lambda;
      } else {
        too_small = lambda;
      }
    }
    const long double gap = beta_ * largest_score(best.residual) - inner(best);
    return {static_cast<double>(dot(best.residual, best.residual) / 2), static_cast<double>(std::max(gap, 0.0L))};
  }

  /// The same with + lambda ||x||_1 instead of the bound; the objective includes it.
  [[nodiscard]] SlowSolution solve_penalised(double lambda) const {
    Point point{std::vector<long double>(columns_.size(), 0.0L), y_};
    descend(point, lambda);
    const long double square = dot(point.residual, point.residual), along = dot(y_, point.residual);
    const long double largest = largest_score(point.residual);
    long double scale = square > 0 ? along / square : 0;
    if (largest > 0) scale = std::min(scale, lambda / largest);
    const long double objective = square / 2 + lambda * l1_norm(point.x);
    const long double dual = scale * along - scale * scale * square / 2;
    return {static_cast<double>(objective), static_cast<double>(std::max(objective - dual, 0.0L))};
  }

  /// max_j |a_j'y|, the smallest lambda whose solution is 0.
  [[nodiscard]] double largest_lambda() const { return static_cast<double>(largest_score(y_)); }

  /// 1/2 ||y - A x||^2 of any point.
  [[nodiscard]] double objective(const std::vector<double>& x) const {
    std::vector<long double> residual = y_;
    for (std::size_t j = 0; j < x.size(); ++j)
      for (std::size_t i = 0; i < y_.size(); ++i) residual[i] -= columns_[j][i] * x[j];
    return static_cast<double>(dot(residual, residual) / 2);
  }

 private:
  using Vector = std::vector<long double>;
  static constexpr int kHalvings = 50;
  static constexpr int kMostSweeps = 3000;

  struct Point {
    Vector x;
    Vector residual;
  };

  static long double dot(const Vector& a, const Vector& b) {
    long double sum = 0;
    for (std::size_t i = 0; i < a.size(); ++i) sum += a[i] * b[i];
    return sum;
  }
  static long double l1_norm(const Vector& x) {
    long double sum = 0;
    for (const long double value : x) sum += std::abs(value);
    return sum;
  }
  [[nodiscard]] long double largest_score(const Vector& residual) const {
    long double largest = 0;
    for (const auto& column : columns_) largest = std::max(largest, std::abs(dot(column, residual)));
    return largest;
  }
  [[nodiscard]] long double inner(const Point& point) const {
    long double sum = 0;
    for (std::size_t i = 0; i < y_.size(); ++i) sum += point.residual[i] * (y_[i] - point.residual[i]);
    return sum;
  }

  void descend(Point& point, long double lambda) const {
    const long double enough = 1e-13L * std::sqrt(dot(y_, y_));
    for (int sweep = 0; sweep < kMostSweeps; ++sweep) {
      long double largest_move = 0;
      for (std::size_t j = 0; j < columns_.size(); ++j) {
        if (squares_[j] == 0) continue;
        const long double score = dot(columns_[j], point.residual) + squares_[j] * point.x[j];
        const long double shrunk = std::max(std::abs(score) - lambda, 0.0L) / squares_[j];
        const long double step = std::copysign(shrunk, score) - point.x[j];
        if (step == 0) continue;
        point.x[j] += step;
        for (std::size_t i = 0; i < y_.size(); ++i) point.residual[i] -= step * columns_[j][i];
        largest_move = std::max(largest_move, std::abs(step) * std::sqrt(squares_[j]));
      }
      if (largest_move <= enough) return;
    }
  }

  long double beta_;
  Vector y_;
  std::vector<Vector> columns_;
  Vector squares_;
};

}  // namespace wolfpack::testing
