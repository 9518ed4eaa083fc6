#include "experiments/latency_options.hpp"

#include <algorithm>
#include <charconv>
#include <limits>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/status.hpp"

namespace wolfpack::experiments {
namespace {

using latency::OperationKind;
using latency::Pair;

constexpr std::size_t kLeastRanks = 2;
constexpr std::uint64_t kLargestBytes = std::uint64_t{1} << 30;
const std::vector<std::uint64_t> kUsualBytes{8, 64, 512, 4096, 8192, 65536, 1 << 20, 4 << 20};

std::vector<std::string> split(const std::string& list) {
  std::vector<std::string> words(1);
  for (const char c : list) {
    if (c == ',')
      words.emplace_back();
    else
      words.back() += c;
  }
  return words;
}

std::string known_operations() {
  std::vector<std::string_view> names;
  for (const auto& facts : latency::all_operations()) names.push_back(facts.name);
  return fmt::format("{}", fmt::join(names, ", "));
}

OperationKind parse_operation(const std::string& name) {
  for (const auto& facts : latency::all_operations())
    if (facts.name == name) return facts.kind;
  refuse_option("--operation", name, known_operations());
}

/// "8", "64K", "4M": K and M are powers of 1024.
std::uint64_t parse_bytes(const std::string& text) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  const std::string unit(end, text.data() + text.size());
  const std::uint64_t factor = unit.empty() ? 1 : unit == "K" ? 1024 : unit == "M" ? 1024 * 1024 : 0;
  if (error != std::errc() || factor == 0 || number == 0 || number > kLargestBytes / factor || number * factor % 8 != 0)
    refuse_option("--size", text, "multiples of 8 from 8 to 1024M, as in 8,8192,64K,4M");
  return number * factor;
}

std::vector<Pair> parse_pairs(const std::string& text) {
  std::vector<Pair> pairs;
  for (const std::string& word : split(text)) {
    const std::size_t colon = word.find(':');
    Pair pair;
    const char* const end = word.data() + word.size();
    const auto first = std::from_chars(word.data(), end, pair.initiator);
    const bool has_two = colon != std::string::npos && first.ec == std::errc() && first.ptr == word.data() + colon;
    const auto second = has_two ? std::from_chars(first.ptr + 1, end, pair.target) : first;
    if (!has_two || second.ec != std::errc() || second.ptr != end || pair.initiator == pair.target)
      refuse_option("--pairs", text, "all, or pairs of different ranks, as in 0:1,1:0");
    pairs.push_back(pair);
  }
  return pairs;
}

std::vector<Pair> pairs_of(const std::string& text, std::size_t ranks) {
  if (text != "all") {
    std::vector<Pair> pairs = parse_pairs(text);
    for (const Pair& pair : pairs)
      if (pair.initiator >= ranks || pair.target >= ranks)
        throw InputError(fmt::format("--pairs {}:{}: there are {} ranks; accepted: ranks from 0 to {}", pair.initiator,
                                     pair.target, ranks, ranks - 1));
    return pairs;
  }
  std::vector<Pair> all;
  for (std::uint32_t i = 0; i < ranks; ++i)
    for (std::uint32_t k = 0; k < ranks; ++k)
      if (i != k) all.push_back({i, k});
  return all;
}

void check_operations(const LatencySettings& settings, const std::string& transport, bool has_verbs_atomics) {
  for (const OperationKind kind : settings.profile.operations) {
    if (latency::describe(kind).is_verbs && transport != "rdma")
      throw InputError(fmt::format("--operation {}: needs --transport rdma and an RDMA device, and this runs over {}",
                                   latency::describe(kind).name, transport));
    if (kind == OperationKind::verbs_fetch_add && !has_verbs_atomics)
      throw InputError("--operation verbs_fetch_add: an RDMA device has no atomics; accepted: the other operations");
  }
}

/// What --help says below the options.
std::string operations_text() {
  std::string text = "Operations, and what is timed:\n";
  for (const auto& facts : latency::all_operations())
    text += fmt::format("  {:<17}{}\n", facts.name, facts.description);
  return text;
}

}  // namespace

std::string LatencySettings::text() const {
  const auto& meter = profile.meter;
  std::vector<std::string> names;
  for (const OperationKind kind : profile.operations) names.emplace_back(latency::describe(kind).name);
  return fmt::format(
      "--operation {} --size {} --pairs {} --iterations {} --warmup {} --duration {} --rounds {} "
      "--transport {}{}",
      names.empty() ? "(usual)" : fmt::format("{}", fmt::join(names, ",")), fmt::join(profile.bytes, ","),
      pairs_text.empty() ? "(usual)" : pairs_text, meter.iterations ? std::to_string(*meter.iterations) : "(any)",
      meter.warmup ? std::to_string(*meter.warmup) : "(usual)", meter.duration_seconds, profile.rounds,
      transport.requested, profile.binds_to_cores ? "" : " --no-binding");
}

CLI::App* add_latency(CLI::App& app, LatencyArguments& arguments) {
  auto* command = app.add_subcommand("latency", "measure one-sided operations between processes, as a job makes them");
  command->footer(operations_text() + "\n" + app.get_footer());
  command->add_option("--operation", arguments.operations,
                      "which of those below, with commas between (default: all that can be had)");
  command->add_option("--size", arguments.sizes, "bytes, with commas between; K and M as units (default: 8 to 4M)");
  command->add_option("--iterations", arguments.iterations, "operations a result at most (default: by --duration)");
  command->add_option("--warmup", arguments.warmup, "operations before each round (default: 1000, or 0.1 s)");
  command->add_option("--duration", arguments.duration, "seconds a result at most (default: 0.15)");
  command->add_option("--rounds", arguments.rounds, "parts that each result is measured in, in turns (default: 3)");
  command->add_option("--workers", arguments.workers, "processes to start (default: 2; under a launcher its ranks)");
  command->add_option("--pairs", arguments.pairs, "INITIATOR:TARGET, with commas between, or all (default: 0:1)");
  command->add_option("--transport", arguments.transport, "auto, shm (shared memory), tcp or rdma")
      ->capture_default_str();
  command->add_flag("--no-binding", arguments.no_binding, "leave ranks to the scheduler; else each has one core");
  add_output_option(*command, arguments.output, "folder for latency.json, latency.csv and pictures, latency.html");
  command->add_flag("--json", arguments.json, "print latency.json, and nothing else, to standard output");
  command->add_flag("--csv", arguments.csv, "print latency.csv, and nothing else, to standard output");
  command->add_flag("--quiet", arguments.quiet, "no progress, no table");
  return command;
}

LatencySettings interpret_latency(const LatencyArguments& arguments, std::optional<std::size_t> ranks) {
  LatencySettings settings;
  if (arguments.json && arguments.csv) throw InputError("--json --csv: accepted: one of them");
  settings.workers = workers_of(arguments.workers, ranks, kLeastRanks, kLeastRanks);
  if (settings.workers < kLeastRanks)
    throw InputError("latency: one rank has nobody to measure with; accepted: at least 2");
  check_transport_name(arguments.transport);
  settings.transport.requested = arguments.transport;

  auto& profile = settings.profile;
  if (!arguments.operations.empty())
    for (const std::string& name : split(arguments.operations)) profile.operations.push_back(parse_operation(name));
  profile.bytes = kUsualBytes;
  if (!arguments.sizes.empty()) {
    profile.bytes.clear();
    for (const std::string& size : split(arguments.sizes)) profile.bytes.push_back(parse_bytes(size));
  }
  settings.pairs_text = arguments.pairs;
  if (!arguments.pairs.empty()) profile.pairs = pairs_of(arguments.pairs, settings.workers);
  auto& meter = profile.meter;
  const auto is_positive = [](double x) { return x > 0; };
  if (!arguments.iterations.empty()) meter.iterations = parse_whole("--iterations", arguments.iterations, 1);
  if (!arguments.warmup.empty()) meter.warmup = parse_whole("--warmup", arguments.warmup, 0);
  constexpr double kUsualSeconds = 0.15;
  meter.duration_seconds = meter.iterations ? std::numeric_limits<double>::infinity() : kUsualSeconds;
  if (!arguments.duration.empty())
    meter.duration_seconds = parse_number("--duration", arguments.duration, "seconds > 0", is_positive);
  if (!arguments.rounds.empty()) profile.rounds = parse_whole("--rounds", arguments.rounds, 1, 1000);
  if (meter.iterations) profile.rounds = std::min(profile.rounds, *meter.iterations);
  profile.binds_to_cores = !arguments.no_binding;
  settings.output = arguments.output;
  settings.json = arguments.json;
  settings.csv = arguments.csv;
  settings.quiet = arguments.quiet;
  return settings;
}

void complete(LatencySettings& settings, const std::string& transport, bool has_verbs_atomics) {
  auto& profile = settings.profile;
  check_operations(settings, transport, has_verbs_atomics);
  if (!profile.operations.empty()) return;
  for (const auto& facts : latency::all_operations())
    if (!facts.is_verbs || (transport == "rdma" && (has_verbs_atomics || facts.kind != OperationKind::verbs_fetch_add)))
      profile.operations.push_back(facts.kind);
}

}  // namespace wolfpack::experiments
