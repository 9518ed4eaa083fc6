#include "frank_wolfe/least_squares.hpp"

#include <cassert>
#include <cmath>
#include <utility>

#include "base/status.hpp"
#include "frank_wolfe/eigen_map.hpp"

namespace wolfpack::frank_wolfe {

LeastSquares::LeastSquares(std::vector<double> target) : target_(std::move(target)) {
  for (const double value : target_) {
    if (!std::isfinite(value)) throw InputError("target: not a finite number; every value of y must be finite");
  }
}

double LeastSquares::value(std::span<const double> z) const {
  assert(z.size() == target_.size());
  return 0.5 * (map(target()) - map(z)).squaredNorm();
}

void LeastSquares::dual(std::span<const double> z, std::span<double> w) const {
  assert(z.size() == target_.size() && w.size() == target_.size());
  map(w) = map(target()) - map(z);
}

}  // namespace wolfpack::frank_wolfe
