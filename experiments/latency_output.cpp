#include "experiments/latency_output.hpp"

#include <algorithm>
#include <cmath>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <utility>
#include <vector>

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "experiments/report/write_report.hpp"
#include "experiments/run_files.hpp"
#include "experiments/version.hpp"

namespace wolfpack::experiments {
namespace {

using latency::Profile;
using latency::Result;
using nlohmann::ordered_json;

constexpr std::uint64_t kTimingsForP99 = 100, kTimingsForP999 = 1000;
constexpr double kMicroseconds = 1e6;

const char* word(transport::OneSided kind) { return kind == transport::OneSided::native ? "native" : "emulated"; }

std::string cpu_name() {
  std::ifstream file("/proc/cpuinfo");
  for (std::string line; std::getline(file, line);)
    if (line.starts_with("model name") && line.find(": ") != std::string::npos) return line.substr(line.find(": ") + 2);
  return "";
}

const latency::PairFacts& facts_of(const Profile& profile, const latency::Pair& pair) {
  for (const auto& facts : profile.pairs)
    if (facts.pair == pair) return facts;
  return profile.pairs.front();
}

ordered_json result_json(const Result& result, const Profile& profile, const std::string& transport) {
  const auto& operation = latency::describe(result.operation);
  const auto& facts = facts_of(profile, result.pair);
  const bool is_atomic = result.operation == latency::OperationKind::fetch_add;
  const auto us = [&](double share) { return result.times.percentile(share) * kMicroseconds; };
  const double average = result.times.mean_seconds();
  ordered_json rounds = ordered_json::array(), buckets = ordered_json::array();
  for (const double median : result.round_medians_seconds) rounds.push_back(median * kMicroseconds);
  for (const auto& bucket : result.times.buckets())
    buckets.push_back({{"from_us", bucket.from_seconds * kMicroseconds},
                       {"to_us", bucket.to_seconds * kMicroseconds},
                       {"count", bucket.count}});
  return {{"operation", operation.name},
          {"bytes", result.bytes},
          {"initiator", result.pair.initiator},
          {"target", operation.is_to_all ? ordered_json(nullptr) : ordered_json(result.pair.target)},
          {"time", operation.is_half_round_trip ? "half a round trip" : "whole"},
          {"iterations", result.times.count()},
          {"batch", result.batch},
          {"min_us", result.times.min_seconds() * kMicroseconds},
          {"p50_us", us(0.5)},
          {"average_us", average * kMicroseconds},
          {"p99_us", result.timings < kTimingsForP99 ? ordered_json(nullptr) : ordered_json(us(0.99))},
          {"p99_9_us", result.timings < kTimingsForP999 ? ordered_json(nullptr) : ordered_json(us(0.999))},
          {"max_us", result.times.max_seconds() * kMicroseconds},
          {"mb_per_s", static_cast<double>(result.bytes) / average * 1e-6},
          {"messages_per_s", 1.0 / average},
          {"one_sided", operation.is_verbs ? "native" : word(is_atomic ? facts.atomics : facts.one_sided)},
          {"transport", operation.is_verbs ? "verbs" : transport},
          {"lanes", result.lanes},
          {"round_p50_us", std::move(rounds)},
          {"histogram", std::move(buckets)}};
}

/// A number as a table shows it: four digits that count; a dash for what is not there.
std::string cell(const ordered_json& value) {
  if (value.is_null()) return "-";
  if (value.is_string()) return value.get<std::string>();
  if (value.is_number_integer()) return fmt::format("{}", value.get<std::int64_t>());
  const double number = value.get<double>();
  return number >= 1e4 || number == 0.0
             ? fmt::format("{:.0f}", number)
             : fmt::format("{:.{}f}", number, std::max(0, 3 - static_cast<int>(std::floor(std::log10(number)))));
}

/// As RFC 4180 has it.
std::string csv_field(const ordered_json& value) {
  if (value.is_null()) return "";
  if (!value.is_string()) return value.dump();
  std::string quoted;
  for (const char c : value.get<std::string>()) quoted.append(c == '"' ? 2 : 1, c);
  return fmt::format("\"{}\"", quoted);
}

}  // namespace

ordered_json latency_json(const LatencySettings& settings, const std::string& library, const Profile& profile) {
  const auto& asked = settings.profile;
  ordered_json operations = ordered_json::array(), pairs = ordered_json::array(), cores = ordered_json::array(),
               results = ordered_json::array();
  for (const auto kind : asked.operations) operations.push_back(latency::describe(kind).name);
  for (const auto& pair : asked.pairs) pairs.push_back({pair.initiator, pair.target});
  for (const auto& core : profile.cores) cores.push_back(or_null(core));
  for (const Result& result : profile.results) results.push_back(result_json(result, profile, settings.transport.name));
  const auto& first = profile.pairs.front();
  const TransportChoice& transport = settings.transport;
  ordered_json described = {{"transport", transport.name},
                            {"transport_requested", transport.requested},
                            {"transport_reason", transport.reason},
                            {"library", library},
                            {"lanes", profile.results.empty() ? ordered_json(nullptr) : results.front()["lanes"]},
                            {"one_sided", word(first.one_sided)},
                            {"atomics", word(first.atomics)},
                            {"ranks", profile.hosts.size()},
                            {"hosts", profile.hosts},
                            {"cores", std::move(cores)},
                            {"pairs", std::move(pairs)},
                            {"operations", std::move(operations)},
                            {"bytes", asked.bytes},
                            {"iterations", or_null(asked.meter.iterations)},
                            {"warmup", or_null(asked.meter.warmup)},
                            {"duration_seconds", finite_or_null(asked.meter.duration_seconds)},
                            {"rounds", asked.rounds},
                            {"binds_to_cores", asked.binds_to_cores},
                            {"patience_seconds", asked.patience_seconds},
                            {"clock_tick_ns", profile.clock.tick_seconds * 1e9},
                            {"clock_reading_ns", profile.clock.reading_seconds * 1e9},
                            {"complete", profile.is_complete},
                            {"quiet", profile.disturbances.empty()},
                            {"disturbances", profile.disturbances},
                            {"date", fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(std::time(nullptr)))},
                            {"cpu", cpu_name()},
                            {"wolfpack_version", kVersion}};
  return {{"settings", std::move(described)}, {"results", std::move(results)}};
}

std::string latency_csv(const ordered_json& document) {
  constexpr const char* kColumns[] = {
      "operation",  "bytes",  "initiator", "target", "time",     "iterations",     "batch",     "min_us",    "p50_us",
      "average_us", "p99_us", "p99_9_us",  "max_us", "mb_per_s", "messages_per_s", "one_sided", "transport", "lanes"};
  std::string out = fmt::format("{}\n", fmt::join(kColumns, ","));
  for (const ordered_json& result : document["results"]) {
    std::vector<std::string> fields;
    for (const char* column : kColumns) fields.push_back(csv_field(result[column]));
    out += fmt::format("{}\n", fmt::join(fields, ","));
  }
  return out;
}

std::string latency_table(const ordered_json& document) {
  const ordered_json& settings = document["settings"];
  std::string out =
      fmt::format("{} over {}, {}; one-sided operations {}, atomics {}\n", settings["library"].get<std::string>(),
                  settings["transport"].get<std::string>(), cell(settings["lanes"]),
                  settings["one_sided"].get<std::string>(), settings["atomics"].get<std::string>());
  out += fmt::format(
      "ranks on {}, cores {}; microseconds; put and verbs_write are half a round trip, all others whole\n\n",
      settings["hosts"].dump(), settings["cores"].dump());
  out += fmt::format("{:<16}{:>9}{:>7}{:>12}{:>10}{:>10}{:>10}{:>10}{:>10}{:>11}{:>11}{:>13}  {}\n", "operation",
                     "bytes", "pair", "iterations", "min", "p50", "average", "p99", "p99.9", "max", "MB/s",
                     "messages/s", "one-sided");
  for (const ordered_json& r : document["results"]) {
    const std::string pair =
        fmt::format("{}:{}", r["initiator"].get<int>(), r["target"].is_null() ? "all" : r["target"].dump());
    out += fmt::format("{:<16}{:>9}{:>7}{:>12}{:>10}{:>10}{:>10}{:>10}{:>10}{:>11}{:>11}{:>13}  {}\n",
                       cell(r["operation"]), cell(r["bytes"]), pair, cell(r["iterations"]), cell(r["min_us"]),
                       cell(r["p50_us"]), cell(r["average_us"]), cell(r["p99_us"]), cell(r["p99_9_us"]),
                       cell(r["max_us"]), cell(r["mb_per_s"]), cell(r["messages_per_s"]), cell(r["one_sided"]));
  }
  out += settings["quiet"].get<bool>() ? "\nThe machine was quiet.\n" : "\nThe machine was not quiet:\n";
  for (const ordered_json& what : settings["disturbances"]) out += "  " + what.get<std::string>() + "\n";
  if (!settings["complete"].get<bool>()) out += "Interrupted: not all rounds were made.\n";
  return out;
}

void write_latency(const std::string& directory, const ordered_json& document) {
  const std::filesystem::path folder(directory);
  write_file(folder / "latency.json", document.dump(2) + "\n");
  write_file(folder / "latency.csv", latency_csv(document));
  report::write_latency_page(folder);
}

}  // namespace wolfpack::experiments
