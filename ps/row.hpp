// Rows: published whole by the owner, read by one get, validated without another.
//
// A row has kRowSlots immutable slots; version v lies in slot v mod kRowSlots. The protocol that makes torn rows
// impossible to accept:
//
//   - the owner writes slot v only when the word "newest = v - 1" has been flushed to every worker's board; then it
//     pushes "newest = v";
//   - a reader reads its own word, v; gets slot v; and accepts only if after that its own word is at most
//     v + kRowSlots - 2.
//
// Why: version v + kRowSlots is the next to use the slot, and its writing begins only after "newest = v + kRowSlots -
// 1" had been flushed to this reader. If the reader's word, looked at after the get, is still at most v + kRowSlots -
// 2, that flush had not completed, so the writing had not begun when the get was complete. Where a
// flush is an order of stores alone (transport.hpp) they settle it: who has got a byte of the new slot finds the word.
// Words never fall, and pushes may skip versions: a skipped word is never waited for.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "ps/merge_policy.hpp"
#include "ps/wire_layout.hpp"
#include "transport/transport.hpp"

namespace wolfpack::ps {

/// The owner's side of a row. Owner thread only.
class RowPublisher {
 public:
  RowPublisher(const JobLayout& layout, Key key, std::span<std::byte> shard_memory)
      : layout_(layout), key_(key), memory_(shard_memory) {}

  [[nodiscard]] Version version() const { return version_; }

  /// Writes the next version into its slot. The caller has made sure that the word of version() is flushed to every
  /// reader. Throws RuntimeFailure where the payload exceeds the row's capacity.
  void publish(std::span<const std::byte> payload, std::span<const std::uint64_t> folded);

  /// Fetches the slot of the next version into this core's cache, for writing: readers have its lines in theirs, and to
  /// take them back costs much of what publishing costs. A hint, for when there is time.
  void prefetch_next_slot() const;

 private:
  const JobLayout& layout_;
  Key key_;
  std::span<std::byte> memory_;
  Version version_;
  std::uint64_t slot_bytes_ = 0;  // that the last version took
};

/// A row as it was published: one version of all its parts.
struct RowSnapshot {
  Version version;
  std::vector<Clock> folded;           ///< by worker: its updates of clocks before this are in the row
  std::span<const std::byte> payload;  ///< the reader's, until it reads another version
};

/// The reader's side of a row. One thread's.
class RowReader {
 public:
  /// `newest_word` is where the owner pushes the newest version: on the reader's board.
  RowReader(transport::Channel& channel, const transport::RemoteRegion& shard, const JobLayout& layout, Key key,
            const std::byte* newest_word);

  [[nodiscard]] Version newest() const;
  /// One try at the newest version there is: one get, and none where `snapshot()` holds it already. `is_newest` says
  /// whether snapshot() now does; not where the owner was quicker, and a later try will read a later version. Needs
  /// newest() > 0. ok, the transport's error, or what `check` ended the wait for the get with.
  Status refresh(bool& is_newest, const transport::WaitCheck& check);
  /// Likewise for one version, which newest() must have reached, where the owner does not write its slot again before
  /// it has been told of this read (ps/fold_script.hpp). `is_there` says whether snapshot() now holds it.
  Status read_held(Version version, bool& is_there, const transport::WaitCheck& check);
  [[nodiscard]] const RowSnapshot& snapshot() const { return snapshot_; }

 private:
  Status get(std::uint64_t offset, std::span<std::byte> destination, const transport::WaitCheck& check);
  Status read(Version version, std::uint64_t most_behind, bool& is_there, const transport::WaitCheck& check);
  Status fetch(Version version, std::uint64_t most_behind, bool& accepted, const transport::WaitCheck& check);

  transport::Channel& channel_;
  transport::RemoteRegion shard_;
  const JobLayout& layout_;
  Key key_;
  const std::byte* newest_word_;
  RowSnapshot snapshot_;
  Bytes slot_;                        // what a get brings
  Bytes accepted_slot_;               // what snapshot_ refers to
  std::uint64_t expected_bytes_ = 0;  // of a payload: what the last one had
};

}  // namespace wolfpack::ps
