// The shard against a transport that is slow on purpose: what waits for a flush, and what must not.
#include "ps/shard.hpp"

#include <gtest/gtest.h>

#include "tests/support/delayed_channel.hpp"
#include "tests/support/hand_driven_server.hpp"

namespace wolfpack::ps {
namespace {

using testing::DelayedChannel;

/// One worker and one shard; the owner's pushes go out only when told.
class SlowShard : public ::testing::Test {
 protected:
  static std::span<std::byte> bytes(std::vector<std::uint64_t>& words) {
    return std::as_writable_bytes(std::span(words));
  }
  [[nodiscard]] std::uint64_t on_board(std::uint64_t offset) const { return board_[offset / 8]; }

  void update_and_tick(std::uint64_t clock, std::size_t size = 8) {
    ASSERT_TRUE(
        lane_.append(RecordKind::update, kKey, {clock}, testing::number_update(clock, size), [] { return Status(); })
            .ok());
    ASSERT_TRUE(lane_.append(RecordKind::end_of_clock, {}, {clock}, {}, [] { return Status(); }).ok());
    ASSERT_TRUE(lane_.publish(testing::patience()).ok());
    writer_channel_.complete();
  }

  static constexpr Key kKey{0};
  std::shared_ptr<testing::MergeLog> log_ = std::make_shared<testing::MergeLog>();
  std::vector<RowSpec> rows_{testing::logged_row(log_, 900)};
  JobLayout layout_ = JobLayout::make(1, 1, {rows_[0].capacity}, 4096);
  std::vector<std::uint64_t> board_ = std::vector<std::uint64_t>(layout_.board_bytes() / 8);
  std::vector<std::uint64_t> memory_ = std::vector<std::uint64_t>(layout_.shard_bytes(0) / 8 + 1);
  DelayedChannel owner_channel_, writer_channel_{true};
  std::vector<transport::RemoteRegion> boards_{owner_channel_.attach(bytes(board_))};
  transport::RemoteRegion remote_ = writer_channel_.attach(bytes(memory_));
  LaneWriter lane_{writer_channel_,
                   remote_,
                   layout_,
                   {0},
                   reinterpret_cast<const std::byte*>(board_.data()) + layout_.lane_head_offset(0)};
  Shard shard_{layout_, rows_, {}, bytes(memory_), owner_channel_, boards_};
};

TEST_F(SlowShard, NoVersionIsWrittenBeforeTheLastOnesWordIsFlushed) {
  shard_.step();
  update_and_tick(0);
  for (int i = 0; i < 10; ++i) shard_.step();
  EXPECT_EQ(shard_.version(kKey), Version{1});
  owner_channel_.complete(1);  // the put, not its flush
  shard_.step();
  EXPECT_EQ(shard_.version(kKey), Version{1});
  owner_channel_.complete();
  shard_.step();
  shard_.step();
  EXPECT_EQ(shard_.version(kKey), Version{2});
}

TEST_F(SlowShard, LanesAreDrainedWhileAPublicationWaits) {
  shard_.step();
  for (std::uint64_t clock = 0; clock < 3; ++clock) {
    update_and_tick(clock, 900);
    EXPECT_TRUE(shard_.step());
    // What is drained lies in the owner's own memory: nobody needs the lane's any more.
    std::fill_n(memory_.begin() + static_cast<std::ptrdiff_t>(layout_.lane_offset({0}) / 8), layout_.lane_bytes / 8, 0);
  }
  EXPECT_TRUE(log_->merges.empty()) << "merged although the last version's word is not flushed";
  while (owner_channel_.complete() != 0 || shard_.step()) {
  }
  EXPECT_EQ(log_->merges.size(), 3u);
  EXPECT_EQ(log_->settles.size(), 1u) << "what had waited is published once";
  EXPECT_EQ(shard_.folded({0}), Clock{3});
}

TEST_F(SlowShard, TheHeadComesBackAlsoWhereNothingIsPublished) {
  while (shard_.step() || owner_channel_.complete() != 0) {
  }
  for (std::uint64_t i = 0; i < 40; ++i) {  // ten rings' worth inside one clock
    const auto drain = [&]() -> Status {
      shard_.step();
      owner_channel_.complete();
      return {};
    };
    ASSERT_TRUE(lane_.append(RecordKind::update, kKey, {0}, testing::number_update(i, 900), drain).ok());
  }
  EXPECT_EQ(shard_.version(kKey), Version{1});
  EXPECT_GT(on_board(layout_.lane_head_offset(0)), 8 * layout_.lane_bytes);
}

TEST_F(SlowShard, ALaneThatHoldsNoRecordIsAnError) {
  update_and_tick(0);
  memory_[layout_.lane_offset({0}) / 8] ^= 1;
  EXPECT_THROW(shard_.step(), RuntimeFailure);
}

}  // namespace
}  // namespace wolfpack::ps
