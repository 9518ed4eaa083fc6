// What a column's score at one dual vector u says of its score at another, w: the inequality of base/atom_selector.hpp,
// made safe against rounding. Pure functions.
//
//     const double open = open_norm(score_terms(u), score_at_u, norm, norm);          // once, when it was evaluated
//     const BoundTerms terms = bound_terms(u, w, scratch);                            // once for all columns
//     if (score_bound(terms, score_at_u, open, norm) <= level) continue;  // its score at w, evaluated, is no larger
//
// Rounding. A computed score is off by at most (d / 2) eps M ||w||, where M is the column's *magnitude*: its norm, or,
// for a column that is centred while it is read, the larger number that cancels in it. So what is known of the score at
// u is off by that much, and so is the score that an evaluation at w would give: `slack` covers both, and that the
// computed r is only nearly orthogonal to u. `doubt` does the same for the square below the root.
#pragma once

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>
#include <span>
#include <vector>

#include "base/atom_selector.hpp"
#include "base/scale.hpp"

namespace wolfpack::cpu {

/// The column, where its norm or magnitude (below) is too large or too small to be worked with.
[[nodiscard]] inline std::optional<ColumnNorm> out_of_scale(Index column, double norm, double magnitude) {
  if (norm == 0.0) return std::nullopt;
  if (!(magnitude <= kLargestSize)) return ColumnNorm{column, magnitude};
  return has_a_square(norm) ? std::nullopt : std::optional(ColumnNorm{column, norm});
}

/// A dual vector and its norm, relatively right to a few d eps.
struct DualVector {
  std::span<const double> dual;
  double norm = 0.0;
};

/// ||dual||, whatever its scale; the same bits at any alignment.
[[nodiscard]] double dual_norm(std::span<const double> dual);

/// What all scores at u have in common.
struct ScoreTerms {
  double inverse_norm = 0.0;  ///< 1 / ||u||, or 0 where nothing follows from the score
  double doubt = 0.0;         ///< relative rounding of (a_j'u)^2 / ||u||^2
  double underflow = 0.0;     ///< what products too small for float64 may have lost
};
[[nodiscard]] ScoreTerms score_terms(const DualVector& u);

/// What the score at u leaves open: at least sqrt(||a_j||^2 - (a_j'u)^2 / ||u||^2), the norm of the column's part that
/// is orthogonal to u. `norm` >= ||a_j||, `magnitude` >= norm.
[[nodiscard]] constexpr double open_norm(const ScoreTerms& terms, double score, double norm, double magnitude) {
  constexpr double kSmallest = 1e-290;  // smaller norms are worth no division
  const double inverse = 1.0 / std::max(norm, kSmallest);
  const double cosine = std::max(0.0, std::abs(score) - terms.underflow) * terms.inverse_norm * inverse;
  const double doubt = terms.doubt * magnitude * inverse;
  const double square = std::max(0.0, 1.0 + doubt * (1.0 + doubt) - cosine * cosine);
  return norm * std::sqrt(std::min(1.0, square));
}

/// What the bounds at w of all columns last evaluated at u have in common.
struct BoundTerms {
  double scale = 0.0;      ///< |c|
  double residual = 0.0;   ///< ||w - c u||
  double slack = 0.0;      ///< times the magnitude: rounding
  double underflow = 0.0;  ///< what products too small for float64 may have lost
};

/// The terms of u and w. `scratch` is overwritten (d values). Costs three reads of both vectors. Bounds are infinite
/// where float64 does not hold the square of ||w||.
[[nodiscard]] BoundTerms bound_terms(const DualVector& u, const DualVector& w, std::vector<double>& scratch);

/// The terms of columns of which no score is known: |a_j'w| <= ||a_j|| ||w||, where the norm is all open.
[[nodiscard]] BoundTerms norm_terms(const DualVector& w);

/// How far a score at w, as computed, may be from the true one, divided by the column's magnitude.
[[nodiscard]] double score_rounding(const DualVector& w);

/// At least |a_j'w|, and at least what an evaluation would make of it. `open`: open_norm() of the score. Not a number,
/// or infinite, where the score or the norm is.
[[nodiscard]] constexpr double score_bound(const BoundTerms& terms, double score, double open, double magnitude) {
  return terms.scale * std::abs(score) + terms.residual * open + terms.slack * magnitude + terms.underflow;
}

}  // namespace wolfpack::cpu
