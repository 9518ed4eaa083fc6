// What a shard's owner folded when, as it was recorded: a shard that follows a script folds the same clocks in the same
// batches, whatever the timing, and so publishes the same versions.
//
// Who read version v in the recorded run has to find it, so the owner does not write a slot again before all recorded
// reads of the version in it have been made again; workers tell how many they have made (JobLayout::reads_offset).
// Nobody can block, with any number of shards: a read of version v was over before the writing of v + kRowSlots began
// (ps/row.hpp), so whatever a replay waits for came before in the recorded run, too.
//
//     shard_options.script = script;
#pragma once

#include <algorithm>
#include <cstdint>
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

struct FoldScript {
  /// A read of a row. Version 0: there was nothing to read.
  struct Read {
    Key key;
    Version version;
  };

  std::vector<Fold> folds;
  std::vector<std::vector<Read>> reads;   ///< by worker, in the order in which it made them
  std::vector<Clock> clocks;              ///< by worker: the iterations that it made
  StopReason said = StopReason::running;  ///< by a merge policy, after the last fold

  /// Whether the worker, having made `reads_made` reads, has still to read `key` at `version` or before.
  [[nodiscard]] bool still_reads(WorkerId worker, std::uint64_t reads_made, Key key, Version version) const {
    const auto& all = reads[worker.value];
    const auto begin = all.begin() + static_cast<std::ptrdiff_t>(std::min<std::uint64_t>(reads_made, all.size()));
    const auto next =
        std::find_if(begin, all.end(), [key](const Read& read) { return read.key == key && read.version.value != 0; });
    return next != all.end() && next->version <= version;
  }

  /// Whether the slot that the version after `newest` takes is free of readers.
  [[nodiscard]] bool slot_is_free(WorkerId worker, std::uint64_t reads_made, Key key, Version newest) const {
    return newest.value < kRowSlots || !still_reads(worker, reads_made, key, {newest.value + 1 - kRowSlots});
  }
};

}  // namespace wolfpack::ps
