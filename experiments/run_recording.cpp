#include "experiments/run_recording.hpp"

#include <algorithm>
#include <bit>
#include <cstdint>

#include <fmt/format.h>

#include "base/fnv1a.hpp"
#include "base/status.hpp"
#include "experiments/data/input_file.hpp"
#include "experiments/data/output_file.hpp"

namespace wolfpack::experiments {
namespace {

constexpr const char* kObjective = "objective";

/// Tells targets apart, not for ever: a run that leaves its recording says so later.
std::string target_hash(const std::vector<double>& target) {
  Fnv1a hash;
  for (const double value : target) hash.add(std::bit_cast<std::uint64_t>(value));
  return fmt::format("{:016x}", hash.value());
}

std::string read_all(const std::string& path) {
  constexpr std::size_t kChunkBytes = 1 << 16;
  data::InputFile file(path);
  std::string text;
  for (;;) {
    const std::size_t before = text.size();
    text.resize(before + kChunkBytes);
    const std::size_t got = file.read(text.data() + before, kChunkBytes);
    text.resize(before + got);
    if (got < kChunkBytes) return text;
  }
}

}  // namespace

std::string exact(double value) { return fmt::format("{:.17g}", value); }

RunIdentity identity_of(const RunSettings& settings, const data::Dataset& dataset, const RunIdentity& of_the_command) {
  RunIdentity identity{
      {"--workers", std::to_string(settings.workers)},
      {"--staleness", settings.staleness.is_asynchronous() ? "asp" : std::to_string(settings.staleness.value)},
      {"--max-clock", settings.max_clock ? std::to_string(*settings.max_clock) : "none"},
      {"--data", fmt::format("of {} rows and {} columns", dataset.rows(), dataset.columns())},
      {"--target", target_hash(dataset.target())}};
  identity.insert(identity.end(), of_the_command.begin(), of_the_command.end());
  return identity;
}

RunIdentity course_of(const std::string& command, const RunSettings& settings, const RunIdentity& of_the_command) {
  const auto given = [](bool is_given) { return is_given ? "given" : "not given"; };
  RunIdentity course{{"the command", command},
                     {"--transport", settings.transport.requested},
                     {"--time-limit", settings.time_limit_seconds ? exact(*settings.time_limit_seconds) : "not given"},
                     {"--straggler", settings.straggler ? settings.straggler_text : "not given"},
                     {"--record", given(!settings.record.empty())},
                     {"--replay", given(!settings.replay.empty())}};
  course.insert(course.end(), of_the_command.begin(), of_the_command.end());
  return course;
}

runtime::Recording read_recording(const RunSettings& settings, const RunIdentity& identity) {
  auto recording = runtime::Recording::from_text(read_all(settings.replay), settings.replay);
  for (const auto& [name, value] : identity) {
    const auto found = std::find_if(recording.settings.begin(), recording.settings.end(),
                                    [&name = name](const auto& setting) { return setting.first == name; });
    const std::string recorded = found == recording.settings.end() ? "nothing" : found->second;
    if (recorded != value)
      throw InputError(fmt::format("--replay {}: it was recorded with {} {}, and this run has {}; accepted: the same",
                                   settings.replay, name, recorded, value));
  }
  return recording;
}

void check_same_run(transport::Bootstrap& bootstrap, const RunIdentity& identity) {
  std::string mine;
  for (const auto& [name, value] : identity) mine += fmt::format("{} {}\n", name, value);
  const std::vector<std::string> all = bootstrap.allgather_text(mine);
  for (std::size_t rank = 1; rank < all.size(); ++rank) {
    const auto [first, other] = std::mismatch(all[0].begin(), all[0].end(), all[rank].begin(), all[rank].end());
    if (first == all[0].end() && other == all[rank].end()) continue;
    const auto line_at = [](const std::string& text, std::string::const_iterator at) {
      const auto begin = std::find(std::make_reverse_iterator(at), text.rend(), '\n').base();
      return std::string(begin, std::find(at, text.end(), '\n'));
    };
    throw InputError(fmt::format("the ranks disagree: rank 0 has {}, rank {} has {}; accepted: the same everywhere",
                                 line_at(all[0], first), rank, line_at(all[rank], other)));
  }
}

void write_recording(const RunSettings& settings, const RunIdentity& identity, double objective,
                     runtime::Recording recording) {
  recording.settings = identity;
  recording.settings.emplace_back(kObjective, exact(objective));
  data::OutputFile file(settings.record);
  file.write(recording.to_text());
  file.commit();
}

void check_replay(const runtime::Recording& recording, double objective) {
  const std::pair<std::string, std::string> outcome{kObjective, exact(objective)};
  if (std::find(recording.settings.begin(), recording.settings.end(), outcome) == recording.settings.end())
    throw RuntimeFailure(fmt::format("{}: the objective is {}", ps::kLeavesTheRecording, outcome.second));
}

}  // namespace wolfpack::experiments
