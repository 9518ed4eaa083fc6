// What `wolfpack latency` prints and writes of a profile.
#pragma once

#include <array>
#include <string>

#include <nlohmann/json.hpp>

#include "experiments/latency_options.hpp"
#include "experiments/run_options.hpp"
#include "latency/profile.hpp"

namespace wolfpack::experiments {

/// All that write_latency() writes.
inline constexpr std::array kLatencyFiles{"latency.json", "latency.csv", "latency.html"};

/// latency.json: {"settings": {every setting in effect}, "results": [...]}.
[[nodiscard]] nlohmann::ordered_json latency_json(const LatencySettings& settings, const std::string& library,
                                                  const latency::Profile& profile);

/// latency.csv: a header line and a line a result, without the histograms.
[[nodiscard]] std::string latency_csv(const nlohmann::ordered_json& document);

/// The table for people, with what is said above and below it.
[[nodiscard]] std::string latency_table(const nlohmann::ordered_json& document);

/// latency.json, latency.csv and latency.html. Throws RuntimeFailure where a file cannot be written.
void write_latency(const std::string& directory, const nlohmann::ordered_json& document);

}  // namespace wolfpack::experiments
