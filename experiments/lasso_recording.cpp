#include "experiments/lasso_recording.hpp"

#include <algorithm>
#include <filesystem>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "base/status.hpp"
#include "experiments/data/input_file.hpp"
#include "experiments/data/output_file.hpp"

namespace wolfpack::experiments {
namespace {

/// What the numbers of a run depend on beside its data, in the words of the command line.
std::vector<std::pair<std::string, std::string>> settings_of(const LassoSettings& settings) {
  const auto& solve = settings.solve;
  return {{"--workers", std::to_string(settings.workers)},
          {"--beta", fmt::format("{:.17g}", solve.beta)},
          {"--tolerance", fmt::format("{:.17g}", solve.tolerance)},
          {"--staleness", solve.staleness.is_asynchronous() ? "asp" : std::to_string(solve.staleness.value)},
          {"--method", frank_wolfe::to_string(solve.method)},
          {"--step", frank_wolfe::to_string(solve.step)},
          {"--top-k", solve.top_k == 0 ? "auto" : std::to_string(solve.top_k)},
          {"--max-clock", solve.max_clock ? std::to_string(*solve.max_clock) : "none"}};
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

runtime::Recording read_recording(const LassoSettings& settings) {
  auto recording = runtime::Recording::from_text(read_all(settings.replay), settings.replay);
  for (const auto& [name, value] : settings_of(settings)) {
    const auto found = std::find_if(recording.settings.begin(), recording.settings.end(),
                                    [&name = name](const auto& setting) { return setting.first == name; });
    const std::string recorded = found == recording.settings.end() ? "" : found->second;
    if (recorded != value)
      throw InputError(fmt::format("--replay {}: it was recorded with {} {}, and this run has {}; accepted: the same",
                                   settings.replay, name, recorded, value));
  }
  return recording;
}

void write_recording(const LassoSettings& settings, runtime::Recording recording) {
  recording.settings = settings_of(settings);
  recording.settings.emplace_back("--data", settings.files.data);
  data::OutputFile file(settings.record);
  file.write(recording.to_text());
  file.commit();
}

void prepare_recording(const std::string& path) {
  const data::OutputFile file(path);  // leaves nothing without a commit
}

}  // namespace wolfpack::experiments
