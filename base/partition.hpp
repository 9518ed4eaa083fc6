// Which columns of the design matrix a worker owns, for the whole run.
//
//     const ColumnRange mine = partition(columns, worker, workers);
//
// Pure functions, safe from any thread.
#pragma once

#include <algorithm>
#include <cassert>
#include <cstddef>

#include "base/types.hpp"

namespace wolfpack {

/// Columns first .. first + count - 1 of a matrix.
struct ColumnRange {
  Index first = 0;
  Index count = 0;

  [[nodiscard]] bool contains(Index j) const { return j >= first && j < first + count; }
};

/// The columns of one worker of several: contiguous, sizes differing by at most one, the first ones larger. Empty for
/// the last workers where there are more workers than columns.
[[nodiscard]] inline ColumnRange partition(Index columns, WorkerId worker, std::size_t workers) {
  assert(columns >= 0 && worker.value < workers);
  const Index each = columns / static_cast<Index>(workers);
  const Index larger = columns % static_cast<Index>(workers);
  const Index i = worker.value;
  return {i * each + std::min(i, larger), each + (i < larger ? 1 : 0)};
}

}  // namespace wolfpack
