#include "experiments/lasso_options.hpp"

#include <fmt/format.h>

#include "base/status.hpp"
#include "experiments/report/pictures.hpp"
#include "gpu/devices.hpp"

namespace wolfpack::experiments {
namespace {

frank_wolfe::Method parse_method(const std::string& text) {
  const auto method = frank_wolfe::method_named(text);
  if (!method) refuse_option("--method", text, frank_wolfe::method_names());
  return *method;
}

/// What the method allows of the other options; `solve` has the method and the staleness.
void interpret_method(const LassoArguments& arguments, frank_wolfe::SolveOptions& solve) {
  const auto& traits = frank_wolfe::traits(solve.method);
  const std::string with = fmt::format(" with --method {}", traits.name);

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

void accept_only_what_exists(const LassoArguments& arguments) {
  if (arguments.device == "gpu") {
    const std::string why = gpu::why_no_device();
    throw InputError(fmt::format("--device gpu: atoms are not chosen on a GPU in this version{}; accepted: auto, cpu",
                                 why.empty() ? "" : ", and " + why));
  }
  if (arguments.device != "auto" && arguments.device != "cpu") refuse_option("--device", arguments.device, "auto, cpu");
}

}  // namespace

void add_lasso_options(CLI::App& command, LassoArguments& arguments) {
  command.add_option("--data", arguments.files.data, "design matrix: .npy, .libsvm, .svm, .mtx or .csv, each also .gz")
      ->required();
  command.add_option("--target", arguments.files.target,
                     "target: a .npy or text file, or a column of a .csv (default: svmlight's labels)");
  command.add_option("--beta", arguments.beta, "bound on the l1 norm of the coefficients, > 0")->required();
  command.add_option("--method", arguments.method, frank_wolfe::method_names())->capture_default_str();
  command
      .add_option("--step", arguments.step,
                  "step length where the method leaves the choice (bellet): line-search or open-loop, 2 / (k + 2)")
      ->capture_default_str();
  command.add_option("--top-k", arguments.top_k, "atoms proposed in a round by all workers together")
      ->capture_default_str();
  command.add_option("--tolerance", arguments.tolerance, "on the certified duality gap divided by f(0)")
      ->capture_default_str();
  command.add_option("--device", arguments.device, "where atoms are chosen: auto or cpu")->capture_default_str();
  command.add_option("--picture-shape", arguments.picture_shape,
                     "the columns are pictures, ROWSxCOLUMNS: for the report");
  add_run_options(command, arguments);
}

LassoSettings interpret(const LassoArguments& arguments) {
  accept_only_what_exists(arguments);
  LassoSettings settings;
  auto& solve = settings.solve;
  solve.method = parse_method(arguments.method);
  static_cast<RunSettings&>(settings) = interpret_run(arguments, frank_wolfe::automatic_staleness(solve.method));
  solve.staleness = settings.staleness;
  interpret_method(arguments, solve);
  settings.files = arguments.files;
  if (!arguments.picture_shape.empty()) (void)report::parse_picture_shape(arguments.picture_shape);
  settings.picture_shape = arguments.picture_shape;

  solve.path.terms = {frank_wolfe::l1_constraint(
      parse_number("--beta", arguments.beta, "a finite number > 0", [](double x) { return x > 0; }))};
  solve.tolerance =
      parse_number("--tolerance", arguments.tolerance, "a finite number >= 0", [](double x) { return x >= 0; });
  solve.seed = settings.seed;
  solve.max_clock = settings.max_clock;
  solve.time_limit_seconds = settings.time_limit_seconds;
  solve.straggler = settings.straggler;
  return settings;
}

}  // namespace wolfpack::experiments
