#include "cpu/score_bounds.hpp"

#include <cstdint>

#include <Eigen/Core>

#include "cpu/dot_kernels.hpp"

namespace wolfpack::cpu {
namespace {

constexpr double kEpsilon = std::numeric_limits<double>::epsilon();

// (d + 16) eps: twice the error of a sum of d products, and some for what is done with it.
double rounding(std::size_t rows) { return (static_cast<double>(rows) + 16.0) * kEpsilon; }

double underflow(std::size_t rows) { return (static_cast<double>(rows) + 16.0) * std::numeric_limits<double>::min(); }

}  // namespace

double dual_norm(std::span<const double> dual) {
  const auto rows = static_cast<std::int64_t>(dual.size());
  const double norm = std::sqrt(best_kernels().float64.dot(dual.data(), dual.data(), rows, dual.data()));
  if (has_a_square(norm)) return norm;
  return Eigen::Map<const Eigen::VectorXd>(dual.data(), rows).stableNorm();
}

ScoreTerms score_terms(const DualVector& u) {
  const std::size_t rows = u.dual.size();
  return {.inverse_norm = has_a_square(u.norm) ? 1.0 / u.norm : 0.0,
          .doubt = 3.0 * rounding(rows),
          .underflow = underflow(rows)};
}

BoundTerms norm_terms(const DualVector& w) {
  const std::size_t rows = w.dual.size();
  return {.scale = 0.0, .residual = w.norm, .slack = rounding(rows) * w.norm, .underflow = underflow(rows)};
}

BoundTerms bound_terms(const DualVector& u, const DualVector& w, std::vector<double>& scratch) {
  // Nothing was known from such u, so that all of the column's norm is open; and of 0 all is known.
  if (!has_a_square(u.norm) || w.norm == 0.0) return norm_terms(w);
  if (!has_a_square(w.norm)) return {.residual = std::numeric_limits<double>::infinity()};
  const std::size_t rows = w.dual.size();
  const double product =
      best_kernels().float64.dot(u.dual.data(), w.dual.data(), static_cast<std::int64_t>(rows), u.dual.data());
  const double c = product / (u.norm * u.norm);
  // The vector itself: ||w||^2 - c^2 ||u||^2 would cancel where w is close to u.
  scratch.resize(rows);
  for (std::size_t i = 0; i < rows; ++i) scratch[i] = w.dual[i] - c * u.dual[i];
  const double scale = std::abs(c);
  return {.scale = scale,
          .residual = dual_norm(scratch),
          .slack = rounding(rows) * (w.norm + scale * u.norm),
          .underflow = underflow(rows) * (1.0 + scale)};
}

double score_rounding(const DualVector& w) { return rounding(w.dual.size()) * w.norm; }

}  // namespace wolfpack::cpu
