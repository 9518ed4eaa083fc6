// What a column's score at one dual vector u says of its score at another, w: the inequality of base/atom_selector.hpp,
// made safe against rounding. Pure functions.
//
//     const BoundTerms terms = bound_terms({.dual = u, .norm = nu}, {.dual = w, .norm = nw}, scratch);
//     if (score_bound(terms, score_at_u, norm, norm) <= level) continue;  // its score at w, evaluated, is no larger
//
// Rounding. A computed score is off by at most (d / 2) eps M ||w||, where M is the column's *magnitude*: its norm, or,
// for a column that is centred while it is read, the larger number that cancels in it. So what is known of the score at
// u is off by that much, and so is the score that an evaluation at w would give: `slack` covers both, and that the
// computed r is only nearly orthogonal to u. `doubt` does the same for the square below the root.
#pragma once

#include <algorithm>
#include <cmath>
#include <limits>
#include <span>
#include <vector>

namespace wolfpack::cpu {

/// A dual vector and its norm, relatively right to a few d eps.
struct DualVector {
  std::span<const double> dual;
  double norm = 0.0;
};

/// ||dual||, whatever its scale; the same bits at any alignment.
[[nodiscard]] double dual_norm(std::span<const double> dual);

/// What the bound of every column last evaluated at u has in common.
struct BoundTerms {
  double scale = 0.0;         ///< |c|
  double residual = 0.0;      ///< ||w - c u||
  double inverse_norm = 0.0;  ///< 1 / ||u||, or 0 where nothing follows from the score
  double slack = 0.0;         ///< times the magnitude: rounding
  double doubt = 0.0;         ///< relative rounding of (a_j'u)^2 / ||u||^2
  double underflow = 0.0;     ///< what products too small for float64 may have lost
};

/// The terms of u and w. `scratch` is overwritten (d values). Costs three reads of both vectors.
[[nodiscard]] BoundTerms bound_terms(const DualVector& u, const DualVector& w, std::vector<double>& scratch);

/// The terms of a column of which only the norm is known: |a_j'w| <= ||a_j|| ||w||.
[[nodiscard]] BoundTerms norm_terms(const DualVector& w);

/// How far a score at w, as computed, may be from the true one, divided by the column's magnitude.
[[nodiscard]] double score_rounding(const DualVector& w);

/// At least |a_j'w|, and at least what an evaluation would make of it. `norm` >= ||a_j||, `magnitude` >= norm. Not a
/// number, or infinite, where the score or the norm is.
[[nodiscard]] inline double score_bound(const BoundTerms& terms, double score, double norm, double magnitude) {
  constexpr double kSmallest = 1e-290;  // smaller norms are worth no division
  const double known = std::abs(score);
  const double inverse = 1.0 / std::max(norm, kSmallest);
  const double cosine = std::max(0.0, known - terms.underflow) * terms.inverse_norm * inverse;
  const double doubt = terms.doubt * magnitude * inverse;
  const double square = std::max(0.0, 1.0 + doubt * (1.0 + doubt) - cosine * cosine);
  return terms.scale * known + norm * terms.residual * std::sqrt(std::min(1.0, square)) + magnitude * terms.slack +
         terms.underflow;
}

}  // namespace wolfpack::cpu
