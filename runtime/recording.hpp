// A recorded SSP run: who read which version when, and which clocks the owner folded together. Nothing else of a run
// depends on timing, so a replay that repeats this repeats the run to the same bits. What the stop cut off before it
// was folded in changed nothing, and is not repeated.
//
//     const auto recorded = job.iterate({.staleness = {3}, .record = true}, body);
//     if (job.worker().value == 0) write(file, recorded.recording.to_text());
//     ...
//     const Recording recording = Recording::from_text(text, file_name);
//     job.iterate({.staleness = {3}, .replay = &recording}, body);      // the same body on the same data
//
// Of jobs with one shard. Text, a line an entry, numbers in decimal:
//
//     wolfpack-recording 1
//     setting NAME VALUE                                   any number: the application's own
//     workers N
//     read WORKER CLOCK KEY VERSION FLOOR OWN_FOLDED       in order; VERSION 0: it gave way, with nothing to read
//     fold CLOCKS...                                       the folded vector after each fold, by worker
//     stop REASON                                          the number of a ps::StopReason
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

struct Recording {
  std::vector<std::pair<std::string, std::string>> settings;
  std::vector<std::vector<ReadRecord>> reads;     ///< by worker
  std::vector<std::vector<std::uint64_t>> folds;  ///< see ps::FoldScript
  ps::StopReason stop = ps::StopReason::running;

  [[nodiscard]] std::size_t workers() const { return reads.size(); }
  /// How many of a worker's clocks were folded in: those that a replay repeats.
  [[nodiscard]] Clock folded(WorkerId worker) const { return {folds.empty() ? 0 : folds.back()[worker.value]}; }
  [[nodiscard]] std::shared_ptr<const ps::FoldScript> script() const;

  [[nodiscard]] std::string to_text() const;
  /// Throws InputError with `name`, the line and what is wrong with it.
  [[nodiscard]] static Recording from_text(const std::string& text, const std::string& name);
};

/// One worker's place in the recording that it repeats.
class ReadReplay {
 public:
  ReadReplay(const Recording& recording, WorkerId worker) : reads_(recording.reads[worker.value]), worker_(worker) {}

  /// The next read. Throws RuntimeFailure where it is not one of `key` at `clock`: the run has left the recording,
  /// which belongs to other data, options or code.
  const ReadRecord& next(Clock clock, ps::Key key);
  [[nodiscard]] std::uint64_t reads_made() const { return next_; }
  [[noreturn]] void leave(Clock clock, ps::Key key) const;

 private:
  const std::vector<ReadRecord>& reads_;
  WorkerId worker_;
  std::size_t next_ = 0;
};

}  // namespace wolfpack::runtime
