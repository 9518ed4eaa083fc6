// The files of a logistic regression: result.json, coefficients.csv, objectives.csv, trace.jsonl. Each replaces an
// older one whole.
#pragma once

#include <array>
#include <filesystem>
#include <optional>

#include <nlohmann/json.hpp>

#include "experiments/logistic_options.hpp"
#include "runtime/job.hpp"
#include "sgd/labels.hpp"
#include "sgd/train.hpp"

namespace wolfpack::experiments {

/// All that a run writes into its folder.
inline constexpr std::array kLogisticFiles{"result.json", "coefficients.csv", "trace.jsonl", "objectives.csv"};

/// How good the model is on the test data.
struct TestFit {
  Index rows = 0;
  Index columns = 0;  ///< of the file; those that the training data lack have no weight
  double log_loss = 0.0;
  double accuracy = 0.0;
};

/// What a run was about, beside its settings and its outcome.
struct LogisticFacts {
  Index rows = 0;
  Index columns = 0;
  sgd::Classes classes;
  double wall_seconds = 0.0;
  runtime::TransportRecord transport;
  std::optional<TestFit> test;
};

/// Everything that is known of the run.
[[nodiscard]] nlohmann::ordered_json logistic_json(const LogisticSettings& settings, const LogisticFacts& facts,
                                                   const sgd::TrainResult& result);

/// Throws RuntimeFailure where a file cannot be written.
void write_logistic_run(const std::filesystem::path& directory, const nlohmann::ordered_json& json,
                        const sgd::TrainResult& result);

}  // namespace wolfpack::experiments
