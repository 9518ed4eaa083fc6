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
  std::string result_file;       ///< result.json; empty where there is none
  std::optional<Index> columns;  ///< of the data that it was made from, as result.json says
  std::string target;            ///< what --target said then; empty: nothing, or not known
};

/// The columns of the data that a model was made from must be as many as those of `file`, but in svmlight text, which
/// names its columns and leaves out those that are zero in all rows. Throws InputError.
void check_same_columns(const SavedModel& model, const std::string& file, Index columns);

/// `path`: the folder of a run of lasso, or a coefficients.csv, which knows of no intercept. `point`: of the folder's
/// path, from 0; none: the last. Throws InputError.
[[nodiscard]] SavedModel read_model(const std::string& path, std::optional<std::size_t> point);

}  // namespace wolfpack::experiments
