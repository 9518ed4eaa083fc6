// What a shard's owner puts into one worker's board, always the latest value and never more than one round under way.
//
// A round is two puts: first the block of words (stop, lane head, newest versions), flushed; then, if they rose, the
// floor, which is the least folded clock, and the worker's own folded clock. After the stop word there are no more
// rounds. The order matters for rows that do not change: a reader that sees floor c knows that the words of all rows
// which hold the updates before c are on its board already, so a row whose newest word has not moved is current up to
// c.
#pragma once

#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "ps/wire_layout.hpp"
#include "transport/transport.hpp"

namespace wolfpack::ps {

/// Owner thread only.
class OwnerPush {
 public:
  /// As on the board, from floor_offset().
  struct FoldedWords {
    std::uint64_t floor = 0;  ///< the least folded clock of all workers
    std::uint64_t own = 0;    ///< the board's owner's
    bool operator==(const FoldedWords&) const = default;
  };
  struct Words {
    std::uint64_t stop = 0;
    std::uint64_t lane_head = 0;
    std::span<const std::pair<Key, std::uint64_t>> newest;
    FoldedWords folded;
  };

  OwnerPush(const JobLayout& layout, std::uint64_t shard, transport::Channel& channel,
            const transport::RemoteRegion& board);

  /// Ends a round that is complete and begins one where `latest` has news; where the transport is done at once, a whole
  /// round. Returns whether anything happened. Throws RuntimeFailure where the transport fails.
  bool step(const Words& latest);

  /// The newest version of a row whose word is known to be on the board.
  [[nodiscard]] Version flushed_newest(Key key) const { return {flushed_[kNewest + key.value]}; }
  /// The stop word is on the board, and nothing more is put or under way.
  [[nodiscard]] bool stop_is_known() const { return flushed_[kStop] != 0 && stage_ == Stage::idle; }

 private:
  enum class Stage { idle, words, folded };
  static constexpr std::size_t kStop = 0, kLaneHead = 1, kNewest = 2;  // places in the block, as on the board

  bool advance(const Words& latest);
  [[nodiscard]] bool has_news(const Words& latest) const;
  void begin_words(const Words& latest);
  void begin_folded();

  const JobLayout& layout_;
  std::uint64_t shard_;
  transport::Channel& channel_;
  transport::RemoteRegion board_;
  transport::Completion done_;
  Stage stage_ = Stage::idle;
  std::vector<std::uint64_t> sent_;     // the block under way or last flushed: the source of the put
  std::vector<std::uint64_t> flushed_;  // the block that is known to be on the board
  FoldedWords folded_;                  // what goes with sent_
  FoldedWords folded_sent_;             // the source of the second put
};

}  // namespace wolfpack::ps
