#include "experiments/warm_start.hpp"

#include <filesystem>

#include <fmt/format.h>

#include "experiments/data/coefficients_file.hpp"
#include "experiments/data/input_file.hpp"

namespace wolfpack::experiments {

std::vector<Index> read_warm_start(const std::string& path, Index columns) {
  const std::filesystem::path named(path);
  const std::string file = std::filesystem::is_directory(named) ? (named / "coefficients.csv").string() : path;
  std::vector<Index> start;
  for (const data::Coefficient& coefficient : data::read_coefficients(file)) {
    if (coefficient.column >= columns)
      data::refuse(
          file, coefficient.line,
          fmt::format("index {}; expected one of the data's columns, 0 to {}", coefficient.column, columns - 1));
    if (coefficient.value != 0.0) start.push_back(coefficient.column);
  }
  return start;
}

}  // namespace wolfpack::experiments
