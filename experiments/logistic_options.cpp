#include "experiments/logistic_options.hpp"

#include <fmt/format.h>

#include "base/status.hpp"
#include "experiments/data/input_file.hpp"

namespace wolfpack::experiments {
namespace {

constexpr Staleness kAutomaticStaleness{3};
constexpr std::uint64_t kMostEpochs = 1'000'000'000;  // times the steps of an epoch it is still a clock
constexpr std::uint64_t kLargestBatch = 1'000'000'000;

bool is_positive(double x) { return x > 0; }
bool is_not_negative(double x) { return x >= 0; }

sgd::OptimizerKind parse_optimizer(const std::string& text) {
  if (text == "adagrad") return sgd::OptimizerKind::adagrad;
  if (text == "sgd") return sgd::OptimizerKind::sgd;
  refuse_option("--optimizer", text, "adagrad, sgd");
}

/// A column of the training .csv is one of the test .csv too; a file holds the classes of the training data only.
void inherit_test_target(LogisticSettings& settings) {
  if (settings.test.data.empty() || !settings.test.target.empty()) return;
  const std::string extension = data::format_extension(settings.test.data);
  if (extension != ".csv" && extension != ".npy" && extension != ".mtx") return;
  if (extension == ".csv" && data::format_extension(settings.files.data) == ".csv" && !settings.files.target.empty()) {
    settings.test.target = settings.files.target;
    settings.test_target_is_inherited = true;
    return;
  }
  throw InputError(
      fmt::format("--test {}: its classes are missing; accepted: --test-target with {}", settings.test.data,
                  extension == ".csv" ? "one of its columns, or a .npy or text file" : "a .npy or text file"));
}

}  // namespace

void add_logistic_options(CLI::App& command, LogisticArguments& arguments) {
  command
      .add_option("--data", arguments.files.data,
                  "training data, a row a sample: .libsvm, .svm, .npy, .mtx or .csv, each also .gz")
      ->required();
  command.add_option(
      "--target", arguments.files.target,
      "classes, any two distinct numbers: a .npy or text file, or a column of a .csv (default: svmlight's "
      "labels)");
  command.add_option("--test", arguments.test.data, "data to test the model on, of the same kinds");
  command.add_option("--test-target", arguments.test.target,
                     "its classes (default: svmlight's labels, or where both are .csv the column of --target)");
  command.add_option("--optimizer", arguments.optimizer, "adagrad or sgd")->capture_default_str();
  command.add_option("--l2", arguments.l2, "lambda of lambda / 2 ||w||^2, >= 0 (auto: 1 / samples)")
      ->capture_default_str();
  command.add_option("--step", arguments.step, "step length for features scaled to at most 1, > 0")
      ->capture_default_str();
  command
      .add_option("--decay", arguments.decay, "the step gets shorter by 1 / (1 + decay * epochs) (auto: 0.1 for sgd)")
      ->capture_default_str();
  command.add_option("--batch", arguments.batch, "samples a clock, of all workers together")->capture_default_str();
  command
      .add_option("--epochs", arguments.epochs,
                  "passes over the data at most; a run that has made them has the status epochs_done")
      ->capture_default_str();
  command
      .add_option(
          "--tolerance", arguments.tolerance,
          "stop when the best objective falls by less than this share in three epochs: a test of progress, not of the "
          "distance to the optimum; 0: never")
      ->capture_default_str();
  command.add_option("--shards", arguments.shards, "of the parameter server, at most the workers")
      ->capture_default_str();
  add_run_options(command, arguments);
  command.get_option("--staleness")
      ->description("clocks a read may be stale: a number, bsp, or asp, which keeps within two epochs of the slowest");
}

LogisticSettings interpret(const LogisticArguments& arguments, std::optional<std::size_t> ranks) {
  LogisticSettings settings;
  static_cast<RunSettings&>(settings) = interpret_run(arguments, kAutomaticStaleness, ranks);
  settings.files = arguments.files;
  settings.test = arguments.test;
  if (settings.test.data.empty() && !settings.test.target.empty())
    throw InputError(fmt::format("--test-target {}: there is no --test; accepted: both or none", settings.test.target));
  inherit_test_target(settings);

  auto& train = settings.train;
  train.optimizer = parse_optimizer(arguments.optimizer);
  const auto optional_number = [](const char* option, const std::string& text, const char* accepted, auto accepts) {
    return text == "auto" ? std::nullopt : std::optional(parse_number(option, text, accepted, accepts));
  };
  train.l2 = optional_number("--l2", arguments.l2, "auto, or a finite number >= 0", is_not_negative);
  train.step = optional_number("--step", arguments.step, "auto, or a finite number > 0", is_positive);
  train.decay = optional_number("--decay", arguments.decay, "auto, or a finite number >= 0", is_not_negative);
  train.batch = arguments.batch == "auto" ? 0 : parse_whole("--batch", arguments.batch, 1, kLargestBatch);
  train.epochs = parse_whole("--epochs", arguments.epochs, 1, kMostEpochs);
  train.tolerance = parse_number("--tolerance", arguments.tolerance, "a finite number >= 0", is_not_negative);
  train.shards = parse_whole("--shards", arguments.shards, 1);
  if (train.shards > settings.workers)
    refuse_option("--shards", arguments.shards,
                  fmt::format("1 to {}, the number of workers, each of which hosts at most one", settings.workers));
  train.staleness = settings.staleness;
  train.max_clock = settings.max_clock;
  train.time_limit_seconds = settings.time_limit_seconds;
  train.straggler = settings.straggler;
  train.seed = settings.seed;
  return settings;
}

}  // namespace wolfpack::experiments
