// Two ends of a wire in one process, for tests of what is built right on the transport: `shard` memory and a `board`,
// and channels from one to the other.
//
//     Wires wires(GetParam(), layout);
//     LaneWriter writer(*wires.writer_channel, wires.remote_shard, layout, {0}, wires.board() +
//     layout.lane_head_offset(0));
#pragma once

#include <memory>
#include <optional>
#include <span>

#include "ps/wire_layout.hpp"
#include "tests/support/backends.hpp"

namespace wolfpack::testing {

struct Wires {
  Wires(const Backend& backend, const ps::JobLayout& layout) : worker(backend.make()), owner(backend.make()) {
    board_region = worker->allocate(layout.board_bytes(), transport::MemoryKind::host);
    shard_region = owner->allocate(layout.shard_bytes(0), transport::MemoryKind::host);
    serving_worker.emplace(*worker);
    serving_owner.emplace(*owner);
    worker_channel = worker->open_channel();
    remote_shard = worker_channel->open(worker_channel->connect(owner->address(), "peer"), shard_region->descriptor());
    owner_channel = owner->open_channel();
    remote_board = owner_channel->open(owner_channel->connect(worker->address(), "peer"), board_region->descriptor());
  }

  /// Waits until all that the worker, or the owner, has put is visible.
  [[nodiscard]] Status deliver() const { return flush(*worker_channel, remote_shard.peer); }
  [[nodiscard]] Status deliver_owners() const { return flush(*owner_channel, remote_board.peer); }

  [[nodiscard]] std::span<std::byte> shard() const { return shard_region->bytes(); }
  [[nodiscard]] std::byte* board() const { return board_region->bytes().data(); }

  std::unique_ptr<transport::Transport> worker, owner;
  std::optional<Serving> serving_worker, serving_owner;
  std::unique_ptr<transport::Region> board_region, shard_region;
  std::unique_ptr<transport::Channel> worker_channel, owner_channel;
  transport::RemoteRegion remote_shard;  // on worker_channel
  transport::RemoteRegion remote_board;  // on owner_channel

 private:
  static Status flush(transport::Channel& channel, transport::PeerIndex peer) {
    transport::Completion done;
    if (Status status = channel.flush(peer, done); !status.ok()) return status;
    return wait(channel, done, patience());
  }
};

}  // namespace wolfpack::testing
