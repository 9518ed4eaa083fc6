#include "experiments/run_options.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <thread>

#include <fmt/format.h>

#include "base/status.hpp"

namespace wolfpack::experiments {
namespace {

constexpr std::uint64_t kMostWorkers = 1024;

template <class Number>
bool parse_all(const std::string& text, Number& number) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() && end == text.data() + text.size();
}

}  // namespace

void refuse_option(const std::string& option, const std::string& value, const std::string& accepted) {
  throw InputError(fmt::format("{} {}: accepted: {}", option, value.empty() ? "\"\"" : value, accepted));
}

std::uint64_t parse_whole(const std::string& option, const std::string& text, std::uint64_t least, std::uint64_t most) {
  std::uint64_t number = 0;
  if (!parse_all(text, number) || number < least || number > most)
    refuse_option(option, text, fmt::format("a whole number from {} to {}", least, most));
  return number;
}

double parse_number(const std::string& option, const std::string& text, const char* accepted,
                    const std::function<bool(double)>& accepts) {
  double number = 0.0;
  if (!parse_all(text, number) || !std::isfinite(number) || !accepts(number)) refuse_option(option, text, accepted);
  return number;
}

Staleness parse_staleness(const std::string& text, Staleness automatic) {
  if (text == "auto") return automatic;
  if (text == "bsp") return kBulkSynchronous;
  if (text == "asp") return kAsynchronous;
  std::uint64_t clocks = 0;
  if (!parse_all(text, clocks) || clocks > kNoLimit)
    refuse_option("--staleness", text,
                  fmt::format("a whole number of clocks from 0 to {}, bsp (0), or asp (no bound)", kNoLimit));
  return {clocks};
}

void add_output_option(CLI::App& command, std::string& output, const std::string& description) {
  command.add_option("--output", output, description)->each([](const std::string& text) {
    if (text.empty()) refuse_option("--output", text, "a name, or no --output");
  });
}

void add_run_options(CLI::App& command, RunArguments& arguments) {
  command.add_option("--workers", arguments.workers,
                     "worker processes (default: the machine's cores; under mpirun or srun its ranks)");
  command.add_option("--staleness", arguments.staleness, "clocks a read may be stale: a number, bsp or asp")
      ->capture_default_str();
  command
      .add_option("--transport", arguments.transport,
                  "how workers reach each other: auto, shm (shared memory), tcp or rdma")
      ->capture_default_str();
  command.add_option("--max-clock", arguments.max_clock, "iterations a worker at most");
  command.add_option("--time-limit", arguments.time_limit, "seconds of solving at most");
  command.add_option("--straggler", arguments.straggler,
                     "worker=N,slowdown=F or worker=random,slowdown=F,duration=SECONDS");
  command.add_option("--seed", arguments.seed, "of everything random")->capture_default_str();
  add_output_option(
      command, arguments.output,
      "folder for result.json, coefficients.csv and trace.jsonl, a path's path.csv and logistic's objectives.csv");
  command.add_option("--record", arguments.record, "write who read which version when to this file");
  command.add_option("--replay", arguments.replay, "repeat the run that was recorded to this file, to the same bits");
  command.add_flag("--quiet", arguments.quiet, "no progress, no table");
  command.add_flag("--json", arguments.json, "print result.json, and nothing else, to standard output");
}

std::size_t workers_of(const std::string& text, std::optional<std::size_t> ranks, std::size_t least,
                       std::size_t otherwise) {
  const std::size_t wanted =
      text.empty() ? ranks.value_or(otherwise) : parse_whole("--workers", text, least, kMostWorkers);
  if (ranks && wanted != *ranks)
    throw InputError(
        fmt::format("--workers {}: {} ranks have been started; accepted: that many, or no --workers", text, *ranks));
  return wanted;
}

RunSettings interpret_run(const RunArguments& arguments, Staleness automatic, std::optional<std::size_t> ranks) {
  RunSettings settings;
  check_transport_name(arguments.transport);
  settings.transport.requested = arguments.transport;
  settings.workers = workers_of(arguments.workers, ranks, 1, std::max(1u, std::thread::hardware_concurrency()));
  settings.staleness = parse_staleness(arguments.staleness, automatic);
  if (!arguments.max_clock.empty()) settings.max_clock = parse_whole("--max-clock", arguments.max_clock, 1);
  if (!arguments.time_limit.empty())
    settings.time_limit_seconds =
        parse_number("--time-limit", arguments.time_limit, "seconds > 0", [](double x) { return x > 0; });
  if (!arguments.straggler.empty()) {
    settings.straggler = runtime::StragglerSpec::parse(arguments.straggler, settings.workers);
    settings.straggler_text = arguments.straggler;
  }
  settings.seed = parse_whole("--seed", arguments.seed, 0);
  settings.output = arguments.output;
  settings.record = arguments.record;
  settings.replay = arguments.replay;
  settings.quiet = arguments.quiet;
  settings.json = arguments.json;
  return settings;
}

}  // namespace wolfpack::experiments
