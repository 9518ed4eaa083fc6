// The command line of `wolfpack lasso`, as values.
//
// Every field is checked here, before anything starts: what is wrong is told in one line that names the option, the
// value and what is accepted.
#pragma once

#include <string>

#include <CLI/CLI.hpp>

#include "experiments/data/dataset.hpp"
#include "experiments/run_options.hpp"
#include "frank_wolfe/solve.hpp"

namespace wolfpack::experiments {

/// What was typed.
struct LassoArguments : RunArguments {
  data::DatasetFiles files;
  std::string beta, method = "corrective", step = "auto", top_k = "auto", tolerance = "1e-6", device = "auto",
                    picture_shape;
};

/// What it means.
struct LassoSettings : RunSettings {
  data::DatasetFiles files;
  frank_wolfe::SolveOptions solve;
  std::string picture_shape;  ///< "28x28"; empty: the columns are no pictures
};

/// Adds the options to the subcommand; parsing it fills `arguments`, which must outlive it.
void add_lasso_options(CLI::App& command, LassoArguments& arguments);

/// Throws InputError.
[[nodiscard]] LassoSettings interpret(const LassoArguments& arguments);

}  // namespace wolfpack::experiments
