// A recorded SSP run: who read which version when, and which clocks the owners folded together. Nothing else of a run
// depends on timing, so a replay that repeats this repeats the run to the same bits. An iteration that the stop cut off
// changed nothing, and is not repeated.
//
//     const auto recorded = job.iterate({.staleness = {3}, .record = true}, body);
//     if (job.worker().value == 0) write(file, recorded.recording.to_text());
//     ...
//     const Recording recording = Recording::from_text(text, file_name);
//     job.iterate({.staleness = {3}, .replay = &recording}, body);      // the same body on the same data
//
// Text, a line an entry, numbers in decimal, reasons those of ps::StopReason:
//
//     wolfpack-recording 2
//     setting NAME VALUE                                   any number: the application's own
//     job WORKERS SHARDS
//     clocks CLOCKS...                                     the iterations that each worker finished
//     read WORKER CLOCK KEY VERSION FLOOR OWN_FOLDED       in order; VERSION 0: it gave way, with nothing to read
//     fold SHARD CLOCKS... KEYS...                         in order: the folded vector after it, the rows published
//     said SHARD REASON                                    a merge policy, after the last fold
//     stop REASON
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "ps/fold_script.hpp"
#include "ps/wire_layout.hpp"

namespace wolfpack::runtime {

struct ReadRecord {
  Clock clock;
  ps::Key key;
  std::uint32_t reserved = 0;
  Version version;   ///< 0: nothing newer would come
  Clock floor;       ///< as the reader knew it: the floor pushed may be ahead of the row's
  Clock own_folded;  ///< likewise
};

/// What a shard's owner did.
struct ShardRecord {
  std::vector<ps::Fold> folds;
  ps::StopReason said = ps::StopReason::running;  ///< a merge policy, after the last fold
};

struct Recording {
  std::vector<std::pair<std::string, std::string>> settings;
  std::vector<Clock> clocks;                   ///< by worker: the iterations that it finished
  std::vector<std::vector<ReadRecord>> reads;  ///< by worker: in these iterations
  std::vector<ShardRecord> shards;
  ps::StopReason stop = ps::StopReason::running;

  [[nodiscard]] std::size_t workers() const { return reads.size(); }
  [[nodiscard]] std::shared_ptr<const ps::FoldScript> script(std::uint64_t shard) const;

  [[nodiscard]] std::string to_text() const;
  /// Throws InputError with `name`, the line and what is wrong with it, also where the reads and folds cannot all be
  /// made in any order: a replay of the same program never waits for what cannot come.
  [[nodiscard]] static Recording from_text(const std::string& text, const std::string& name);
};

/// One worker's place in the recording that it repeats.
class ReadReplay {
 public:
  ReadReplay(const Recording& recording, WorkerId worker) : reads_(recording.reads[worker.value]), worker_(worker) {}

  /// The next read. Throws RuntimeFailure where it is not one of `key` at `clock`: the run has left the recording,
  /// which belongs to other data, options or code.
  const ReadRecord& next(Clock clock, ps::Key key);
  /// Likewise where the recording has more reads at `clock`, which ends.
  void end(Clock clock) const;
  [[noreturn]] void leave(Clock clock, ps::Key key) const;

 private:
  const std::vector<ReadRecord>& reads_;
  WorkerId worker_;
  std::size_t next_ = 0;
};

}  // namespace wolfpack::runtime
