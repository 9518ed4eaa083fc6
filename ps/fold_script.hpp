// What a shard's owner folded when, as it was recorded: a shard that follows a script folds the same clocks in the same
// batches, whatever the timing, and so publishes the same versions.
//
// The owner must not run ahead of the readers either: who read version v in the recorded run has to find it. So it
// folds on only when every read of what is published now has been made again; workers tell how many they have made
// (JobLayout::reads_offset). That cannot block: a read waits for versions published before it alone.
//
//     shard_options.script = script;
#pragma once

#include <cstdint>
#include <vector>

#include "ps/wire_layout.hpp"

namespace wolfpack::ps {

inline constexpr const char* kLeavesTheRecording =
    "the replay leaves the recording, which is of other data, with other options or by another version";

struct FoldScript {
  /// A read of a row, in the order in which its worker made them. Version 0: there was nothing to read.
  struct Read {
    Clock clock;
    Key key;
    Version version;
  };

  std::vector<std::vector<std::uint64_t>> folds;  ///< the folded vector after each fold
  std::vector<std::vector<Read>> reads;           ///< by worker: in the clocks that were folded in
  StopReason stop = StopReason::running;          ///< after the last fold

  /// Whether the worker waits for ever: for a version that is not published, before it can end a clock before
  /// `clocks`, which the next publication needs.
  template <class VersionOf>
  [[nodiscard]] bool is_stuck(WorkerId worker, std::uint64_t reads_made, std::uint64_t clocks,
                              VersionOf version_of) const {
    const auto& all = reads[worker.value];
    return reads_made < all.size() && all[reads_made].clock.value < clocks &&
           all[reads_made].version > version_of(all[reads_made].key);
  }

  /// Whether `reads_made` of the worker hold all that it can make of the versions published now.
  template <class VersionOf>
  [[nodiscard]] bool has_read(WorkerId worker, std::uint64_t reads_made, VersionOf version_of) const {
    const auto& all = reads[worker.value];
    return reads_made >= all.size() || all[reads_made].version > version_of(all[reads_made].key);
  }
};

}  // namespace wolfpack::ps
