// `wolfpack predict`: what an earlier run's coefficients say of the rows of a data set.
#pragma once

#include <optional>
#include <string>

#include <CLI/CLI.hpp>

namespace wolfpack::experiments {

/// What was typed.
struct PredictArguments {
  std::string data, target, model, output;
  std::optional<std::string> intercept, point;
  bool quiet = false;
  bool json = false;
};

/// Adds the subcommand; parsing it fills `arguments`, which must outlive it.
CLI::App* add_predict(CLI::App& app, PredictArguments& arguments);

/// Returns the exit status. Throws InputError and RuntimeFailure.
int run_predict(PredictArguments arguments);

}  // namespace wolfpack::experiments
