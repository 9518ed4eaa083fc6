// The clock table: how many iterations each worker has finished, one word a worker, a copy on every board.
//
// A tick is a put into each copy. The table serves the lead rule alone; what reads may return is judged by the folded
// vector, because a clock word may overtake the lanes of other shards.
//
// The puts go straight to every board. A tree that forwards them pays off only where a put costs the sender more than a
// hop through another process costs in all; over shared memory a put is some 20 ns and a hop several µs, so that needs
// hundreds of workers.
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <vector>

#include "base/words.hpp"
#include "ps/wire_layout.hpp"
#include "transport/transport.hpp"

namespace wolfpack::ps {

/// One worker's copy and its way to the others'. That worker's thread only.
class ClockTable {
 public:
  /// `boards` by worker; the own one is written in place.
  ClockTable(const JobLayout& layout, WorkerId self, std::span<std::byte> own_board, transport::Channel& channel,
             std::vector<transport::RemoteRegion> boards)
      : layout_(layout), self_(self), board_(own_board), channel_(channel), boards_(std::move(boards)) {}

  [[nodiscard]] Clock clock(WorkerId worker) const { return {load_word(board_.data() + layout_.clock_offset(worker))}; }
  [[nodiscard]] Clock slowest() const {
    return extreme([](Clock a, Clock b) { return a < b; });
  }
  [[nodiscard]] Clock fastest() const {
    return extreme([](Clock a, Clock b) { return b < a; });
  }

  /// Tells everybody that this worker has finished `clock` iterations. Waits for the last word to be everywhere: two
  /// puts under way could land in the wrong order, and a clock fall.
  Status advance(Clock clock, const transport::WaitCheck& check) {
    if (Status status = settle(check); !status.ok()) return status;
    word_ = clock.value;
    store_word(board_.data() + layout_.clock_offset(self_), word_);
    for (std::uint32_t i = 0; i < boards_.size(); ++i) {
      if (i == self_.value) continue;
      const auto source = std::as_bytes(std::span(&word_, 1));
      if (Status status = channel_.put(boards_[i], layout_.clock_offset(self_), source, in_flight_); !status.ok())
        return status;
      if (Status status = channel_.flush(boards_[i].peer, in_flight_); !status.ok()) return status;
    }
    return {};
  }
  /// Waits until the last word is everywhere.
  Status settle(const transport::WaitCheck& check) {
    return in_flight_.done() ? in_flight_.status() : wait(channel_, in_flight_, check);
  }

 private:
  template <class Better>
  [[nodiscard]] Clock extreme(Better better) const {
    Clock best = clock({0});
    for (std::uint32_t i = 1; i < layout_.workers; ++i)
      if (const Clock other = clock({i}); better(other, best)) best = other;
    return best;
  }

  const JobLayout& layout_;
  WorkerId self_;
  std::span<std::byte> board_;
  transport::Channel& channel_;
  std::vector<transport::RemoteRegion> boards_;
  std::uint64_t word_ = 0;  // the source of the puts under way
  transport::Completion in_flight_;
};

}  // namespace wolfpack::ps
