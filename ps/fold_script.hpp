// What a shard's owner folded when, as it was recorded: a shard that follows a script folds the same clocks in the same
// batches, whatever the timing, and so publishes the same versions.
//
// Who read version v in the recorded run has to find it, so the owner does not write a slot again before all recorded
// reads of the version in it have been made again; workers tell how many they have made (JobLayout::reads_offset).
// Nobody can block, with any number of shards, since whatever a replay waits for came before in the recorded run, too:
// a worker's reads and clocks come in their order, a fold after the clocks that it folds in, a read of version v after
// its publication, and the writing of v + kRowSlots after every read of v was over (ps/row.hpp).
//
//     shard_options.script = script;
#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <vector>

#include "ps/wire_layout.hpp"

namespace wolfpack::ps {

inline constexpr const char* kLeavesTheRecording =
    "the replay leaves the recording, which is of other data, with other options or by another version";

/// One batch of clocks that an owner folded together, and what it published then.
struct Fold {
  std::vector<std::uint64_t> clocks;  ///< the folded vector after it
  std::vector<Key> published;
  bool operator==(const Fold&) const = default;
};

/// A worker's reads in their order; of a key, versions never fall.
class ReadOrder {
 public:
  /// Version 0: a read that found nothing.
  void add(Key key, Version version) {
    if (version.value != 0) by_key_[key].push_back({size_, version});
    ++size_;
  }
  /// Whether the worker, having made `made` reads, has still to read the version that the one after `newest`
  /// overwrites.
  [[nodiscard]] bool holds_slot(std::uint64_t made, Key key, Version newest) const {
    const auto reads = by_key_.find(key);
    if (newest.value < kRowSlots || reads == by_key_.end()) return false;
    const auto next = std::partition_point(reads->second.begin(), reads->second.end(),
                                           [made](const Read& read) { return read.position < made; });
    return next != reads->second.end() && next->version.value + kRowSlots <= newest.value + 1;
  }

 private:
  struct Read {
    std::uint64_t position;
    Version version;
  };
  std::uint64_t size_ = 0;
  std::map<Key, std::vector<Read>> by_key_;
};

struct FoldScript {
  std::vector<Fold> folds;
  std::vector<ReadOrder> reads;           ///< by worker: of this shard's rows
  std::vector<Clock> clocks;              ///< by worker: the iterations that it made
  StopReason said = StopReason::running;  ///< by a merge policy, after the last fold
};

}  // namespace wolfpack::ps
