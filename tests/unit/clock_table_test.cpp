#include "ps/clock_table.hpp"

#include <gtest/gtest.h>

#include "tests/support/delayed_channel.hpp"

namespace wolfpack::ps {
namespace {

transport::WaitCheck no_patience() {
  return [] { return Status(StatusCode::deadline_exceeded, "it waits"); };
}

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
  ASSERT_TRUE(table_->advance({4}, no_patience()).ok());
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
TEST_F(ClockTableTest, NoWordIsPutBeforeTheLastOneIsEverywhere) {
  ASSERT_TRUE(table_->advance({1}, no_patience()).ok());
  const std::size_t puts = channel_.puts();
  EXPECT_EQ(puts, 2u);
  for (; channel_.under_way() > 0; channel_.complete(1)) {
    EXPECT_EQ(table_->advance({2}, no_patience()).code(), StatusCode::deadline_exceeded) << channel_.under_way();
    EXPECT_EQ(channel_.puts(), puts);
  }
  EXPECT_TRUE(table_->advance({2}, no_patience()).ok());
  EXPECT_EQ(channel_.puts(), puts + 2);
}

}  // namespace
}  // namespace wolfpack::ps
