#include "experiments/logistic_command.hpp"

#include <algorithm>
#include <cmath>
#include <memory>
#include <numbers>
#include <optional>

#include <fmt/format.h>

#include "base/status.hpp"
#include "base/time.hpp"
#include "experiments/data/dataset.hpp"
#include "experiments/data/input_file.hpp"
#include "experiments/exit_status.hpp"
#include "experiments/logistic_output.hpp"
#include "experiments/progress_display.hpp"
#include "experiments/run_files.hpp"
#include "experiments/run_recording.hpp"
#include "experiments/start_workers.hpp"
#include "runtime/agree.hpp"
#include "sgd/gradient.hpp"
#include "sgd/labels.hpp"
#include "sgd/samples.hpp"

namespace wolfpack::experiments {
namespace {

/// Where the labels are, for a complaint about them.
std::string source_of_labels(const data::DatasetFiles& files) {
  return files.target.empty() ? files.data : files.target;
}

/// Training and test data, as one worker holds them.
struct Inputs {
  Index rows = 0;
  Index columns = 0;
  sgd::Classes classes;
  sgd::Samples samples;
  std::optional<sgd::Samples> test;  ///< worker 0's
  Index test_columns = 0;
  RunIdentity identity{};
  std::optional<runtime::Recording> replay = std::nullopt;
};

RunIdentity identity(const LogisticSettings& settings, const data::Dataset& training) {
  const auto& train = settings.train;
  const auto exact_or_auto = [](const std::optional<double>& value) { return value ? exact(*value) : "auto"; };
  return identity_of(settings, training,
                     {{"--optimizer", sgd::to_string(train.optimizer)},
                      {"--l2", exact_or_auto(train.l2)},
                      {"--step", exact_or_auto(train.step)},
                      {"--decay", exact_or_auto(train.decay)},
                      {"--batch", train.batch == 0 ? "auto" : std::to_string(train.batch)},
                      {"--epochs", std::to_string(train.epochs)},
                      {"--tolerance", exact(train.tolerance)},
                      {"--shards", std::to_string(train.shards)},
                      {"--seed", std::to_string(train.seed)}});
}

/// The whole matrix is in memory for a moment: readers deliver columns, and a worker's samples need all of them.
sgd::Samples load(const data::Dataset& dataset, Index columns, const sgd::Classes& classes, const std::string& source,
                  WorkerId worker, std::size_t workers) {
  const Matrix matrix = dataset.load({0, columns});
  return sgd::take_samples(view(matrix), sgd::to_labels(dataset.target(), classes, source), worker, workers);
}

void check_test_target(const LogisticSettings& settings, const data::Dataset& training) {
  if (!settings.test_target_is_inherited || training.target_is_a_column()) return;
  throw InputError(
      fmt::format("--test {}: --target {} holds the classes of the training data; accepted: --test-target "
                  "with one of the test data's columns, or a .npy or text file",
                  settings.test.data, settings.files.target));
}

/// svmlight names its features, and leaves out those that its samples have not: a feature that the training data lack
/// has no weight. In the other formats a feature is known by its place alone.
void check_test_columns(const std::string& file, Index test, Index training) {
  const std::string extension = data::format_extension(file);
  if (test == training || extension == ".libsvm" || extension == ".svm") return;
  throw InputError(
      fmt::format("{}: {} features; accepted: {}, as many as the training data have", file, test, training));
}

Inputs load_inputs(const LogisticSettings& settings, const transport::Bootstrap& bootstrap) {
  const data::Dataset training = data::Dataset::open(settings.files);
  const std::string source = source_of_labels(settings.files);
  Inputs inputs{training.rows(), training.columns(), sgd::find_classes(training.target(), source), {}, {}};
  inputs.identity = identity(settings, training);
  if (!settings.replay.empty()) inputs.replay = read_recording(settings, inputs.identity);
  inputs.samples = load(training, inputs.columns, inputs.classes, source, bootstrap.rank(), bootstrap.size());
  if (settings.test.data.empty() || bootstrap.rank().value != 0) return inputs;
  check_test_target(settings, training);
  const data::Dataset test = data::Dataset::open(settings.test);
  check_test_columns(settings.test.data, test.columns(), inputs.columns);
  inputs.test_columns = test.columns();
  const Index columns = std::min(test.columns(), inputs.columns);
  inputs.test = load(test, columns, inputs.classes, source_of_labels(settings.test), {0}, 1);
  return inputs;
}

std::string progress_line(const sgd::Evaluation& evaluation) {
  return fmt::format("epoch {}  objective {:.9g}  log loss {:.9g}", evaluation.epoch, evaluation.objective,
                     evaluation.log_loss);
}

void print_table(const nlohmann::ordered_json& result, const LogisticSettings& settings) {
  const auto text = [&](const char* field) { return field_text(result, field); };
  print_line("status", text("status"));
  print_line("objective", fmt::format("{:.12g}  (w = 0: {:.6g})", result.at("objective").get<double>(),
                                      result.at("null_objective").get<double>()));
  print_line("training", fmt::format("log loss {}, accuracy {}, {} samples of {} features", text("log_loss"),
                                     text("accuracy"), text("rows"), text("columns")));
  if (!settings.test.data.empty())
    print_line("test", fmt::format("log loss {}, accuracy {}, {} samples", text("test_log_loss"), text("test_accuracy"),
                                   text("test_rows")));
  print_line("solving",
             fmt::format("{} s, {} epochs, {} clocks", text("solve_seconds"), text("epochs"), text("clocks")));
  print_line("method",
             fmt::format("{}, step {}, batch {}, l2 {}", text("optimizer"), text("step"), text("batch"), text("l2")));
  print_line("workers", fmt::format("{}, shards {}, staleness {}, {}", text("workers"), text("shards"),
                                    text("staleness"), transport_text(result)));
  if (!settings.output.empty()) print_line("written to", settings.output);
}

/// All workers fail alike; worker 0 says it.
void fail_if_diverged(const sgd::TrainResult& result, bool step_is_given) {
  if (result.status != sgd::TrainStatus::diverged) return;
  const std::string what = std::isfinite(result.model.objective)
                               ? fmt::format("the objective ended at {:.6g}, above the {:.6g} of w = 0",
                                             result.model.objective, std::numbers::ln2)
                               : std::string("the objective is not finite any more");
  if (step_is_given)
    throw PeerFailure(
        fmt::format("{}: the steps are too long; --step was {:.6g}, accepted: a smaller one", what, result.step));
  throw PeerFailure(fmt::format(
      "{}: the steps are too long; the program chose {:.6g}, and features that are very large or very small "
      "are the likely cause; accepted: features scaled to about 1, or a smaller --step",
      what, result.step));
}

TestFit fit_of(const sgd::Samples& test, Index columns, const sgd::Model& model) {
  const sgd::Fit fit = sgd::evaluate(test, model.weights);
  const auto n = static_cast<double>(test.size());
  return {static_cast<Index>(test.size()), columns, fit.loss_sum / n, static_cast<double>(fit.correct) / n};
}

int run_worker(LogisticSettings settings, transport::Bootstrap& bootstrap) {
  const double start = monotonic_seconds();
  const bool is_first = bootstrap.rank().value == 0;
  check_same_run(bootstrap, course_of("logistic", settings));
  settings.transport = choose_transport(settings.transport.requested, bootstrap);
  std::unique_ptr<transport::Transport> transport;
  Inputs inputs;
  runtime::agree(bootstrap, [&] {
    if (is_first) prepare_files(settings, kLogisticFiles);
    inputs = load_inputs(settings, bootstrap);
    transport = make_transport(settings.transport);
  });
  check_same_run(bootstrap, inputs.identity);

  std::optional<ProgressDisplay<sgd::Evaluation>> display;
  if (is_first && !settings.quiet) display.emplace(progress_line);
  sgd::TrainOptions options = settings.train;
  options.record = !settings.record.empty();
  options.replay = inputs.replay ? &*inputs.replay : nullptr;
  options.on_evaluation = [&display](const sgd::Evaluation& evaluation) {
    if (display) display->update(evaluation);
  };
  runtime::Job job(
      bootstrap, *transport,
      sgd::training_job(inputs.columns, static_cast<std::uint64_t>(inputs.rows), bootstrap.size(), options));
  const sgd::TrainResult result = sgd::train(job, inputs.samples, options);
  display.reset();
  LogisticFacts facts;
  facts.rows = inputs.rows;
  facts.columns = inputs.columns;
  facts.classes = inputs.classes;
  facts.transport = job.transport_record();
  job.close();
  fail_if_diverged(result, settings.train.step.has_value());
  const bool done = result.status == sgd::TrainStatus::converged || result.status == sgd::TrainStatus::epochs_done;
  const int status = done ? kConverged : kNotConverged;
  if (!is_first) return status;

  if (result.is_replayed) check_replay(*inputs.replay, result.model.objective);
  if (inputs.test) facts.test = fit_of(*inputs.test, inputs.test_columns, result.model);
  facts.wall_seconds = monotonic_seconds() - start;
  const auto json = logistic_json(settings, facts, result);
  if (!settings.output.empty()) write_logistic_run(settings.output, json, result);
  if (!settings.record.empty()) write_recording(settings, inputs.identity, result.model.objective, result.recording);
  if (settings.json) print_json(json);
  if (!settings.quiet) print_table(json, settings);
  return status;
}

}  // namespace

int run_logistic(const LogisticArguments& arguments, char* const* argv) {
  return start_workers(
      argv, [&](std::optional<std::size_t> ranks) { return interpret(arguments, ranks); }, run_worker);
}

}  // namespace wolfpack::experiments
