#include "experiments/logistic_output.hpp"

#include <numbers>
#include <string>

#include <fmt/format.h>

#include "experiments/run_files.hpp"

namespace wolfpack::experiments {
namespace {

using nlohmann::ordered_json;

std::string coefficients_csv(const sgd::Model& model) {
  std::string text = "index,value\n";
  for (std::size_t j = 0; j + 1 < model.weights.size(); ++j)
    if (model.weights[j] != 0) text += fmt::format("{},{:.17g}\n", j, model.weights[j]);
  return text;
}

std::string objectives_csv(const std::vector<sgd::HistoryRow>& history) {
  std::string text = "epoch,clock,author,made_seconds,known_seconds,objective,log_loss\n";
  for (const auto& [evaluation, made, known] : history)
    text += fmt::format("{},{},{},{:.9f},{},{:.17g},{:.17g}\n", evaluation.epoch, evaluation.candidate.clock,
                        evaluation.author().value, made, std::isfinite(known) ? fmt::format("{:.9f}", known) : "",
                        evaluation.objective, evaluation.log_loss);
  return text;
}

}  // namespace

ordered_json logistic_json(const LogisticSettings& settings, const LogisticFacts& facts,
                           const sgd::TrainResult& result) {
  const auto& train = settings.train;
  const auto of_test = [&](auto TestFit::*field) {
    return facts.test ? ordered_json(*facts.test.*field) : ordered_json(nullptr);
  };
  ordered_json fields{{"command", "logistic"},
                      {"status", to_string(result.status)},
                      {"objective", result.model.objective},
                      {"log_loss", result.model.log_loss},
                      {"accuracy", result.model.accuracy},
                      {"test_log_loss", of_test(&TestFit::log_loss)},
                      {"test_accuracy", of_test(&TestFit::accuracy)},
                      {"intercept", result.model.weights.back()},
                      {"model", to_string(result.choice)},
                      {"final_objective", finite_or_null(result.final_objective)},
                      {"best_objective", or_null(result.best_objective)},
                      {"best_epoch", result.best_objective ? ordered_json(result.best_epoch) : ordered_json(nullptr)},
                      {"null_objective", std::numbers::ln2},
                      {"epochs", result.epochs},
                      {"clocks", result.clocks},
                      {"solve_seconds", result.seconds},
                      {"wall_seconds", facts.wall_seconds},
                      {"workers", settings.workers},
                      {"shards", result.shards},
                      {"staleness", staleness_json(train.staleness)},
                      {"staleness_in_effect", result.staleness.value},
                      {"optimizer", to_string(train.optimizer)},
                      {"step", result.step},
                      {"decay", result.decay},
                      {"batch", static_cast<double>(facts.rows) / static_cast<double>(result.steps_per_epoch)},
                      {"steps_per_epoch", result.steps_per_epoch},
                      {"l2", result.l2},
                      {"max_epochs", train.epochs},
                      {"tolerance", train.tolerance},
                      {"data", settings.files.data},
                      {"target", text_or_null(settings.files.target)},
                      {"test", text_or_null(settings.test.data)},
                      {"test_target", text_or_null(settings.test.target)},
                      {"rows", facts.rows},
                      {"columns", facts.columns},
                      {"test_rows", of_test(&TestFit::rows)},
                      {"test_columns", of_test(&TestFit::columns)},
                      {"classes", {facts.classes.negative, facts.classes.positive}}};
  fields.update(run_fields(settings, facts.transport, result.trace));
  return fields;
}

void write_logistic_run(const std::filesystem::path& directory, const ordered_json& json,
                        const sgd::TrainResult& result) {
  write_file(directory / "coefficients.csv", coefficients_csv(result.model));
  write_file(directory / "objectives.csv", objectives_csv(result.history));
  write_file(directory / "trace.jsonl", trace_lines(result.trace, "samples"));
  write_file(directory / "result.json", json.dump(2) + "\n");  // last: who sees it sees the others
}

}  // namespace wolfpack::experiments
