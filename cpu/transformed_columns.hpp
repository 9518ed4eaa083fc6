// The columns of a partition as the solver sees them: those of cpu/column_products.hpp, centred and scaled where a
// transform asks for it. For atom_selector.cpp. Safe from any thread while the memory stays.
#pragma once

#include <cmath>
#include <cstdint>
#include <limits>
#include <utility>
#include <vector>

#include "cpu/column_products.hpp"
#include "cpu/column_transform.hpp"

namespace wolfpack::cpu {

/// w and the sum of its values, which centring needs.
struct SummedDual {
  const double* values = nullptr;
  double sum = 0.0;
};

/// A score with the norm and the magnitude (cpu/score_bounds.hpp) of its column, both rounded up.
struct MeasuredColumn {
  double score = 0.0;
  double norm = 0.0;
  double magnitude = 0.0;
};

template <class Columns>
class TransformedColumns {
 public:
  TransformedColumns(Columns stored, ColumnTransform transform)
      : stored_(std::move(stored)), transform_(std::move(transform)) {}

  [[nodiscard]] const Columns& stored() const { return stored_; }
  [[nodiscard]] bool centres() const { return !transform_.means.empty(); }

  [[nodiscard]] double score(Index j, const SummedDual& dual, Index next) const {
    return transformed(j, stored_.dot(j, dual.values, next), dual);
  }

  /// What a number in the units of stored column j is in those of the transformed one.
  [[nodiscard]] double scaled(Index j, double number) const { return cpu::scaled(transform_, j, number); }

  /// The score, from the product of the stored column with w.
  [[nodiscard]] double transformed(Index j, double dot, const SummedDual& dual) const {
    return scaled(j, centres() ? dot - transform_.means[j] * dual.sum : dot);
  }

  [[nodiscard]] MeasuredColumn measure(Index j, const SummedDual& dual, Index next) const {
    if (centres()) {
      const double mean = transform_.means[j];
      const double norm = scaled(j, stored_.norm_around(j, mean));
      const double mean_norm = scaled(j, std::abs(mean) * std::sqrt(static_cast<double>(stored_.rows())));
      return {norm == 0.0 ? 0.0 : score(j, dual, next), rounded_up(norm),
              norm == 0.0 ? 0.0 : rounded_up(norm + 2.0 * mean_norm)};
    }
    const DotAndNorm sums = stored_.dot_and_norm(j, dual.values, next);
    const bool has_a_square = sums.squared_norm >= kSmallestSquare && sums.squared_norm <= kLargestSquare;
    const double norm = rounded_up(scaled(j, has_a_square ? std::sqrt(sums.squared_norm) : stored_.norm(j)));
    return {transformed(j, sums.dot, dual), norm, norm};
  }

  [[nodiscard]] Column column(Index j) const {
    return transformed_column(transform_, j, stored_.rows(), stored_.column(j));
  }

 private:
  // Squares in this range are normal numbers, and so are all that matter in their sum.
  static constexpr double kSmallestSquare = 1e-280;
  static constexpr double kLargestSquare = 1e300;

  // A sum of d squares is off by at most a factor 1 + d 2^-53, its root by half of that; twice as much covers
  // stable_norm. What squares too small for float64 lost is less than its smallest normal number.
  [[nodiscard]] double rounded_up(double norm) const {
    const double rounding = static_cast<double>(stored_.rows() + 4) * std::numeric_limits<double>::epsilon();
    return norm == 0.0 ? 0.0 : norm * (1.0 + rounding) + std::numeric_limits<double>::min();
  }

  Columns stored_;
  ColumnTransform transform_;
};

}  // namespace wolfpack::cpu
