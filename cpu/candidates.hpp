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

/// At most `wanted` columns with the largest standings (no NaN among them, some infinite), increasing; columns of
/// negative standing are none. Which of those are left out that are within a thousandth of the largest finite standing
/// of the last ones chosen, their order decides. Two reads of the standings.
[[nodiscard]] inline std::vector<Index> candidates(std::span<const double> standings, std::size_t wanted) {
  constexpr std::size_t kSteps = 1024;
  double largest = 0.0;
  for (const double standing : standings)
    if (std::isfinite(standing)) largest = std::max(largest, standing);
  const double scale = largest > 0.0 ? static_cast<double>(kSteps - 1) / largest : 0.0;
  const auto step_of = [&](double standing) {
    return standing > largest ? kSteps : static_cast<std::size_t>(standing * scale);
  };
  std::array<std::size_t, kSteps + 1> counts{};
  for (const double standing : standings)
    if (standing >= 0.0) ++counts[step_of(standing)];
  std::size_t step = kSteps;  // the lowest of which columns are chosen
  std::size_t above = 0;      // columns of higher steps
  while (step > 0 && above + counts[step] < wanted) above += counts[step--];

  std::size_t left = wanted > above ? wanted - above : 0;  // to be chosen of that step
  std::vector<Index> chosen;
  chosen.reserve(std::min(wanted, standings.size()));
  for (std::size_t j = 0; j < standings.size(); ++j) {
    if (!(standings[j] >= 0.0)) continue;
    const std::size_t at = step_of(standings[j]);
    if (at < step || (at == step && left == 0)) continue;
    if (at == step) --left;
    chosen.push_back(static_cast<Index>(j));
  }
  return chosen;
}

}  // namespace wolfpack::cpu
