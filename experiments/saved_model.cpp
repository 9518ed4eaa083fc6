#include "experiments/saved_model.hpp"

#include <filesystem>
#include <fstream>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/status.hpp"
#include "experiments/data/input_file.hpp"
#include "experiments/run_options.hpp"

namespace wolfpack::experiments {
namespace {

using nlohmann::json;

json read_result(const std::string& file) {
  const data::InputFile is_a_file(file);
  json result;
  try {
    std::ifstream in(file, std::ios::binary);
    result = json::parse(in);
  } catch (const json::exception&) {
    data::refuse(file, "is not valid JSON; expected the result.json of a run");
  }
  if (!result.is_object() || result.value("command", json()) != "lasso")
    data::refuse(file, "is not of a run of lasso; expected the folder of one");
  return result;
}

double intercept_of(const json& solution, const std::string& file) {
  const json intercept = solution.is_object() ? solution.value("intercept", json()) : json();
  if (intercept.is_null()) return 0.0;
  if (!intercept.is_number()) data::refuse(file, "field \"intercept\" is no number; expected a number or null");
  return intercept.get<double>();
}

std::optional<Index> columns_of(const json& result, const std::string& file) {
  const json columns = result.value("columns", json());
  if (columns.is_null()) return std::nullopt;
  if (!columns.is_number_unsigned()) data::refuse(file, "field \"columns\" is no whole number; expected one");
  return columns.get<Index>();
}

std::string target_of(const json& result) {
  const json target = result.value("target", json());
  return target.is_string() ? target.get<std::string>() : "";
}

SavedModel point_of_path(const std::filesystem::path& folder, const std::string& file, const json& result,
                         std::size_t point) {
  const json path = result.value("path", json());
  if (!path.is_array())
    refuse_option("--point", std::to_string(point), fmt::format("with the folder of a path; {} has none", file));
  if (point >= path.size())
    refuse_option("--point", std::to_string(point), fmt::format("a whole number from 0 to {}", path.size() - 1));
  SavedModel model{.file = (folder / "path.csv").string(),
                   .coefficients = {},
                   .intercept = intercept_of(path[point], file),
                   .result_file = file,
                   .columns = columns_of(result, file),
                   .target = target_of(result)};
  auto points = data::read_path(model.file);
  if (points.size() > path.size())
    data::refuse(model.file, fmt::format("has {} points; expected the {} of {}", points.size(), path.size(), file));
  if (point < points.size()) model.coefficients = std::move(points[point]);  // those at the end may be all zero
  return model;
}

}  // namespace

SavedModel read_model(const std::string& path, std::optional<std::size_t> point) {
  const std::filesystem::path folder(path);
  if (!std::filesystem::is_directory(folder)) {
    if (point) refuse_option("--point", std::to_string(*point), "with the folder of a run for --model");
    return {.file = path,
            .coefficients = data::read_coefficients(path),
            .intercept = 0.0,
            .result_file = "",
            .columns = {},
            .target = ""};
  }
  const std::string file = (folder / "result.json").string();
  const json result = read_result(file);
  if (point) return point_of_path(folder, file, result, *point);
  const std::string coefficients = (folder / "coefficients.csv").string();
  return {.file = coefficients,
          .coefficients = data::read_coefficients(coefficients),
          .intercept = intercept_of(result, file),
          .result_file = file,
          .columns = columns_of(result, file),
          .target = target_of(result)};
}

void check_same_columns(const SavedModel& model, const std::string& file, Index columns) {
  const std::string extension = data::format_extension(file);
  if (!model.columns || *model.columns == columns || extension == ".libsvm" || extension == ".svm") return;
  const char* hint =
      extension == ".csv" && columns == *model.columns + 1 ? "; --target names the one that is the target" : "";
  data::refuse(file, fmt::format("has {} columns; expected {}, as many as {} says that the model was made from{}",
                                 columns, *model.columns, model.result_file, hint));
}

}  // namespace wolfpack::experiments
