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
#include <deque>
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
             const std::vector<transport::RemoteRegion>& boards)
      : layout_(layout), self_(self), board_(own_board), channel_(channel) {
    for (std::uint32_t i = 0; i < boards.size(); ++i)
      if (i != self.value) peers_.emplace_back(boards[i]);
  }

  [[nodiscard]] Clock clock(WorkerId worker) const { return {load_word(board_.data() + layout_.clock_offset(worker))}; }
  [[nodiscard]] Clock slowest() const {
    return extreme([](Clock a, Clock b) { return a < b; });
  }
  [[nodiscard]] Clock fastest() const {
    return extreme([](Clock a, Clock b) { return b < a; });
  }

  /// Tells everybody that this worker has finished `clock` iterations; who has not taken in the last word yet gets this
  /// one by catch_up(), since two puts under way could land in the wrong order, and a clock fall. Nobody waits for the
  /// slow.
  Status advance(Clock clock) {
    newest_ = clock.value;
    store_word(board_.data() + layout_.clock_offset(self_), newest_);
    channel_.progress();
    return catch_up();
  }
  /// Puts the newest word to those who can take it now. To be called while this worker waits.
  Status catch_up() {
    if (told_ == newest_) return {};
    bool all = true;
    for (Peer& peer : peers_) {
      if (peer.word == newest_) continue;
      all = all && peer.in_flight.done();
      if (!peer.in_flight.done()) continue;
      if (Status status = peer.in_flight.status(); !status.ok()) return status;
      peer.word = newest_;
      const auto source = std::as_bytes(std::span(&peer.word, 1));
      if (Status status = channel_.put(peer.board, layout_.clock_offset(self_), source, peer.in_flight); !status.ok())
        return status;
      if (Status status = channel_.flush(peer.board.peer, peer.in_flight); !status.ok()) return status;
    }
    if (all) told_ = newest_;
    return {};
  }
  /// Whether the last word told is flushed to everybody, or has failed, which the next advance() says.
  [[nodiscard]] bool is_known_everywhere() const {
    return told_ == newest_ &&
           std::all_of(peers_.begin(), peers_.end(), [](const Peer& peer) { return peer.in_flight.done(); });
  }

 private:
  struct Peer {
    explicit Peer(const transport::RemoteRegion& b) : board(b) {}
    transport::RemoteRegion board;
    std::uint64_t word = 0;  // the source of the put under way, at most one
    transport::Completion in_flight;
  };

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
  std::uint64_t newest_ = 0;
  std::uint64_t told_ = 0;  // everybody has been put this word at least
  std::deque<Peer> peers_;  // the others
};

}  // namespace wolfpack::ps
