#include "experiments/lasso_options.hpp"

#include <fmt/format.h>

#include "base/status.hpp"
#include "experiments/report/pictures.hpp"
#include "experiments/warm_start.hpp"

namespace wolfpack::experiments {
namespace {

constexpr std::uint64_t kMostThreads = 256;

frank_wolfe::Method parse_method(const std::string& text) {
  const auto method = frank_wolfe::method_named(text);
  if (!method) refuse_option("--method", text, frank_wolfe::method_names());
  return *method;
}

/// What the method allows of the other options; `solve` has the method and the staleness.
void interpret_method(const LassoArguments& arguments, const ProblemSettings& problem,
                      frank_wolfe::SolveOptions& solve) {
  const auto& traits = frank_wolfe::traits(solve.method);
  const std::string with = fmt::format(" with --method {}", traits.name);

  if (!traits.any_problem && problem.option != "--beta")
    refuse_option(problem.option, problem.text + with, "--beta, or --method corrective");
  if (!traits.any_problem && !arguments.warm_start.empty())
    refuse_option("--warm-start", arguments.warm_start + with, "--method corrective");
  if (traits.bulk_synchronous && !solve.staleness.is_bulk_synchronous())
    refuse_option("--staleness", arguments.staleness + with, "auto, bsp, 0: the method is bulk-synchronous");
  solve.top_k = arguments.top_k == "auto" ? 0 : parse_whole("--top-k", arguments.top_k, 1, 1'000'000);
  if (traits.one_atom && solve.top_k > 1)
    refuse_option("--top-k", arguments.top_k + with, "auto, 1: each worker proposes its best atom");
  if (arguments.step == "auto") return;
  const auto step = frank_wolfe::step_size_named(arguments.step);
  if (!step) refuse_option("--step", arguments.step, "auto, line-search, open-loop");
  if (!traits.any_step_size && *step != frank_wolfe::StepSize::line_search)
    refuse_option("--step", arguments.step + with, "auto, line-search");
  solve.step = *step;
}

void interpret_scales(const LassoArguments& arguments, LassoSettings& settings) {
  settings.intercept = arguments.intercept;
  settings.standardize = arguments.standardize;
  settings.warm_start = arguments.warm_start;
  if (!settings.warm_start.empty() && settings.problem.path.is_automatic())
    refuse_option("--warm-start", settings.warm_start + " with --path, which starts from 0",
                  "with --beta, --lambda, --beta-path or --lambda-path");
}

DeviceWish parse_device(const std::string& text) {
  if (text == "auto") return DeviceWish::automatic;
  if (text == "cpu") return DeviceWish::cpu;
  if (text != "gpu") refuse_option("--device", text, "auto, cpu, gpu");
  return DeviceWish::gpu;
}

}  // namespace

void add_lasso_options(CLI::App& command, LassoArguments& arguments) {
  command.add_option("--data", arguments.files.data, "design matrix: .npy, .libsvm, .svm, .mtx or .csv, each also .gz")
      ->required();
  command.add_option("--target", arguments.files.target,
                     "target: a .npy or text file, or a column of a .csv (default: svmlight's labels)");
  add_problem_options(command, arguments.problem);
  command.add_flag("--intercept", arguments.intercept,
                   "an intercept that is not penalised: y and the columns are centred, as glmnet does");
  command.add_flag("--standardize", arguments.standardize,
                   "columns are scaled to standard deviation 1 (of 1/n), as glmnet does, and the l1 norm is of the "
                   "scaled coefficients; those written are for the columns as they are");
  command.add_option("--warm-start", arguments.warm_start,
                     "begin with the columns of this coefficients.csv, or of this run's folder");
  command.add_option("--method", arguments.method, frank_wolfe::method_names())->capture_default_str();
  command
      .add_option("--step", arguments.step,
                  "step length where the method leaves the choice (bellet): line-search or open-loop, 2 / (k + 2)")
      ->capture_default_str();
  command.add_option("--top-k", arguments.top_k, "atoms proposed in a round by all workers together")
      ->capture_default_str();
  command.add_option("--tolerance", arguments.tolerance, "on the certified duality gap divided by f(0)")
      ->capture_default_str();
  command.add_option("--device", arguments.device, "where atoms are chosen: auto, cpu or gpu")->capture_default_str();
  command.add_option("--picture-shape", arguments.picture_shape,
                     "the columns are pictures, ROWSxCOLUMNS: for the report");
  command.add_option("--threads", arguments.threads, "that share a worker's passes")->capture_default_str();
  add_run_options(command, arguments);
}

LassoSettings interpret(const LassoArguments& arguments, std::optional<std::size_t> ranks) {
  LassoSettings settings;
  settings.device = parse_device(arguments.device);
  auto& solve = settings.solve;
  solve.method = parse_method(arguments.method);
  static_cast<RunSettings&>(settings) = interpret_run(arguments, frank_wolfe::automatic_staleness(solve.method), ranks);
  solve.staleness = settings.staleness;
  settings.problem = interpret_problem(arguments.problem);
  interpret_method(arguments, settings.problem, solve);
  interpret_scales(arguments, settings);
  settings.threads = parse_whole("--threads", arguments.threads, 1, kMostThreads);
  settings.files = arguments.files;
  if (!arguments.picture_shape.empty()) (void)report::parse_picture_shape(arguments.picture_shape);
  settings.picture_shape = arguments.picture_shape;

  solve.tolerance =
      parse_number("--tolerance", arguments.tolerance, "a finite number >= 0", [](double x) { return x >= 0; });
  solve.seed = settings.seed;
  solve.max_clock = settings.max_clock;
  solve.time_limit_seconds = settings.time_limit_seconds;
  solve.straggler = settings.straggler;
  return settings;
}

void complete(LassoSettings& settings, const data::Dataset& dataset) {
  settings.solve.path = resolved_path(settings.problem, dataset.rows(), dataset.columns());
  if (!settings.warm_start.empty())
    settings.solve.warm_start = read_warm_start(settings.warm_start, settings.files.data, dataset.columns());
  if (!settings.picture_shape.empty())
    report::check_picture_shape(report::parse_picture_shape(settings.picture_shape), dataset.rows());
}

}  // namespace wolfpack::experiments
