// --warm-start: the columns over which the first iterate is optimal, from an earlier run's coefficients.
#pragma once

#include <string>
#include <vector>

#include "base/types.hpp"

namespace wolfpack::experiments {

/// The columns with a coefficient that is not zero, increasing. `path`: a coefficients.csv, or the folder of a run of
/// lasso. Throws InputError, also for a column that is not among the `columns` of the data, which are of `data_file`.
[[nodiscard]] std::vector<Index> read_warm_start(const std::string& path, const std::string& data_file, Index columns);

}  // namespace wolfpack::experiments
