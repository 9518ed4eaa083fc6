// The command line of `wolfpack lasso`, as values.
//
// Every field is checked here, before anything starts: what is wrong is told in one line that names the option, the
// value and what is accepted.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include <CLI/CLI.hpp>

#include "base/types.hpp"
#include "experiments/data/dataset.hpp"
#include "frank_wolfe/solve.hpp"

namespace wolfpack::experiments {

/// What was typed.
struct LassoArguments {
  data::DatasetFiles files;
  std::string beta, workers, staleness = "auto", method = "corrective", top_k = "auto", tolerance = "1e-6",
                             device = "auto", transport = "auto", max_clock, time_limit, straggler, seed = "0", output,
                             picture_shape;
  bool quiet = false;
  bool json = false;
};

/// What it means.
struct LassoSettings {
  data::DatasetFiles files;
  std::size_t workers = 1;
  frank_wolfe::SolveOptions solve;
  std::string straggler;      ///< as typed; empty: none
  std::string output;         ///< folder; empty: none
  std::string picture_shape;  ///< "28x28"; empty: the columns are no pictures
  bool quiet = false;
  bool json = false;
};

/// Adds the options to the subcommand; parsing it fills `arguments`, which must outlive it.
void add_lasso_options(CLI::App& command, LassoArguments& arguments);

/// Throws InputError.
[[nodiscard]] LassoSettings interpret(const LassoArguments& arguments);

/// A whole number option, from `least` to `most`. Throws InputError.
[[nodiscard]] std::uint64_t parse_whole(const std::string& option, const std::string& text, std::uint64_t least,
                                        std::uint64_t most);

}  // namespace wolfpack::experiments
