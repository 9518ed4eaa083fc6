// A model as an earlier run saved it: coefficients.csv alone, or the run's folder with its intercept and path.
//
//     const SavedModel model = read_model("out", {.point = 12});
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "experiments/data/coefficients_file.hpp"

namespace wolfpack::experiments {

struct SavedModel {
  std::string file;                             ///< that held the coefficients
  std::vector<data::Coefficient> coefficients;  ///< of the data's columns as they are
  double intercept = 0.0;
};

/// `path`: the folder of a run of lasso, or a coefficients.csv, which knows of no intercept. `point`: of the folder's
/// path, from 0; none: the last. Throws InputError.
[[nodiscard]] SavedModel read_model(const std::string& path, std::optional<std::size_t> point);

}  // namespace wolfpack::experiments
