#include "experiments/predict_command.hpp"

#include <array>
#include <iterator>
#include <span>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "experiments/data/dataset.hpp"
#include "experiments/data/input_file.hpp"
#include "experiments/data/npy.hpp"
#include "experiments/data/output_file.hpp"
#include "experiments/data/predictions.hpp"
#include "experiments/exit_status.hpp"
#include "experiments/run_files.hpp"
#include "experiments/run_options.hpp"
#include "experiments/saved_model.hpp"
#include "experiments/standard_output.hpp"
#include "experiments/version.hpp"

namespace wolfpack::experiments {
namespace {

using nlohmann::ordered_json;

constexpr std::array kOutputs{".npy", ".csv", ".txt"};

std::string lines_of(std::span<const double> values) {
  std::string text;
  for (const double value : values) fmt::format_to(std::back_inserter(text), "{:.17g}\n", value);
  return text;
}

void write_predictions(const std::string& path, const std::vector<double>& values) {
  const std::string extension = data::format_extension(path);
  if (extension == ".npy") return data::write_npy(path, std::span<const double>(values));
  data::OutputFile file(path);
  if (extension == ".csv") file.write("prediction\n");
  file.write(lines_of(values));
  file.commit();
}

SavedModel model_for(const PredictArguments& arguments) {
  std::optional<std::size_t> point;
  if (arguments.point) point = parse_whole("--point", *arguments.point, 0);
  SavedModel model = read_model(arguments.model, point);
  if (arguments.intercept)
    model.intercept = parse_number("--intercept", *arguments.intercept, "a finite number", [](double) { return true; });
  return model;
}

/// Of a .csv that still holds the run's target, without --target: the target is what it was for the run.
data::Dataset open_data(PredictArguments& arguments, const SavedModel& model) {
  auto dataset = data::Dataset::open({.data = arguments.data, .target = arguments.target, .target_is_optional = true});
  const bool has_one_more = model.columns && dataset.columns() == *model.columns + 1;
  const bool is_csv = data::format_extension(arguments.data) == ".csv";
  if (!is_csv || !has_one_more || !arguments.target.empty() || model.target.empty()) return dataset;
  try {
    auto without = data::Dataset::open({.data = arguments.data, .target = model.target, .target_is_optional = true});
    arguments.target = model.target;
    return without;
  } catch (const InputError&) {  // it has no such column
    return dataset;
  }
}

void check_columns(const SavedModel& model, const data::Dataset& dataset, const std::string& file) {
  check_same_columns(model, file, dataset.columns());
  if (model.coefficients.empty()) return;
  const data::Coefficient& last = model.coefficients.back();
  if (last.column < dataset.columns()) return;
  const std::string extension = data::format_extension(file);
  const bool is_svmlight = extension == ".libsvm" || extension == ".svm";
  const std::string hint =
      is_svmlight
          ? fmt::format("; an svmlight file has as many as its largest index, also where it says {}:0", last.column + 1)
          : "";
  data::refuse(model.file, last.line,
               fmt::format("index {}, and {} has {} columns, counted from 0; expected data with the columns that the "
                           "model was made from{}",
                           last.column, file, dataset.columns(), hint));
}

ordered_json result_of(const PredictArguments& arguments, const SavedModel& model, const data::Dataset& dataset,
                       const std::vector<double>& predicted) {
  ordered_json result{{"command", "predict"},
                      {"data", arguments.data},
                      {"target", text_or_null(arguments.target)},
                      {"model", arguments.model},
                      {"coefficients", model.file},
                      {"rows", dataset.rows()},
                      {"columns", dataset.columns()},
                      {"nonzeros", model.coefficients.size()},
                      {"intercept", model.intercept},
                      {"mean_squared_error", nullptr},
                      {"r_squared", nullptr},
                      {"output", text_or_null(arguments.output)},
                      {"wolfpack_version", kVersion}};
  if (!dataset.target().empty()) {
    const data::Fit fit = data::fit_of(predicted, dataset.target());
    result["mean_squared_error"] = finite_or_null(fit.mean_squared_error);
    result["r_squared"] = finite_or_null(fit.r_squared);
  }
  if (arguments.output.empty()) result["predictions"] = predicted;
  return result;
}

void print_table(const ordered_json& result) {
  print_line("rows", field_text(result, "rows"));
  print_line("model", fmt::format("{}, {} non-zeros, intercept {}", field_text(result, "coefficients"),
                                  field_text(result, "nonzeros"), field_text(result, "intercept")));
  if (!result.at("mean_squared_error").is_null()) {
    print_line("mean squared error", field_text(result, "mean_squared_error"));
    print_line("R^2", field_text(result, "r_squared"));
  }
  if (!result.at("output").is_null()) print_line("written to", field_text(result, "output"));
}

}  // namespace

CLI::App* add_predict(CLI::App& app, PredictArguments& arguments) {
  auto* command = app.add_subcommand("predict", "what the coefficients of a run of lasso say of other rows");
  command->add_option("--data", arguments.data, "rows to predict: .npy, .libsvm, .svm, .mtx or .csv, each also .gz")
      ->required();
  command->add_option("--model", arguments.model, "the folder that lasso's --output named, or a coefficients.csv")
      ->required();
  command->add_option_function<std::string>(
      "--intercept", [&arguments](const std::string& text) { arguments.intercept = text; },
      "added to every prediction (default: the run's, where --model is its folder, else 0)");
  command->add_option_function<std::string>(
      "--point", [&arguments](const std::string& text) { arguments.point = text; },
      "of the run's path, from 0 (default: the last)");
  command->add_option(
      "--target", arguments.target,
      "what was observed, for the mean squared error and R^2: a .npy or text file, or a column of a .csv "
      "(default: svmlight's labels)");
  add_output_option(*command, arguments.output,
                    "FILE.npy, FILE.csv or FILE.txt for the predictions (default: standard output, one a line)");
  command->add_flag("--quiet", arguments.quiet, "no table");
  command->add_flag("--json", arguments.json,
                    "print the outcome, with the predictions where no --output is given, to standard output");
  return command;
}

int run_predict(PredictArguments arguments) {
  if (!arguments.output.empty()) check_output_file(arguments.output, kOutputs);
  const SavedModel model = model_for(arguments);
  const data::Dataset dataset = open_data(arguments, model);
  check_columns(model, dataset, arguments.data);
  const std::vector<double> predicted = data::predictions(dataset, arguments.data, model.coefficients, model.intercept);
  const ordered_json result = result_of(arguments, model, dataset, predicted);
  if (!arguments.output.empty()) write_predictions(arguments.output, predicted);
  if (arguments.json) {
    print_json(result);
  } else if (arguments.output.empty()) {
    print_out(lines_of(predicted));
  }
  if (!arguments.quiet) print_table(result);
  return kConverged;
}

}  // namespace wolfpack::experiments
