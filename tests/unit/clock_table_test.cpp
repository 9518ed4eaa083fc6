#include "ps/clock_table.hpp"

#include <gtest/gtest.h>

#include "tests/support/delayed_channel.hpp"

namespace wolfpack::ps {
namespace {

class ClockTableTest : public ::testing::Test {
 protected:
  ClockTableTest()
      : layout_(JobLayout::make(3, 1, {}, 4096)), boards_(3, std::vector<std::uint64_t>(layout_.board_bytes() / 8)) {
    std::vector<transport::RemoteRegion> remote;
    for (std::size_t i = 0; i < 3; ++i) remote.push_back(channel_.attach(board(i)));
    table_.emplace(layout_, WorkerId{1}, board(1), channel_, remote);
  }
  std::span<std::byte> board(std::size_t i) { return std::as_writable_bytes(std::span(boards_[i])); }
  [[nodiscard]] std::uint64_t word(std::size_t on_board) {
    return load_word(board(on_board).data() + layout_.clock_offset({1}));
  }

  JobLayout layout_;
  std::vector<std::vector<std::uint64_t>> boards_;
  testing::DelayedChannel channel_;
  std::optional<ClockTable> table_;
};

TEST_F(ClockTableTest, ShowsTheOwnClockAtOnceAndTheOthersWhatHasArrived) {
  ASSERT_TRUE(table_->advance({4}).ok());
  EXPECT_EQ(table_->clock({1}), Clock{4});
  EXPECT_EQ(word(0), 0u);
  channel_.complete();
  EXPECT_EQ(word(0), 4u);
  EXPECT_EQ(word(2), 4u);
  store_word(board(1).data() + layout_.clock_offset({0}), 9);
  EXPECT_EQ(table_->slowest(), Clock{0});
  EXPECT_EQ(table_->fastest(), Clock{9});
}

// Two words under way could land in the wrong order: a put's completion says nothing of the target.
TEST_F(ClockTableTest, NoWordIsPutBeforeTheLastOneIsThereAndNobodyWaitsForTheSlow) {
  ASSERT_TRUE(table_->advance({1}).ok());
  ASSERT_TRUE(table_->advance({2}).ok());
  ASSERT_TRUE(table_->advance({3}).ok());
  EXPECT_EQ(channel_.puts(), 2u);
  channel_.complete(2);  // the put to worker 0 and its flush
  EXPECT_EQ(word(0), 1u);
  ASSERT_TRUE(table_->catch_up().ok());
  EXPECT_EQ(channel_.puts(), 3u) << "worker 0 gets the newest, worker 2 still has one under way";
  channel_.complete();
  EXPECT_EQ(word(0), 3u);
  EXPECT_EQ(word(2), 1u);
  ASSERT_TRUE(table_->catch_up().ok());
  channel_.complete();
  EXPECT_EQ(word(2), 3u);
  ASSERT_TRUE(table_->catch_up().ok());
  EXPECT_EQ(channel_.puts(), 4u) << "everybody knows";
}

TEST_F(ClockTableTest, AFailedPutIsToldAtTheNext) {
  ASSERT_TRUE(table_->advance({1}).ok());
  channel_.complete();
  channel_.fail_with({StatusCode::transport_error, "worker 0: gone"});
  EXPECT_STREQ(table_->advance({2}).message(), "worker 0: gone");
}

}  // namespace
}  // namespace wolfpack::ps
