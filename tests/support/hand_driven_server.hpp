// A parameter server whose workers and shards are all driven by one thread: nothing happens but what a test makes
// happen.
//
//     HandDrivenServer server(GetParam(), {add_row({0, 0})}, {.workers = 2});
//     server.client(0).update(...);  server.client(0).tick({0});  server.settle();
//
// A client that waits calls `on_wait`; what that returns ends the wait where it is not ok. A forgotten wait ends by
// itself as a failure. A wait for the transport, which carries things out by itself, is none: it is not told of.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "ps/client.hpp"
#include "ps/shard.hpp"
#include "ps/value.hpp"
#include "tests/support/backends.hpp"
#include "tests/support/watched_channel.hpp"

namespace wolfpack::testing {

class HandDrivenServer {
 public:
  struct Options {
    std::uint64_t workers = 2;
    std::uint64_t shards = 1;
    bool bulk_synchronous = false;
    std::optional<Clock> last_clock = std::nullopt;
    std::uint64_t lane_bytes = 4096;
  };

  HandDrivenServer(const Backend& backend, std::vector<ps::RowSpec> rows, const Options& options)
      : rows_(std::move(rows)) {
    std::vector<ps::RowCapacity> capacities;
    for (const auto& row : rows_) capacities.push_back(row.capacity);
    layout_ = ps::JobLayout::make(options.workers, options.shards, capacities, options.lane_bytes);
    for (std::uint64_t i = 0; i < options.workers; ++i) {
      auto& worker = workers_.emplace_back(std::make_unique<Worker>());
      worker->transport = backend.make();
      worker->serving = std::make_unique<Serving>(*worker->transport);
      worker->board = worker->transport->allocate(layout_.board_bytes(), transport::MemoryKind::host);
      if (i < options.shards)
        worker->shard_memory = worker->transport->allocate(layout_.shard_bytes(i), transport::MemoryKind::host);
    }
    for (std::uint32_t i = 0; i < options.workers; ++i) make_client(i);
    for (std::uint64_t s = 0; s < options.shards; ++s) make_shard(s, options);
  }
  ~HandDrivenServer() {
    for (auto& worker : workers_) {  // channels, then the memory that they reach
      worker->client.reset();
      worker->shard.reset();
      worker->channel.reset();
      worker->owner_channel.reset();
    }
  }

  [[nodiscard]] const ps::JobLayout& layout() const { return layout_; }
  [[nodiscard]] ps::Client& client(std::size_t worker) { return *workers_[worker]->client; }
  [[nodiscard]] ps::Shard& shard(std::size_t shard = 0) { return *workers_[shard]->shard; }

  /// Waits until all that clients have put is visible.
  void deliver() {
    for (auto& worker : workers_) flush(*worker->channel, worker->boards);
  }

  /// Steps every shard, or that one alone, until none has anything to do and all that was put is visible.
  void settle(std::optional<std::size_t> shard = std::nullopt) {
    deliver();
    const auto check = patience();
    for (int quiet = 0; quiet < 3;) {
      bool any = false;
      for (std::size_t s = 0; s < workers_.size(); ++s) {
        Worker& host = *workers_[s];
        if (!host.shard || s != shard.value_or(s)) continue;
        any |= host.shard->step();
        flush(*host.owner_channel, host.owner_boards);
      }
      quiet = any ? 0 : quiet + 1;
      if (!check().ok()) {
        ADD_FAILURE() << "the shards never come to rest";
        return;
      }
    }
  }

  /// How often clients have waited, and what they do then.
  int waits = 0;
  std::function<Status()> on_wait;

 private:
  struct Worker {
    std::unique_ptr<transport::Transport> transport;
    std::unique_ptr<Serving> serving;
    std::unique_ptr<transport::Region> board, shard_memory;
    std::unique_ptr<WatchedChannel> channel;
    std::unique_ptr<transport::Channel> owner_channel;
    std::vector<transport::RemoteRegion> boards, shards;  // on channel
    std::vector<transport::RemoteRegion> owner_boards;    // on owner_channel
    std::unique_ptr<ps::Client> client;
    std::unique_ptr<ps::Shard> shard;
  };

  static void flush(transport::Channel& channel, const std::vector<transport::RemoteRegion>& boards) {
    transport::Completion done;
    for (const auto& board : boards) EXPECT_TRUE(channel.flush(board.peer, done).ok());
    const Status status = wait(channel, done, patience());
    EXPECT_TRUE(status.ok()) << status.message();
  }

  void make_client(std::uint32_t i) {
    Worker& worker = *workers_[i];
    worker.channel = std::make_unique<WatchedChannel>(worker.transport->open_channel());
    for (auto& other : workers_) {
      const auto peer = worker.channel->connect(other->transport->address(), "peer");
      worker.boards.push_back(worker.channel->open(peer, other->board->descriptor()));
      if (other->shard_memory) worker.shards.push_back(worker.channel->open(peer, other->shard_memory->descriptor()));
    }
    const auto check = [this, &channel = *worker.channel]() -> Status {
      if (Status status = patience_(); !status.ok()) return status;
      if (channel.under_way() > 0) return {};
      ++waits;
      return on_wait ? on_wait() : Status(StatusCode::deadline_exceeded, "a wait that nobody expects");
    };
    worker.client = std::make_unique<ps::Client>(layout_, rows_, WorkerId{i}, *worker.channel, worker.board->bytes(),
                                                 worker.boards, worker.shards, check);
  }

  void make_shard(std::uint64_t s, const Options& options) {
    Worker& host = *workers_[s];
    host.owner_channel = host.transport->open_channel();
    for (auto& other : workers_)
      host.owner_boards.push_back(host.owner_channel->open(
          host.owner_channel->connect(other->transport->address(), "peer"), other->board->descriptor()));
    const ps::ShardOptions shard_options{.shard = s,
                                         .staleness = options.bulk_synchronous ? kBulkSynchronous : kAsynchronous,
                                         .last_clock = options.last_clock,
                                         .fold_patience = 0.0};
    host.shard = std::make_unique<ps::Shard>(layout_, rows_, shard_options, host.shard_memory->bytes(),
                                             *host.owner_channel, host.owner_boards);
  }

  std::vector<ps::RowSpec> rows_;
  ps::JobLayout layout_;
  transport::WaitCheck patience_ = patience(60.0);  // a wait that nobody ends
  std::vector<std::unique_ptr<Worker>> workers_;
};

/// A policy that keeps a log of what it is asked, and answers what a test says.
struct MergeLog {
  struct Entry {
    WorkerId writer;
    Clock clock;
    std::uint64_t value;
    bool operator==(const Entry&) const = default;
  };
  std::vector<Entry> merges;
  std::vector<Version> settles;           ///< the version offered at each
  std::vector<bool> publishes_unchanged;  ///< at each
  std::vector<std::size_t> merges_at_settle;
  std::size_t writes = 0;  ///< of the row; the first is the initial one
  bool changed = true;
  std::optional<ps::StopReason> stop;
};

class LogPolicy final : public ps::MergePolicy {
 public:
  explicit LogPolicy(std::shared_ptr<MergeLog> log) : log_(std::move(log)) {}
  void merge(WorkerId writer, Clock clock, std::span<const std::byte> update) override {
    log_->merges.push_back({writer, clock, ByteReader(update).value<std::uint64_t>()});
  }
  ps::Settlement settle(const ps::SettleContext& context) override {
    log_->settles.push_back(context.next);
    log_->publishes_unchanged.push_back(context.publishes_unchanged);
    log_->merges_at_settle.push_back(log_->merges.size());
    return {.changed = log_->changed, .stop = log_->stop};
  }
  void write_row(Bytes& row) const override {
    ++log_->writes;
    ByteWriter(row).value<std::uint64_t>(log_->merges.size());
  }

 private:
  std::shared_ptr<MergeLog> log_;
};

/// A row whose payload is the number of merged updates; updates begin with 8 bytes and may take up to `update_bytes`.
inline ps::RowSpec logged_row(std::shared_ptr<MergeLog> log, std::uint64_t update_bytes = 8,
                              ps::OwnUpdates own = ps::OwnUpdates::application) {
  return {.capacity = {.row_bytes = 8, .update_bytes = update_bytes}, .own_updates = own, .make_policy = [log] {
            return std::make_unique<LogPolicy>(log);
          }};
}

inline Bytes number_update(std::uint64_t value, std::size_t size = 8) {
  Bytes bytes;
  ByteWriter(bytes).value(value);
  bytes.resize(std::max<std::size_t>(size, 8), std::byte{0x11});
  return bytes;
}

}  // namespace wolfpack::testing
