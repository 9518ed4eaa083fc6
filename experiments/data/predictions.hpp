// A alpha + b: what a model says of every row of a data set, in memory that does not grow with the data set.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "experiments/data/coefficients_file.hpp"
#include "experiments/data/dataset.hpp"

namespace wolfpack::data {

struct BlockOptions {
  Index most = 1;  ///< columns in a block; one fits always
  Index gap = 0;   ///< a block ends where so many columns come that are not wanted
};
/// Ranges of columns that hold all of `columns`, increasing.
[[nodiscard]] std::vector<ColumnRange> column_blocks(std::span<const Index> columns, const BlockOptions& options);

/// One value a row. `file` is the data set's. The coefficients' columns must be columns of the data set. Throws what
/// Dataset::load() throws.
[[nodiscard]] std::vector<double> predictions(const Dataset& dataset, const std::string& file,
                                              std::span<const Coefficient> coefficients, double intercept);

/// How good predictions are.
struct Fit {
  double mean_squared_error = 0.0;
  double r_squared =
      0.0;  ///< 1 - squared errors / squared deviations of the target from its mean; NaN where it is constant
};
[[nodiscard]] Fit fit_of(std::span<const double> predicted, std::span<const double> target);

}  // namespace wolfpack::data
