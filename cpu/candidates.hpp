// The columns that a quick round looks at.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <span>
#include <vector>

#include "base/types.hpp"

namespace wolfpack::cpu {

/// How many candidates a partition of `columns` has when `count` atoms are asked for.
[[nodiscard]] inline std::size_t candidates_wanted(std::size_t columns, std::size_t count) {
  return std::max({std::size_t{256}, columns / 25, 4 * count});
}

/// At most `wanted` columns with the largest standings (no NaN among them, some infinite), increasing; columns whose
/// standing is minus infinity are none. Which of those are left out that are within a thousandth of the largest finite
/// standing of the last ones chosen, their order decides. Nothing here branches on single standings before they are
/// chosen: nobody could foresee where it goes.
[[nodiscard]] inline std::vector<Index> candidates(std::span<const double> standings, std::size_t wanted) {
  static constexpr double kSteps = 1024.0;
  constexpr double kSmallest = 1e-300;     // smaller ones are all alike
  constexpr std::size_t kInfinite = 1025;  // step 0 is for columns that are none, 1 and more for finite standings
  double highest = 0.0;
  for (const double standing : standings) highest = std::max(highest, std::isfinite(standing) ? standing : 0.0);
  const double scale = highest > kSmallest ? (kSteps - 1.0) / highest : 1.0;
  const auto step_of = [scale](double standing) {
    return static_cast<std::size_t>(static_cast<int>(std::min(std::max(standing * scale, -1.0), kSteps) + 1.0));
  };
  std::array<std::size_t, kInfinite + 1> counts{};
  for (const double standing : standings) ++counts[step_of(standing)];
  std::size_t step = kInfinite;  // the lowest of which columns are chosen
  std::size_t above = 0;         // columns of higher steps
  while (step > 1 && above + counts[step] < wanted) above += counts[step--];

  std::size_t left = wanted > above ? wanted - above : 0;  // to be chosen of that step
  std::vector<Index> chosen;
  chosen.reserve(std::min(wanted, standings.size()));
  for (std::size_t j = 0; j < standings.size(); ++j) {
    const std::size_t at = step_of(standings[j]);
    if (at < step || (at == step && left == 0)) continue;
    if (at == step) --left;
    chosen.push_back(static_cast<Index>(j));
  }
  return chosen;
}

}  // namespace wolfpack::cpu
