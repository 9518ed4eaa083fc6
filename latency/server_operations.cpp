#include "latency/server_operations.hpp"

#include <optional>
#include <thread>

#include "base/words.hpp"
#include "ps/client.hpp"
#include "ps/clock_table.hpp"
#include "ps/row.hpp"
#include "ps/shard.hpp"

namespace wolfpack::latency {
namespace {

constexpr std::uint64_t kFirstRegionBytes = 4096;
// Regions after the first: of row_read one, of the others these.
constexpr std::size_t kRow = 1;
constexpr std::size_t kBoard = 1, kShard = 2;
constexpr ps::Key kKey{0};

// Of an update: whoever owns the shard is worker 0 of a job of two, and the writer is worker 1.
constexpr WorkerId kOwner{0}, kWriter{1};

std::vector<ps::RowSpec> one_row(std::uint64_t bytes) {
  ps::RowSpec row = ps::assign_row(Bytes(bytes), bytes);
  row.own_updates = ps::OwnUpdates::wait;  // nobody reads before the fold
  return {row};
}

ps::JobLayout layout_of_two(const std::vector<ps::RowSpec>& rows) {
  constexpr std::uint64_t kSmallestLaneBytes = 64 << 10;
  return ps::JobLayout::make(2, 1, {rows.front().capacity}, kSmallestLaneBytes);
}

/// The reader gets two versions in turn, so that none is the one it has; it validates each as any reader does.
class RowRead final : public Operation {
 public:
  RowRead(std::uint64_t bytes, const Roles& roles, Ends& ends)
      : ends_(ends), rows_(one_row(bytes)), layout_(layout_of_two(rows_)) {
    if (roles.initiates()) {
      shard_ = ends.remote(roles.targets.front(), kRow);
      reader_.emplace(ends.channel(), *shard_, layout_, kKey, reinterpret_cast<const std::byte*>(&newest_));
    } else {
      ps::RowPublisher publisher(layout_, kKey, ends.memory(kRow));
      const std::vector<std::uint64_t> folded(layout_.workers);
      while (publisher.version().value < newest_) publisher.publish(Bytes(rows_.front().capacity.row_bytes), folded);
    }
  }
  Status perform(std::uint64_t count) override {
    for (; count > 0; --count) {
      version_ = 1 + version_ % newest_;
      bool is_there = false;
      ends_.begin_wait();
      if (Status status = reader_->read_held({version_}, is_there, [this] { return between_looks(); }); !status.ok())
        return status;
      if (!is_there) return {StatusCode::transport_error, "a row that nobody writes was read torn"};
    }
    return {};
  }
  void attend() override {
    for (int i = 0; i < kLooks; ++i) ends_.serve();
  }
  [[nodiscard]] std::string lanes() const override { return shard_ ? ends_.channel().lanes(shard_->peer) : ""; }

  [[nodiscard]] static std::vector<std::uint64_t> regions(std::uint64_t bytes, const Roles& roles) {
    if (roles.initiates()) return {kFirstRegionBytes};
    return {kFirstRegionBytes, layout_of_two(one_row(bytes)).shard_bytes(0)};
  }

 private:
  /// The channel makes its progress by itself while it waits.
  Status between_looks() const {
    if (ends_.manners().yields) std::this_thread::yield();
    return ends_.look_at_the_clock();
  }

  Ends& ends_;
  std::vector<ps::RowSpec> rows_;
  ps::JobLayout layout_;
  const std::uint64_t newest_ = 2;
  std::uint64_t version_ = 0;
  std::optional<transport::RemoteRegion> shard_;
  std::optional<ps::RowReader> reader_;
};

/// A record into the lane, a tick, the owner's fold and publication, and the word that says so on the writer's board.
class Update final : public Operation {
 public:
  Update(std::uint64_t bytes, const Roles& roles, Ends& ends)
      : ends_(ends), rows_(one_row(bytes)), layout_(layout_of_two(rows_)), value_(bytes) {
    const std::uint32_t owner = roles.targets.front();
    const std::vector<transport::RemoteRegion> boards{ends.remote(owner, kBoard), ends.remote(roles.initiator, kBoard)};
    peer_ = boards[roles.initiates() ? kOwner.value : kWriter.value].peer;
    ps::ShardOptions options;  // asynchronous: folds what is there
    if (roles.initiates())
      client_.emplace(layout_, rows_, kWriter, ends.channel(), ends.memory(kBoard), boards,
                      std::vector{ends.remote(owner, kShard)}, [this] { return between_looks(); });
    else
      shard_.emplace(layout_, rows_, options, ends.memory(kShard), ends.channel(), boards);
  }
  Status perform(std::uint64_t count) override {
    const std::byte* const folded = ends_.memory(kBoard).data() + layout_.floor_offset(0) + sizeof(std::uint64_t);
    for (const Clock end{clock_.value + count}; clock_ < end;) {
      ends_.begin_wait();
      if (Status status = client_->update(kKey, clock_, value_); !status.ok()) return status;
      if (Status status = client_->tick(clock_); !status.ok()) return status;
      clock_ = clock_.next();
      if (Status status = ends_.await([&] { return load_word(folded) == clock_.value; }); !status.ok()) return status;
    }
    return {};
  }
  void attend() override {
    for (int i = 0; i < kLooks; ++i) {
      (void)shard_->step();  // which makes the channel's progress, too
      ends_.serve();
    }
  }
  [[nodiscard]] std::string lanes() const override { return ends_.channel().lanes(peer_); }

  [[nodiscard]] static std::vector<std::uint64_t> regions(std::uint64_t bytes, const Roles& roles) {
    const ps::JobLayout layout = layout_of_two(one_row(bytes));
    if (roles.initiates()) return {kFirstRegionBytes, layout.board_bytes()};
    return {kFirstRegionBytes, layout.board_bytes(), layout.shard_bytes(0)};
  }

 private:
  Status between_looks() const {
    ends_.serve();
    return ends_.look_at_the_clock();
  }

  Ends& ends_;
  std::vector<ps::RowSpec> rows_;
  ps::JobLayout layout_;
  Bytes value_;
  Clock clock_;
  transport::PeerIndex peer_;
  std::optional<ps::Client> client_;
  std::optional<ps::Shard> shard_;
};

/// The initiator's clock into every other rank's table, until it is known to be there.
class ClockBroadcast final : public Operation {
 public:
  ClockBroadcast(const Roles& roles, std::size_t ranks, Ends& ends)
      : ends_(ends), layout_(layout(ranks)), peer_(ends.remote(roles.targets.front(), kBoard).peer) {
    std::vector<transport::RemoteRegion> boards;
    for (std::uint32_t rank = 0; rank < ranks; ++rank) boards.push_back(ends.remote(rank, kBoard));
    if (roles.initiates()) clocks_.emplace(layout_, WorkerId{roles.self}, ends.memory(kBoard), ends.channel(), boards);
  }
  Status perform(std::uint64_t count) override {
    for (; count > 0; --count) {
      clock_ = clock_.next();
      if (Status status = clocks_->advance(clock_); !status.ok()) return status;
      if (Status status = ends_.await([this] { return clocks_->is_known_everywhere(); }); !status.ok()) return status;
    }
    return {};
  }
  void attend() override {
    if (!ends_.manners().yields) {
      for (int i = 0; i < kLooks; ++i) ends_.serve();
      return;
    }
    // There are more of them than cores.
    if (ends_.manners().serves) ends_.transport().serve();
    constexpr double kNapSeconds = 20e-6;
    ends_.transport().wait_for_requests(kNapSeconds);
  }
  [[nodiscard]] std::string lanes() const override { return ends_.channel().lanes(peer_); }

  [[nodiscard]] static std::vector<std::uint64_t> regions(std::size_t ranks) {
    return {kFirstRegionBytes, layout(ranks).board_bytes()};
  }

 private:
  [[nodiscard]] static ps::JobLayout layout(std::size_t ranks) { return ps::JobLayout::make(ranks, 1, {}); }

  Ends& ends_;
  ps::JobLayout layout_;
  transport::PeerIndex peer_;
  Clock clock_;
  std::optional<ps::ClockTable> clocks_;
};

}  // namespace

std::vector<std::uint64_t> server_regions(OperationKind kind, std::uint64_t bytes, const Roles& roles,
                                          std::size_t ranks) {
  if (kind == OperationKind::row_read) return RowRead::regions(bytes, roles);
  if (kind == OperationKind::update) return Update::regions(bytes, roles);
  return ClockBroadcast::regions(ranks);
}

std::unique_ptr<Operation> make_server_operation(OperationKind kind, std::uint64_t bytes, const Roles& roles,
                                                 std::size_t ranks, Ends& ends) {
  if (kind == OperationKind::row_read) return std::make_unique<RowRead>(bytes, roles, ends);
  if (kind == OperationKind::update) return std::make_unique<Update>(bytes, roles, ends);
  return std::make_unique<ClockBroadcast>(roles, ranks, ends);
}

}  // namespace wolfpack::latency
