#include "experiments/lasso_options.hpp"

#include <charconv>
#include <cmath>
#include <limits>
#include <thread>

#include <fmt/format.h>

#include "base/status.hpp"
#include "experiments/report/pictures.hpp"
#include "gpu/devices.hpp"

namespace wolfpack::experiments {
namespace {

constexpr std::uint64_t kMostWorkers = 1024;
constexpr std::uint64_t kNoLimit = std::numeric_limits<std::int64_t>::max();

[[noreturn]] void refuse(const std::string& option, const std::string& value, const std::string& accepted) {
  throw InputError(fmt::format("{} {}: accepted: {}", option, value.empty() ? "\"\"" : value, accepted));
}

template <class Accepts>
double parse_number(const std::string& option, const std::string& text, const char* accepted, Accepts accepts) {
  double number = 0.0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size() || !std::isfinite(number) || !accepts(number))
    refuse(option, text, accepted);
  return number;
}

// A little staleness costs a few passes while all workers keep pace and halves the time when one does not
// (README, "Measured").
Staleness parse_staleness(const std::string& text) {
  if (text == "auto") return {3};
  if (text == "bsp") return kBulkSynchronous;
  if (text == "asp") return kAsynchronous;
  std::uint64_t clocks = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), clocks);
  if (error != std::errc() || end != text.data() + text.size() || clocks > kNoLimit)
    refuse("--staleness", text, "a whole number of clocks >= 0, bsp (0), or asp (no bound)");
  return {clocks};
}

void accept_only_what_exists(const LassoArguments& arguments) {
  const auto known_but_absent = [](const char* option, const std::string& value,
                                   std::initializer_list<const char*> names, const char* accepted) {
    for (const char* name : names)
      if (value == name)
        throw InputError(fmt::format("{} {}: not in this version yet; accepted: {}", option, value, accepted));
    refuse(option, value, accepted);
  };
  if (arguments.method != "corrective")
    known_but_absent("--method", arguments.method, {"bellet", "tran", "line-search", "away", "pairwise"}, "corrective");
  if (arguments.device == "gpu") {
    const std::string why = gpu::why_no_device();
    throw InputError(fmt::format("--device gpu: atoms are not chosen on a GPU in this version{}; accepted: auto, cpu",
                                 why.empty() ? "" : ", and " + why));
  }
  if (arguments.device != "auto" && arguments.device != "cpu")
    known_but_absent("--device", arguments.device, {}, "auto, cpu");
  if (arguments.transport != "auto" && arguments.transport != "shm")
    known_but_absent("--transport", arguments.transport, {"tcp", "rdma"}, "auto, shm");
}

}  // namespace

std::uint64_t parse_whole(const std::string& option, const std::string& text, std::uint64_t least, std::uint64_t most) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size() || number < least || number > most)
    refuse(option, text,
           most == kNoLimit ? fmt::format("a whole number >= {}", least)
                            : fmt::format("a whole number from {} to {}", least, most));
  return number;
}

void add_lasso_options(CLI::App& command, LassoArguments& arguments) {
  command.add_option("--data", arguments.files.data, "design matrix: .npy, .libsvm, .svm, .mtx or .csv, each also .gz")
      ->required();
  command.add_option("--target", arguments.files.target,
                     "target: a .npy or text file, or a column of a .csv (default: svmlight's labels)");
  command.add_option("--beta", arguments.beta, "bound on the l1 norm of the coefficients, > 0")->required();
  command.add_option("--workers", arguments.workers, "worker processes (default: the machine's cores)");
  command.add_option("--staleness", arguments.staleness, "clocks a read may be stale: a number, bsp or asp")
      ->capture_default_str();
  command.add_option("--method", arguments.method, "corrective")->capture_default_str();
  command.add_option("--top-k", arguments.top_k, "atoms proposed in a round by all workers together")
      ->capture_default_str();
  command.add_option("--tolerance", arguments.tolerance, "on the certified duality gap divided by f(0)")
      ->capture_default_str();
  command.add_option("--device", arguments.device, "where atoms are chosen: auto or cpu")->capture_default_str();
  command.add_option("--transport", arguments.transport, "auto or shm")->capture_default_str();
  command.add_option("--max-clock", arguments.max_clock, "iterations a worker at most");
  command.add_option("--time-limit", arguments.time_limit, "seconds of solving at most");
  command.add_option("--straggler", arguments.straggler,
                     "worker=N,slowdown=F or worker=random,slowdown=F,duration=SECONDS");
  command.add_option("--seed", arguments.seed, "of everything random")->capture_default_str();
  command.add_option("--output", arguments.output, "folder for result.json, coefficients.csv and trace.jsonl");
  command.add_option("--picture-shape", arguments.picture_shape,
                     "the columns are pictures, ROWSxCOLUMNS: for the report");
  command.add_flag("--quiet", arguments.quiet, "no progress, no table");
  command.add_flag("--json", arguments.json, "print result.json, and nothing else, to standard output");
}

LassoSettings interpret(const LassoArguments& arguments) {
  accept_only_what_exists(arguments);
  LassoSettings settings;
  settings.files = arguments.files;
  settings.workers = arguments.workers.empty() ? std::max(1u, std::thread::hardware_concurrency())
                                               : parse_whole("--workers", arguments.workers, 1, kMostWorkers);
  settings.output = arguments.output;
  settings.quiet = arguments.quiet;
  settings.json = arguments.json;
  if (!arguments.picture_shape.empty()) (void)report::parse_picture_shape(arguments.picture_shape);
  settings.picture_shape = arguments.picture_shape;

  auto& solve = settings.solve;
  solve.beta = parse_number("--beta", arguments.beta, "a finite number > 0", [](double x) { return x > 0; });
  solve.tolerance =
      parse_number("--tolerance", arguments.tolerance, "a finite number >= 0", [](double x) { return x >= 0; });
  solve.staleness = parse_staleness(arguments.staleness);
  solve.top_k = arguments.top_k == "auto" ? 0 : parse_whole("--top-k", arguments.top_k, 1, 1'000'000);
  solve.seed = parse_whole("--seed", arguments.seed, 0, kNoLimit);
  if (!arguments.max_clock.empty()) solve.max_clock = parse_whole("--max-clock", arguments.max_clock, 1, kNoLimit);
  if (!arguments.time_limit.empty())
    solve.time_limit_seconds =
        parse_number("--time-limit", arguments.time_limit, "seconds > 0", [](double x) { return x > 0; });
  if (!arguments.straggler.empty()) {
    solve.straggler = runtime::StragglerSpec::parse(arguments.straggler, settings.workers);
    settings.straggler = arguments.straggler;
  }
  return settings;
}

}  // namespace wolfpack::experiments
