// Which problem, or which path of problems, a run is asked for: --beta, --lambda, --beta-path, --lambda-path, --path.
//
//     add_problem_options(command, arguments);
//     ProblemSettings problem = interpret_problem(arguments);
//     solve.path = resolved_path(problem, rows, columns);           // once the data are open
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <CLI/CLI.hpp>

#include "base/types.hpp"
#include "frank_wolfe/problem.hpp"

namespace wolfpack::experiments {

/// What was typed: options that say what is solved, of which there must be one, with their values.
struct ProblemArguments {
  std::vector<std::pair<std::string, std::string>> given;
  std::optional<std::string> smallest_ratio;
};

/// What it means.
struct ProblemSettings {
  std::string option, text;  ///< the one that was typed, and its value
  frank_wolfe::Path path;    ///< but for the smallest ratio of an automatic path where none was given
  std::optional<double> smallest_ratio;

  /// Whether result.json lists points: also a path of one.
  [[nodiscard]] bool is_path() const { return option != "--beta" && option != "--lambda"; }
};

/// Adds the options to the subcommand; parsing it fills `arguments`, which must outlive it.
void add_problem_options(CLI::App& command, ProblemArguments& arguments);

/// Throws InputError.
[[nodiscard]] ProblemSettings interpret_problem(const ProblemArguments& arguments);

/// The path for data of that shape: an automatic one goes down to glmnet's share of its first penalty, 0.01 where rows
/// are fewer than columns and 1e-4 elsewhere, where none was given.
[[nodiscard]] frank_wolfe::Path resolved_path(const ProblemSettings& problem, Index rows, Index columns);

}  // namespace wolfpack::experiments
