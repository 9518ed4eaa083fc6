// --warm-start: the columns over which the first iterate is optimal, from an earlier run's coefficients.
#pragma once

#include <string>
#include <vector>

#include "base/types.hpp"

namespace wolfpack::experiments {

/// The columns with a coefficient that is not zero, increasing. `path`: a coefficients.csv, or the folder of a run that
/// has one. Throws InputError, also for a column that is not among the `columns` of the data.
[[nodiscard]] std::vector<Index> read_warm_start(const std::string& path, Index columns);

}  // namespace wolfpack::experiments
