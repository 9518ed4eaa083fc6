#include "experiments/warm_start.hpp"

#include <optional>

#include <fmt/format.h>

#include "experiments/data/input_file.hpp"
#include "experiments/saved_model.hpp"

namespace wolfpack::experiments {

std::vector<Index> read_warm_start(const std::string& path, const std::string& data_file, Index columns) {
  const SavedModel model = read_model(path, std::nullopt);
  check_same_columns(model, data_file, columns);
  std::vector<Index> start;
  for (const data::Coefficient& coefficient : model.coefficients) {
    if (coefficient.column >= columns)
      data::refuse(
          model.file, coefficient.line,
          fmt::format("index {}; expected one of the data's columns, 0 to {}", coefficient.column, columns - 1));
    if (coefficient.value != 0.0) start.push_back(coefficient.column);
  }
  return start;
}

}  // namespace wolfpack::experiments
