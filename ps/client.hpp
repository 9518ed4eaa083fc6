// A worker's side of the parameter server: get, update, tick.
//
//     client.update(key, clock, encode_sparse(indices, values)).or_throw();
//     client.tick(clock).or_throw();
//     client.get(key, required, row).or_throw();
//
// One thread's, with that thread's channel. Every call that waits ends early with `stopped` when a stop word is there
// and with whatever the WaitCheck returns (runtime/liveness.hpp). Updates become visible to the owner at the tick at
// the latest; before it, in quarters of the lane. A key that the job has no row for throws InputError.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "base/backoff.hpp"
#include "ps/clock_table.hpp"
#include "ps/lane.hpp"
#include "ps/merge_policy.hpp"
#include "ps/row.hpp"
#include "ps/wire_layout.hpp"
#include "transport/transport.hpp"

namespace wolfpack::ps {

/// What get() answers: valid until the next get() of the same key.
struct Row {
  Version version;
  Clock floor;       ///< every worker's updates of clocks before this are in it, but perhaps the reader's own
  Clock own_folded;  ///< the reader's own updates of clocks before this are folded in
  std::span<const std::byte> payload;  ///< with the own unfolded updates, as the row's OwnUpdates say
  double waited_seconds = 0.0;         ///< for the read rule; fetching what came of it is no wait
};

class Client {
 public:
  /// `boards` and `shards`: the remote regions by worker and by shard, opened on `channel`. References outlive the
  /// client. `meanwhile`, where not empty, is called again and again while a call waits; it says whether it did
  /// anything that may end the wait.
  Client(const JobLayout& layout, const std::vector<RowSpec>& rows, WorkerId self, transport::Channel& channel,
         std::span<std::byte> own_board, const std::vector<transport::RemoteRegion>& boards,
         const std::vector<transport::RemoteRegion>& shards, transport::WaitCheck check,
         std::function<bool()> meanwhile = {});

  /// The newest published version of the row. Waits only while that one lacks an update of another worker of a clock
  /// before `required` (the read rule: required = clock - staleness), or, of a row with OwnUpdates::wait, an own one of
  /// a clock that has ended.
  Status get(Key key, Clock required, Row& row);

  /// One version of the row, waited for where it is not published yet: for a replay, whose owner waits for its readers.
  /// out_of_range where it is gone.
  Status get_version(Key key, Version version, Row& row);
  /// For a replay: tells the owner that this worker has made one more read of the shard's rows.
  Status tell_read(Key key);
  /// For a replay, before its first update: it reads versions that lack own updates which are folded in by then, so
  /// only a version that has been read tells which are not needed any more.
  void keep_updates_until_read() { keeps_until_read_ = true; }

  /// Appends an update made in iteration `clock`. Throws RuntimeFailure where it is larger than the row's declared
  /// update capacity.
  Status update(Key key, Clock clock, std::span<const std::byte> value);

  /// Ends iteration `clock` in every shard that has rows, then tells everybody. Returns when the transport can finish
  /// that without this thread, which may then compute for long. `stopped` means that it has ended in no shard; where a
  /// stop came between two of them it has ended, and those that are left lack it.
  Status tick(Clock clock);

  [[nodiscard]] Version newest(Key key) const {
    check_key(key, rows_);
    return readers_[key.value]->newest();
  }
  /// Own updates of the row that are kept for its overlay: those not known to be folded in.
  [[nodiscard]] std::size_t kept_updates(Key key) const {
    check_key(key, rows_);
    return own_[key.value].size();
  }
  [[nodiscard]] const ClockTable& clocks() const { return clocks_; }
  /// Why the job stops; running while it does not. A shard that has folded in its last clock stops nobody until all
  /// shards have.
  [[nodiscard]] StopWord stop() const;
  /// ok; `stopped`; or what the WaitCheck says.
  [[nodiscard]] Status check() const;

  /// Seconds that update() has spent putting so far: a full lane is waited for, but not counted here.
  [[nodiscard]] double update_put_seconds() const;
  /// Seconds spent in `meanwhile` so far while a get or a put was waited for.
  [[nodiscard]] double meanwhile_seconds() const { return meanwhile_seconds_; }

  /// Waits until `ready()` or a stop word; the latter gives `stopped`.
  template <class Ready>
  Status wait_until(Ready ready);

 private:
  struct OwnUpdate {
    Clock clock;
    Bytes value;
  };

  [[nodiscard]] Clock floor_of(const RowSnapshot& snapshot, OwnUpdates own) const;
  void forget_before(Clock folded, Key key);
  Status wait_a_little(Backoff& backoff);
  void use_the_wait();
  [[nodiscard]] std::span<const std::byte> with_own_updates(Key key, const RowSnapshot& snapshot);

  const JobLayout& layout_;
  const std::vector<RowSpec>& rows_;
  WorkerId self_;
  transport::Channel& channel_;
  std::span<std::byte> board_;
  transport::WaitCheck check_;
  std::function<bool()> meanwhile_;
  double meanwhile_seconds_ = 0.0;
  const transport::WaitCheck while_waiting_;  // meanwhile_, stop words, then check_
  ClockTable clocks_;
  std::vector<transport::RemoteRegion> shards_;
  std::vector<std::unique_ptr<LaneWriter>> lanes_;   // by shard
  std::vector<std::unique_ptr<RowReader>> readers_;  // by key
  std::vector<std::deque<OwnUpdate>> own_;  // by key: not known to be folded in; only where an overlay needs them
  bool keeps_until_read_ = false;
  std::vector<Bytes> overlaid_;       // by key: what get() handed out
  std::vector<std::uint64_t> reads_;  // by shard: as told, the source of the put under way
  transport::Completion read_told_;
};

template <class Ready>
Status Client::wait_until(Ready ready) {
  for (Backoff backoff; !ready();)
    if (Status status = wait_a_little(backoff); !status.ok()) return status;
  return {};
}

}  // namespace wolfpack::ps
