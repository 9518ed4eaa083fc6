// The map of pairs: one N x N heat map of median latency, initiator by row and target by column, a size.
//
// Pure functions, safe from any thread.
#pragma once

#include <optional>
#include <string>

#include "experiments/report/latency_run.hpp"

namespace wolfpack::report {

/// Medians between all pairs; row-major, ranks x ranks.
struct PairTable {
  std::string operation;
  Index bytes = 0;
  Index ranks = 0;
  std::vector<std::optional<double>> p50_us;

  [[nodiscard]] std::optional<double> at(Index initiator, Index target) const {
    return p50_us[static_cast<std::size_t>(initiator * ranks + target)];
  }
};

/// Of put, or else of the first operation between two ranks: at its smallest size and, if it has several, its largest.
[[nodiscard]] std::vector<PairTable> pair_tables(const LatencyRun& run);

/// The section's HTML; empty where only one pair was measured.
[[nodiscard]] std::string pair_map_section(const LatencyRun& run);

}  // namespace wolfpack::report
