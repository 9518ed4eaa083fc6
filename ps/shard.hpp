// A shard: the owner's side of the parameter server. Drains the writers' lanes, folds their updates into rows,
// publishes the rows, and puts into every worker's board what it has to know: newest versions, folded clocks, room in
// its lane, and when to stop.
//
// One thread calls step() again and again (runtime/shard_owner.hpp); no call blocks. A shard knows workers and clocks
// but neither what the rows mean nor why a job goes on.
//
// Folding: a record is merged only when its writer's end-of-clock record is there, so the folded vector counts whole
// clocks. At staleness 0 a clock is merged only when every worker's is complete, in worker order, one clock a
// publication: the same bits on every run. Otherwise all complete clocks that wait are merged at once, after a moment's
// patience where asked for. A shard without rows has nothing to fold, so nobody writes to its lanes: it only says when
// all iterations are done, by the clock words of its host's board. While a publication waits for its words to be
// flushed, lanes are drained all the same.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "base/time.hpp"
#include "ps/fold_patience.hpp"
#include "ps/fold_script.hpp"
#include "ps/lane.hpp"
#include "ps/merge_policy.hpp"
#include "ps/owner_push.hpp"
#include "ps/row.hpp"
#include "ps/wire_layout.hpp"
#include "transport/transport.hpp"

namespace wolfpack::ps {

struct ShardOptions {
  std::uint64_t shard = 0;
  Staleness staleness = kAsynchronous;  ///< 0: fold clock by clock
  std::optional<Clock> last_clock;      ///< iterations a worker: the job is done when all are folded in
  double fold_patience = 0.0;           ///< share of a round to wait for more before a fold (ps/fold_patience.hpp)
  std::span<const std::byte> host_board = {};  ///< of the worker that hosts the shard: a shard without rows needs it
  bool records_folds = false;
  std::shared_ptr<const FoldScript> script = nullptr;  ///< fold by it, whatever the other options say
};

class Shard {
 public:
  /// `memory` is this shard's region; `boards` the workers' boards, by worker, opened on `channel`. Rows are published
  /// as version 1 before this returns; the words go out with the first step().
  Shard(const JobLayout& layout, const std::vector<RowSpec>& rows, const ShardOptions& options,
        std::span<std::byte> memory, transport::Channel& channel, const std::vector<transport::RemoteRegion>& boards);
  Shard(const Shard&) = delete;
  Shard& operator=(const Shard&) = delete;
  ~Shard();

  /// Drains, folds, publishes, pushes: whatever can be done at the time `now`, in seconds. Returns whether there was
  /// anything to do. Throws RuntimeFailure where a lane is broken, a policy throws or the transport fails.
  bool step(double now = monotonic_seconds());

  /// The first reason given stays. Rows are not published any more.
  void request_stop(StopReason reason);
  [[nodiscard]] StopWord stop() const { return stop_; }
  /// True once every worker's board holds the stop word.
  [[nodiscard]] bool stop_is_known_everywhere() const;

  /// Where asked for, what was folded when, and which reason to stop a merge policy gave.
  [[nodiscard]] const std::vector<Fold>& recorded_folds() const { return recorded_folds_; }
  [[nodiscard]] StopReason said() const { return said_; }

  [[nodiscard]] Clock folded(WorkerId worker) const { return {folded_[worker.value]}; }
  [[nodiscard]] Clock floor() const;
  [[nodiscard]] Version version(Key key) const;
  [[nodiscard]] MergePolicy& policy(Key key);

 private:
  struct Update;
  struct PendingClock;
  struct Row;

  bool drain();
  bool end_without_rows();
  bool fold_and_publish();
  [[nodiscard]] bool may_publish() const;
  [[nodiscard]] bool everyone_finished(Clock clock) const;
  [[nodiscard]] bool needs_a_fold(WorkerId worker) const;
  bool merge();
  bool merge_by_script();
  void check_script(const Fold& fold) const;
  [[nodiscard]] bool has_arrived(WorkerId writer, std::uint64_t clocks) const;
  void merge_next_clock(WorkerId writer);
  [[nodiscard]] Row* find(Key key);
  [[nodiscard]] const Row* find(Key key) const;
  bool push();

  const JobLayout& layout_;
  ShardOptions options_;
  transport::Channel& channel_;
  std::vector<LaneReader> lanes_;
  std::vector<std::deque<PendingClock>> pending_;  // by writer; the last one may still be open
  std::vector<std::uint64_t> folded_;              // by writer: clocks folded in
  std::vector<const std::byte*> reads_words_;      // by worker: reads made, in a replay
  std::size_t folds_ = 0;                          // so far
  std::vector<Fold> recorded_folds_;
  StopReason said_ = StopReason::running;  // by a merge policy
  std::vector<std::unique_ptr<Row>> rows_;
  std::vector<std::unique_ptr<OwnerPush>> pushes_;     // by worker
  std::vector<std::pair<Key, std::uint64_t>> newest_;  // scratch: what push() tells of the rows
  Bytes payload_;                                      // scratch: a row on its way into its slot
  FoldPatience patience_;
  double now_ = 0.0;  // of the step under way
  StopWord stop_;
};

}  // namespace wolfpack::ps
