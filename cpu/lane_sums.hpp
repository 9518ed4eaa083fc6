// Sums in float64 whose order of additions does not depend on where the numbers lie, so that equal columns get equal
// sums; wide enough for the compiler to vectorise.
#pragma once

#include "base/types.hpp"

namespace wolfpack::cpu {

/// The sum of f(value) over `count` values, each widened to float64.
template <class Scalar, class Function>
[[nodiscard]] double lane_sum(const Scalar* values, Index count, Function&& f) {
  constexpr Index kLanes = 8;
  double lanes[kLanes] = {};
  Index k = 0;
  for (; k + kLanes <= count; k += kLanes) {
    for (Index lane = 0; lane < kLanes; ++lane) lanes[lane] += f(static_cast<double>(values[k + lane]));
  }
  for (; k < count; ++k) lanes[0] += f(static_cast<double>(values[k]));
  return ((lanes[0] + lanes[1]) + (lanes[2] + lanes[3])) + ((lanes[4] + lanes[5]) + (lanes[6] + lanes[7]));
}

}  // namespace wolfpack::cpu
