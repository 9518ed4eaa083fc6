// Where operations are native, nobody waits for anybody's processor: reads, writes, lanes, rows and clock broadcasts
// succeed while their targets make no call at all. Each of these tests fails over tcp, where it is skipped.
#include <memory>
#include <numeric>
#include <vector>

#include <gtest/gtest.h>

#include "base/words.hpp"
#include "ps/clock_table.hpp"
#include "ps/lane.hpp"
#include "ps/row.hpp"
#include "tests/support/backends.hpp"

namespace wolfpack::ps {
namespace {

constexpr double kPatienceSeconds = 20.0;
constexpr std::size_t kTargets = 2;
constexpr Key kKey{0};

class OneSided : public testing::BackendTest {
 protected:
  /// The targets serve while connections come up, and then never again.
  void SetUp() override {
    BackendTest::SetUp();
    if (IsSkipped()) return;
    if (GetParam().one_sided == transport::OneSided::emulated)
      GTEST_SKIP() << GetParam().name << ": UCX emulates one-sided operations there, and targets have to serve";
    origin_ = GetParam().make();
    own_board_ = origin_->allocate(layout_.board_bytes(), transport::MemoryKind::host);
    channel_ = origin_->open_channel();
    boards_.push_back(open(*origin_, *own_board_));
    for (std::size_t i = 0; i < kTargets; ++i) {
      Target& target = targets_.emplace_back();
      target.transport = GetParam().make();
      target.board = target.transport->allocate(layout_.board_bytes(), transport::MemoryKind::host);
      target.shard = target.transport->allocate(layout_.shard_bytes(0), transport::MemoryKind::host);
      const testing::Serving serving(*target.transport);
      boards_.push_back(open(*target.transport, *target.board));
      shards_.push_back(channel_->open(boards_.back().peer, target.shard->descriptor()));
    }
  }
  void TearDown() override { channel_.reset(); }

  transport::RemoteRegion open(const transport::Transport& peer, const transport::Region& region) {
    return channel_->open(channel_->connect(peer.address(), "peer"), region.descriptor());
  }
  void finish(transport::Completion& done) { wait(*channel_, done, kPatienceSeconds).or_throw(); }

  struct Target {
    std::unique_ptr<transport::Transport> transport;
    std::unique_ptr<transport::Region> board, shard;
  };
  const JobLayout layout_ = JobLayout::make(kTargets + 1, 1, {{.row_bytes = 1 << 20, .update_bytes = 256}}, 4096);
  std::unique_ptr<transport::Transport> origin_;
  std::unique_ptr<transport::Region> own_board_;
  std::vector<Target> targets_;
  std::unique_ptr<transport::Channel> channel_;
  std::vector<transport::RemoteRegion> boards_, shards_;
};

TEST_P(OneSided, WritesArriveAtATargetThatDoesNothing) {
  std::vector<std::uint64_t> words((1 << 20) / 8);
  std::iota(words.begin(), words.end(), 1);
  for (const std::size_t count : {std::size_t{1}, std::size_t{1024}, words.size()}) {
    transport::Completion done;
    const auto data = std::span(words).first(count);
    channel_->put(shards_[0], layout_.slot_offset(kKey, Version{1}), std::as_bytes(data), done).or_throw();
    channel_->flush(shards_[0].peer, done).or_throw();
    finish(done);
    const std::byte* there = targets_[0].shard->bytes().data() + layout_.slot_offset(kKey, Version{1});
    // An adapter's writes may still be on their way when it has acknowledged them.
    for (const double start = monotonic_seconds(); load_word(there + 8 * (count - 1)) != count;)
      ASSERT_LT(monotonic_seconds() - start, kPatienceSeconds);
    for (std::size_t i = 0; i < count; ++i) ASSERT_EQ(load_word(there + 8 * i), i + 1);
  }
}

TEST_P(OneSided, ReadsBringWhatATargetHoldsThatDoesNothing) {
  RowPublisher publisher(layout_, kKey, targets_[0].shard->bytes());
  const std::byte* newest = own_board_->bytes().data() + layout_.newest_offset(kKey);
  RowReader reader(*channel_, shards_[0], layout_, kKey, newest);
  for (std::uint64_t version = 1; version <= 10; ++version) {
    const std::vector<std::uint64_t> payload((version % 2 == 0 ? 1 << 20 : 1 << 10) / 8, version);
    publisher.publish(std::as_bytes(std::span(payload)), std::vector<std::uint64_t>(kTargets + 1, version));
    store_word(own_board_->bytes().data() + layout_.newest_offset(kKey), version);
    bool is_newest = false;
    reader.refresh(is_newest, testing::patience()).or_throw();
    ASSERT_TRUE(is_newest);
    EXPECT_EQ(reader.snapshot().version, Version{version});
    ASSERT_EQ(reader.snapshot().payload.size(), payload.size() * 8);
    EXPECT_EQ(load_word(reader.snapshot().payload.data()), version);
  }
}

TEST_P(OneSided, ALanesRecordsArriveAtAnOwnerThatDoesNothing) {
  const WorkerId self{0};
  LaneWriter writer(*channel_, shards_[0], layout_, self, own_board_->bytes().data() + layout_.lane_head_offset(0));
  const Bytes payload(200, std::byte{7});
  for (std::uint64_t clock = 0; clock < 3; ++clock) {
    writer.append(RecordKind::update, kKey, {clock}, payload, testing::patience()).or_throw();
    writer.append(RecordKind::end_of_clock, {}, {clock}, {}, testing::patience()).or_throw();
    writer.publish(testing::patience()).or_throw();
    writer.settle(testing::patience()).or_throw();
  }
  const auto shard = targets_[0].shard->bytes();
  LaneReader reader(shard.subspan(layout_.lane_offset(self), layout_.lane_bytes),
                    shard.data() + layout_.tail_offset(self));
  std::size_t records = 0;
  for (const double start = monotonic_seconds(); records < 6 && monotonic_seconds() - start < kPatienceSeconds;)
    reader.drain([&](const RecordHeader&, std::span<const std::byte>) { ++records; });
  EXPECT_EQ(records, 6u);
}

TEST_P(OneSided, ClocksAreBroadcastToWorkersThatDoNothing) {
  ClockTable table(layout_, {0}, own_board_->bytes(), *channel_, boards_);
  for (std::uint64_t clock = 1; clock <= 100; ++clock) {
    table.advance({clock}).or_throw();
    for (const Target& target : targets_) {
      const std::byte* word = target.board->bytes().data() + layout_.clock_offset({0});
      for (const double start = monotonic_seconds(); load_word(word) < clock;) {
        ASSERT_LT(monotonic_seconds() - start, kPatienceSeconds);
        channel_->progress();
        table.catch_up().or_throw();
      }
      ASSERT_EQ(load_word(word), clock);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Backends, OneSided, ::testing::ValuesIn(testing::kBackends), testing::backend_name);

}  // namespace
}  // namespace wolfpack::ps
