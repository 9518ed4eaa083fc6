#include "experiments/lasso_recording.hpp"

#include <algorithm>
#include <bit>
#include <cstdint>
#include <filesystem>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "base/status.hpp"
#include "experiments/data/input_file.hpp"
#include "experiments/data/output_file.hpp"

namespace wolfpack::experiments {
namespace {

constexpr const char* kObjective = "objective";
std::string exact(double value) { return fmt::format("{:.17g}", value); }

/// Tells targets apart, not for ever: a run that leaves its recording says so later.
std::string target_hash(const std::vector<double>& target) {
  std::uint64_t hash = 14695981039346656037u;  // FNV-1a over the words
  for (const double value : target) hash = (hash ^ std::bit_cast<std::uint64_t>(value)) * 1099511628211u;
  return fmt::format("{:016x}", hash);
}

/// What the numbers of a run depend on, in the words of the command line.
std::vector<std::pair<std::string, std::string>> settings_of(const LassoSettings& settings,
                                                             const data::Dataset& dataset) {
  const auto& solve = settings.solve;
  return {{"--workers", std::to_string(settings.workers)},
          {"--beta", exact(solve.beta)},
          {"--tolerance", exact(solve.tolerance)},
          {"--staleness", solve.staleness.is_asynchronous() ? "asp" : std::to_string(solve.staleness.value)},
          {"--method", frank_wolfe::to_string(solve.method)},
          {"--step", frank_wolfe::to_string(solve.step)},
          {"--top-k", solve.top_k == 0 ? "auto" : std::to_string(solve.top_k)},
          {"--max-clock", solve.max_clock ? std::to_string(*solve.max_clock) : "none"},
          {"--data", fmt::format("of {} rows and {} columns", dataset.rows(), dataset.columns())},
          {"--target", target_hash(dataset.target())}};
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

runtime::Recording read_recording(const LassoSettings& settings, const data::Dataset& dataset) {
  auto recording = runtime::Recording::from_text(read_all(settings.replay), settings.replay);
  for (const auto& [name, value] : settings_of(settings, dataset)) {
    const auto found = std::find_if(recording.settings.begin(), recording.settings.end(),
                                    [&name = name](const auto& setting) { return setting.first == name; });
    const std::string recorded = found == recording.settings.end() ? "" : found->second;
    if (recorded != value)
      throw InputError(fmt::format("--replay {}: it was recorded with {} {}, and this run has {}; accepted: the same",
                                   settings.replay, name, recorded, value));
  }
  return recording;
}

void write_recording(const LassoSettings& settings, const data::Dataset& dataset,
                     const frank_wolfe::SolveResult& solved) {
  runtime::Recording recording = solved.recording;
  recording.settings = settings_of(settings, dataset);
  recording.settings.emplace_back(kObjective, exact(solved.iterate.objective));
  data::OutputFile file(settings.record);
  file.write(recording.to_text());
  file.commit();
}

void check_replay(const runtime::Recording& recording, const frank_wolfe::SolveResult& solved) {
  const std::pair<std::string, std::string> outcome{kObjective, exact(solved.iterate.objective)};
  if (std::find(recording.settings.begin(), recording.settings.end(), outcome) == recording.settings.end())
    throw RuntimeFailure(fmt::format("{}: the objective is {}", ps::kLeavesTheRecording, outcome.second));
}

void prepare_recording(const std::string& path) {
  const data::OutputFile file(path);  // leaves nothing without a commit
}

}  // namespace wolfpack::experiments
