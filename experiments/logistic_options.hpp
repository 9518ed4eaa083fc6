// The command line of `wolfpack logistic`, as values; checked here, before anything starts.
#pragma once

#include <cstddef>
#include <optional>
#include <string>

#include <CLI/CLI.hpp>

#include "experiments/data/dataset.hpp"
#include "experiments/run_options.hpp"
#include "sgd/train.hpp"

namespace wolfpack::experiments {

/// What was typed.
struct LogisticArguments : RunArguments {
  data::DatasetFiles files;
  data::DatasetFiles test;
  std::string optimizer = "adagrad", l2 = "auto", step = "auto", decay = "auto", batch = "auto", epochs = "100",
              tolerance = "1e-3", shards = "1";
};

/// What it means.
struct LogisticSettings : RunSettings {
  data::DatasetFiles files;
  data::DatasetFiles test;                ///< data empty: none
  bool test_target_is_inherited = false;  ///< its target is that of `files`, which then has to be a column
  sgd::TrainOptions train;
};

/// Adds the options to the subcommand; parsing it fills `arguments`, which must outlive it.
void add_logistic_options(CLI::App& command, LogisticArguments& arguments);

/// `ranks`: workers that a launcher has started, if one has. Throws InputError.
[[nodiscard]] LogisticSettings interpret(const LogisticArguments& arguments, std::optional<std::size_t> ranks);

}  // namespace wolfpack::experiments
