// What every worker did, one row an iteration. Kept by the worker, gathered at the end of the job.
#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>
#include <optional>
#include <type_traits>
#include <utility>
#include <vector>

#include "base/types.hpp"

namespace wolfpack::runtime {

/// What an application says of its iteration: of the model that it read, and of the work that it did on it.
struct Note {
  double objective = std::numeric_limits<double>::quiet_NaN();  ///< NaN: unknown
  double gap = std::numeric_limits<double>::infinity();         ///< the optimum is at most this much better
  std::uint64_t work = 0;                                       ///< in a unit of the application's
};

/// Times are seconds; start and end count from the start of the job on one time base for all workers. Wire format of
/// the gathering.
struct TraceRow {
  WorkerId worker;
  std::uint32_t reserved = 0;
  Clock clock;
  double start = 0.0;
  double end = 0.0;
  double wait = 0.0;  ///< for the lead rule, the read rule, or something new to read
  double get = 0.0;
  double compute = 0.0;         ///< inside Iteration::compute()
  double straggle = 0.0;        ///< injected delay
  double update = 0.0;          ///< all else: updates, the tick, and what the body does outside of compute()
  double put = 0.0;             ///< of that, inside the puts of updates and the tick, and waits for them to leave
  Version version;              ///< last read; 0: none
  std::uint64_t staleness = 0;  ///< observed at the last read, in clocks
  Note note;

  void finish(double at) {
    end = at;
    update = std::max(0.0, end - start - wait - get - compute - straggle);
  }
};
static_assert(std::is_trivially_copyable_v<TraceRow>);

using Trace = std::vector<TraceRow>;

/// What the transport took of the workers' time: their seconds inside gets and puts, of all that they iterated. It is
/// what a free transport would save them of their own time. Waits for others are no part of it, even where what the
/// others do is transport (an owner's puts, from its own thread, show as their readers' waits). None without a trace.
[[nodiscard]] inline std::optional<double> transport_share(const Trace& trace) {
  double transport = 0.0, all = 0.0;
  for (const TraceRow& row : trace) {
    transport += row.get + row.put;
    all += row.end - row.start;
  }
  return all > 0.0 ? std::optional(std::min(1.0, transport / all)) : std::nullopt;
}

/// A trace that grows without moving what it has: an iteration may take less time than that.
class TraceLog {
 public:
  void add(const TraceRow& row) {
    if (chunks_.empty() || chunks_.back().size() == kChunkRows) chunks_.emplace_back().reserve(kChunkRows);
    chunks_.back().push_back(row);
  }
  /// Empties the log.
  [[nodiscard]] Trace take() {
    Trace all;
    if (!chunks_.empty()) all.reserve((chunks_.size() - 1) * kChunkRows + chunks_.back().size());
    for (Trace& chunk : std::exchange(chunks_, {})) all.insert(all.end(), chunk.begin(), chunk.end());
    return all;
  }

 private:
  static constexpr std::size_t kChunkRows = 4096;
  std::vector<Trace> chunks_;
};

}  // namespace wolfpack::runtime
