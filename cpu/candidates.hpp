// The columns that a quick round looks at.
#pragma once

#include <algorithm>
#include <cstddef>
#include <functional>
#include <span>
#include <vector>

#include "base/types.hpp"

namespace wolfpack::cpu {

/// How many candidates a partition of `columns` has when `count` atoms are asked for.
[[nodiscard]] inline std::size_t candidates_wanted(std::size_t columns, std::size_t count) {
  return std::max({std::size_t{256}, columns / 25, 4 * count});
}

/// The columns with the `wanted` largest standings (no NaN among them), of equal ones those that come first, in
/// increasing order; columns of negative standing are none. Costs a few reads of the standings.
[[nodiscard]] inline std::vector<Index> candidates(std::span<const double> standings, std::size_t wanted) {
  std::vector<Index> chosen;
  if (wanted == 0 || standings.empty()) return chosen;
  wanted = std::min(wanted, standings.size());
  std::vector<double> ordered(standings.begin(), standings.end());
  const auto last = ordered.begin() + static_cast<std::ptrdiff_t>(wanted - 1);
  std::nth_element(ordered.begin(), last, ordered.end(), std::greater<>());
  const double least = *last;
  const auto above = std::count_if(standings.begin(), standings.end(), [&](double s) { return s > least; });
  std::size_t ties = wanted - static_cast<std::size_t>(above);
  chosen.reserve(wanted);
  for (std::size_t j = 0; j < standings.size(); ++j) {
    if (standings[j] < least || standings[j] < 0.0) continue;
    if (standings[j] == least) {
      if (ties == 0) continue;
      --ties;
    }
    chosen.push_back(static_cast<Index>(j));
  }
  return chosen;
}

}  // namespace wolfpack::cpu
