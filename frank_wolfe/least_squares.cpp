#include "frank_wolfe/least_squares.hpp"

#include <cassert>
#include <cmath>
#include <utility>

#include <fmt/format.h>

#include "base/scale.hpp"
#include "base/status.hpp"
#include "frank_wolfe/eigen_map.hpp"

namespace wolfpack::frank_wolfe {

void check_target(std::span<const double> target) {
  for (const double value : target) {
    if (!std::isfinite(value)) throw InputError("target: not a finite number; every value of y must be finite");
  }
  const double norm = target.empty() ? 0.0 : map(target).stableNorm();
  if (norm != 0.0 && !has_a_square(norm))
    throw InputError(
        fmt::format("target: the sum of its squares is no float64 number: the root is {:.3g}; accepted: {}; scale it",
                    norm, kAcceptedSizes));
}

LeastSquares::LeastSquares(std::vector<double> target) : target_(std::move(target)) { check_target(target_); }

double LeastSquares::value(std::span<const double> z) const {
  assert(z.size() == target_.size());
  return 0.5 * (map(target()) - map(z)).squaredNorm();
}

void LeastSquares::dual(std::span<const double> z, std::span<double> w) const {
  assert(z.size() == target_.size() && w.size() == target_.size());
  map(w) = map(target()) - map(z);
}

}  // namespace wolfpack::frank_wolfe
