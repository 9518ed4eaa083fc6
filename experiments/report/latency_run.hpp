// What `wolfpack latency --output DIR` left in latency.json, read back for its page.
//
//     LatencyRun run = read_latency_run("out");
//     for (const LatencyResult* result : results_of_first_pair(run)) ...
//
// A LatencyRun is plain data that owns everything it names; safe to read from any thread. Times are microseconds.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/types.hpp"
#include "experiments/report/run.hpp"

namespace wolfpack::report {

/// Operations whose time lay in [from, to).
struct LatencyBucket {
  double from_us = 0.0;
  double to_us = 0.0;
  Index count = 0;
};

/// One operation at one size between one pair.
struct LatencyResult {
  std::string operation;
  Index bytes = 0;
  Index initiator = 0;
  std::optional<Index> target{};  ///< none: all others
  bool is_half_round_trip = false;
  Index iterations = 0;
  double min_us = 0.0;
  double p50_us = 0.0;
  double average_us = 0.0;
  std::optional<double> p99_us{};    ///< none where too few were timed
  std::optional<double> p99_9_us{};  ///< likewise
  double max_us = 0.0;
  double mb_per_s = 0.0;
  double messages_per_s = 0.0;
  std::string one_sided;  ///< native or emulated
  std::string transport;
  std::vector<double> round_p50_us{};
  std::vector<LatencyBucket> histogram{};  ///< rising, without the empty ones
};

/// Ranks.
struct LatencyPair {
  Index initiator = 0;
  Index target = 0;
};

struct LatencyRun {
  std::filesystem::path directory;
  std::string transport;            ///< shm, tcp or rdma
  std::string transport_requested;  ///< or auto
  std::string transport_reason;     ///< one sentence
  std::string lanes;
  std::string one_sided;                    ///< native or emulated
  Index ranks = 0;                          ///< at least 1
  std::vector<std::string> hosts;           ///< by rank
  std::vector<std::optional<Index>> cores;  ///< by rank; none where the rank is not pinned
  std::vector<LatencyPair> pairs;
  bool is_quiet = true;
  std::vector<std::string> disturbances;
  std::string date;
  std::string cpu;

  std::vector<Setting> settings;  ///< every one, in the file's order
  std::vector<LatencyResult> results;
};

/// Throws InputError, one line: the file, the line or field, what is wrong, what is accepted.
[[nodiscard]] LatencyRun read_latency_run(const std::filesystem::path& directory);

/// In the file's order; those to all others are among them where the pair's initiator made them. Views into run.
[[nodiscard]] std::vector<const LatencyResult*> results_of_first_pair(const LatencyRun& run);

/// The names in the order of their first results.
[[nodiscard]] std::vector<std::string_view> operations_of(const std::vector<const LatencyResult*>& results);

/// One operation's results by rising size.
[[nodiscard]] std::vector<const LatencyResult*> by_size(const std::vector<const LatencyResult*>& results,
                                                        std::string_view operation);

}  // namespace wolfpack::report
