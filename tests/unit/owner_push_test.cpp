#include "ps/owner_push.hpp"

#include <gtest/gtest.h>

#include "tests/support/delayed_channel.hpp"

namespace wolfpack::ps {
namespace {

class OwnerPushTest : public ::testing::Test {
 protected:
  [[nodiscard]] std::uint64_t on_board(std::uint64_t offset) const {
    return load_word(reinterpret_cast<const std::byte*>(board_.data()) + offset);
  }
  [[nodiscard]] std::uint64_t newest(std::uint32_t key) const { return on_board(layout_.newest_offset({key})); }
  /// The latest() of a shard: the own folded clock is twice the floor. Valid until the next call.
  OwnerPush::Words words(std::uint64_t newest, std::uint64_t floor, std::uint64_t head = 0, std::uint64_t stop = 0) {
    newest_ = {{Key{0}, newest}, {Key{1}, newest + 100}};
    return {.stop = stop, .lane_head = head, .newest = newest_, .folded = {floor, 2 * floor}};
  }
  [[nodiscard]] std::uint64_t floor() const { return on_board(layout_.floor_offset(0)); }
  /// Steps and completes until nothing moves.
  void settle(const OwnerPush::Words& latest) {
    while (push_.step(latest) || channel_.complete() != 0) {
    }
  }

  JobLayout layout_ =
      JobLayout::make(2, 1, {{.row_bytes = 8, .update_bytes = 8}, {.row_bytes = 8, .update_bytes = 8}}, 4096);
  std::vector<std::uint64_t> board_ = std::vector<std::uint64_t>(layout_.board_bytes() / 8);
  testing::DelayedChannel channel_;
  transport::RemoteRegion remote_ = channel_.attach(std::as_writable_bytes(std::span(board_)));
  std::vector<std::pair<Key, std::uint64_t>> newest_;
  OwnerPush push_{layout_, 0, channel_, remote_};
};

TEST_F(OwnerPushTest, BringsEveryWordToItsPlace) {
  settle(words(3, 2, 4096));
  EXPECT_EQ(newest(0), 3u);
  EXPECT_EQ(newest(1), 103u);
  EXPECT_EQ(floor(), 2u);
  EXPECT_EQ(on_board(layout_.floor_offset(0) + 8), 4u);
  EXPECT_EQ(on_board(layout_.lane_head_offset(0)), 4096u);
}

TEST_F(OwnerPushTest, AVersionCountsAsFlushedOnlyOnceTheFlushHasCompleted) {
  EXPECT_TRUE(push_.step(words(1, 0)));
  EXPECT_EQ(push_.flushed_newest({0}), Version{0});
  channel_.complete(1);  // the put has taken effect; that it has is not known yet
  EXPECT_EQ(newest(0), 1u);
  push_.step(words(1, 0));
  EXPECT_EQ(push_.flushed_newest({0}), Version{0});
  channel_.complete();
  EXPECT_TRUE(push_.step(words(1, 0)));
  EXPECT_EQ(push_.flushed_newest({0}), Version{1});
  EXPECT_EQ(push_.flushed_newest({1}), Version{101});
}

TEST_F(OwnerPushTest, NeverHasMoreThanOneRoundUnderWayAndThenSendsTheLatest) {
  push_.step(words(1, 0));
  const std::size_t one_round = channel_.puts();
  for (std::uint64_t version = 2; version < 50; ++version) EXPECT_FALSE(push_.step(words(version, 0)));
  EXPECT_EQ(channel_.puts(), one_round);
  channel_.complete();
  push_.step(words(50, 0));  // ends the first round, begins the second
  EXPECT_EQ(newest(0), 1u);
  channel_.complete();
  EXPECT_EQ(newest(0), 50u);
  EXPECT_EQ(channel_.puts(), 2 * one_round);
}

TEST_F(OwnerPushTest, ARoundUnderWayKeepsItsOwnWords) {
  push_.step(words(1, 0));
  push_.step(words(2, 0));  // must not change what the put under way reads
  channel_.complete();
  EXPECT_EQ(newest(0), 1u);
}

TEST_F(OwnerPushTest, TheFloorFollowsTheWordsThatItCovers) {
  push_.step(words(7, 5));
  for (int i = 0; i < 10 && floor() == 0; ++i) {
    EXPECT_TRUE(push_.flushed_newest({0}) == Version{0} || newest(0) == 7);
    if (newest(0) != 7) {
      EXPECT_EQ(floor(), 0u);
    }
    channel_.complete(1);
    push_.step(words(7, 5));
  }
  EXPECT_EQ(floor(), 5u);
}

TEST_F(OwnerPushTest, AFloorThatRisesMeanwhileWaitsForItsOwnWords) {
  push_.step(words(7, 5));
  channel_.complete();
  push_.step(words(8, 6));  // the floor that goes out now is the first round's
  channel_.complete();
  EXPECT_EQ(floor(), 5u);
  EXPECT_EQ(newest(0), 7u);
  settle(words(8, 6));
  EXPECT_EQ(newest(0), 8u);
  EXPECT_EQ(floor(), 6u);
}

TEST_F(OwnerPushTest, WithoutNewsNothingIsSent) {
  settle(words(3, 2));
  const std::size_t puts = channel_.puts();
  for (int i = 0; i < 10; ++i) EXPECT_FALSE(push_.step(words(3, 2)));
  EXPECT_EQ(channel_.puts(), puts);
}

TEST_F(OwnerPushTest, AFreedBitOfTheLaneAloneIsNotWorthAPutButAnEighthIs) {
  settle(words(1, 0));
  EXPECT_FALSE(push_.step(words(1, 0, layout_.lane_bytes / 8 - 32)));
  EXPECT_TRUE(push_.step(words(1, 0, layout_.lane_bytes / 8)));
  channel_.complete();
  EXPECT_EQ(on_board(layout_.lane_head_offset(0)), layout_.lane_bytes / 8);
}

TEST_F(OwnerPushTest, NothingFollowsTheStop) {
  settle(words(3, 2, 0, StopWord{StopReason::stalled, {3}}.encode()));
  EXPECT_EQ(StopWord::decode(on_board(layout_.stop_offset(0))).reason, StopReason::stalled);
  EXPECT_EQ(floor(), 0u) << "a put after the stop could land in the next run";
  const std::size_t puts = channel_.puts();
  EXPECT_FALSE(push_.step(words(4, 3, 4096, StopWord{StopReason::stalled, {3}}.encode())));
  EXPECT_EQ(channel_.puts(), puts);
}

TEST_F(OwnerPushTest, AStopDuringAFloorsPutIsNotKnownBeforeBothAreFlushed) {
  push_.step(words(3, 2));
  channel_.complete();
  const std::uint64_t stop = StopWord{StopReason::converged, {3}}.encode();
  push_.step(words(3, 2, 0, stop));  // the floor of the first round is under way
  EXPECT_EQ(channel_.under_way(), 2u);
  EXPECT_FALSE(push_.stop_is_known());
  channel_.complete();
  push_.step(words(3, 2, 0, stop));
  EXPECT_FALSE(push_.stop_is_known());
  channel_.complete();
  push_.step(words(3, 2, 0, stop));
  EXPECT_TRUE(push_.stop_is_known());
  EXPECT_EQ(channel_.under_way(), 0u);
}

TEST_F(OwnerPushTest, TheStopIsKnownOnlyOnceItIsFlushed) {
  const auto latest = words(1, 0, 0, StopWord{StopReason::converged, {1}}.encode());
  push_.step(latest);
  EXPECT_FALSE(push_.stop_is_known());
  channel_.complete(1);
  push_.step(latest);
  EXPECT_FALSE(push_.stop_is_known());
  channel_.complete();
  push_.step(latest);
  EXPECT_TRUE(push_.stop_is_known());
}

TEST_F(OwnerPushTest, AFailingTransportThrows) {
  channel_.fail_with({StatusCode::transport_error, "the cable is out"});
  EXPECT_THROW(push_.step(words(1, 0)), RuntimeFailure);
}

}  // namespace
}  // namespace wolfpack::ps
