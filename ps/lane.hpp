// A lane: one writer's append-only ring of records in a shard. That writer alone puts into it, the shard's owner alone
// takes out.
//
// Tail and head are 64-bit counts of all bytes ever written and taken, so full and empty never look alike. The writer
// composes records in private memory at the places they will have in the ring; publish() puts what is new in one piece
// (two at the wrap) and, ordered after it, the tail. The owner's head comes back by the board (wire_layout.hpp).
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "base/large_array.hpp"
#include "base/status.hpp"
#include "ps/wire_layout.hpp"
#include "transport/transport.hpp"

namespace wolfpack::ps {

/// The writer's end: one thread's, with that thread's channel.
class LaneWriter {
 public:
  /// `head_word` is where the owner puts the head: on the writer's board.
  LaneWriter(transport::Channel& channel, const transport::RemoteRegion& shard, const JobLayout& layout,
             WorkerId writer, const std::byte* head_word);

  /// Composes a record; publishes by itself where a quarter of the ring is unpublished. Waits while the ring is full.
  Status append(RecordKind kind, Key key, Clock clock, std::span<const std::byte> payload,
                const transport::WaitCheck& check);
  /// Puts all records and, ordered after them, the tail. Waits for an earlier publication to be on its way.
  Status publish(const transport::WaitCheck& check);
  /// Waits until the transport needs this thread no more to make what was published visible.
  Status settle(const transport::WaitCheck& check);
  /// Seconds that append() has spent publishing so far, without those that it waited for room.
  [[nodiscard]] double append_put_seconds() const { return append_put_seconds_; }

 private:
  Status wait_for_room(std::uint64_t bytes, const transport::WaitCheck& check);
  Status publish_within_append(const transport::WaitCheck& check);
  void compose(const RecordHeader& header, std::span<const std::byte> payload);
  [[nodiscard]] std::uint64_t ring_bytes() const { return ring_.size(); }

  transport::Channel& channel_;
  transport::RemoteRegion shard_;
  std::uint64_t lane_offset_;
  std::uint64_t tail_offset_;
  const std::byte* head_word_;
  LargeArray<std::byte> ring_;  // what the ring in the shard holds, or will
  std::uint64_t written_ = 0;
  std::uint64_t published_ = 0;
  std::uint64_t tail_word_ = 0;  // the source of the put under way
  double append_put_seconds_ = 0.0;
  transport::Completion in_flight_;
};

/// The owner's end: the owner's thread only.
class LaneReader {
 public:
  using Visit = std::function<void(const RecordHeader&, std::span<const std::byte> payload)>;

  LaneReader(std::span<const std::byte> ring, const std::byte* tail_word) : ring_(ring), tail_word_(tail_word) {}

  /// Visits every record that is visible, in order, in place; they are taken once this returns. Returns whether there
  /// was any. Throws RuntimeFailure where the lane does not hold records: its writer or the transport is broken.
  bool drain(const Visit& visit);

  /// Bytes ever taken: what the writer may overwrite.
  [[nodiscard]] std::uint64_t head() const { return head_; }

 private:
  std::span<const std::byte> ring_;
  const std::byte* tail_word_;
  std::uint64_t head_ = 0;
};

}  // namespace wolfpack::ps
