// The command line of `wolfpack lasso`, as values.
//
// Every field is checked here, before anything starts: what is wrong is told in one line that names the option, the
// value and what is accepted.
#pragma once

#include <cstddef>
#include <optional>
#include <string>

#include <CLI/CLI.hpp>

#include "experiments/data/dataset.hpp"
#include "experiments/problem_options.hpp"
#include "experiments/run_options.hpp"
#include "experiments/worker_selector.hpp"
#include "frank_wolfe/solve.hpp"

namespace wolfpack::experiments {

/// What was typed.
struct LassoArguments : RunArguments {
  data::DatasetFiles files;
  ProblemArguments problem;
  std::string method = "corrective", step = "auto", top_k = "auto", tolerance = "1e-6", device = "auto", warm_start,
              threads = "1", picture_shape;
  bool intercept = false;
  bool standardize = false;
};

/// What it means.
struct LassoSettings : RunSettings {
  data::DatasetFiles files;
  ProblemSettings problem;
  frank_wolfe::SolveOptions solve;  ///< what follows from the data is filled in by complete()
  std::string warm_start;           ///< coefficients.csv or a run's folder; empty: none
  bool intercept = false;           ///< y and the columns are centred
  bool standardize = false;         ///< the columns are scaled
  DeviceWish device = DeviceWish::automatic;
  std::string picture_shape;  ///< "28x28"; empty: the columns are no pictures
};

/// Adds the options to the subcommand; parsing it fills `arguments`, which must outlive it.
void add_lasso_options(CLI::App& command, LassoArguments& arguments);

/// `ranks`: workers that a launcher has started, if one has. Throws InputError.
[[nodiscard]] LassoSettings interpret(const LassoArguments& arguments, std::optional<std::size_t> ranks);

/// Fills in what only the data tell. Throws InputError.
void complete(LassoSettings& settings, const data::Dataset& dataset);

}  // namespace wolfpack::experiments
