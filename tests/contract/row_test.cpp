// What ps/row.hpp promises, over every transport, step by step.
#include "ps/row.hpp"

#include <gtest/gtest.h>

#include "base/words.hpp"
#include "tests/support/split_channel.hpp"
#include "tests/support/wires.hpp"

namespace wolfpack::ps {
namespace {

constexpr Key kKey{1};  // not the first, so that offsets matter

Bytes pattern(std::uint64_t version, std::size_t size) {
  Bytes bytes(size);
  for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<std::byte>((version * 37 + i * 11 + i / 256) & 0xff);
  return bytes;
}

class RowContract : public testing::BackendTest {
 protected:
  void SetUp() override {
    BackendTest::SetUp();
    if (IsSkipped()) return;
    layout_ = JobLayout::make(3, 1, {{.row_bytes = 24, .update_bytes = 8}, {.row_bytes = kCapacity, .update_bytes = 8}},
                              4096);
    wires_ = std::make_unique<testing::Wires>(GetParam(), layout_);
    publisher_ = std::make_unique<RowPublisher>(layout_, kKey, wires_->shard());
    channel_ = std::make_unique<testing::SplitChannel>(*wires_->worker_channel, [this] {
      if (between_) between_();
    });
    reader_ = std::make_unique<RowReader>(*channel_, wires_->remote_shard, layout_, kKey, newest_word());
  }
  void TearDown() override {
    reader_.reset();
    wires_.reset();
  }
  [[nodiscard]] std::byte* newest_word() const { return wires_->board() + layout_.newest_offset(kKey); }
  void publish(std::size_t size) const {
    const std::uint64_t version = publisher_->version().value + 1;
    publisher_->publish(pattern(version, size), std::vector<std::uint64_t>{version, version * 2, version * 3});
    store_word(newest_word(), version);
  }
  /// Tries until the newest version is here.
  Status refresh() {
    bool is_newest = false;
    for (int tries = 0; tries < 100 && !is_newest; ++tries)
      if (Status status = reader_->refresh(is_newest, testing::patience()); !status.ok()) return status;
    EXPECT_TRUE(is_newest);
    return {};
  }
  void expect_snapshot(std::uint64_t version, std::size_t size) const {
    const RowSnapshot& snapshot = reader_->snapshot();
    EXPECT_EQ(snapshot.version, Version{version});
    EXPECT_EQ(snapshot.folded, (std::vector<Clock>{{version}, {version * 2}, {version * 3}}));
    EXPECT_EQ(Bytes(snapshot.payload.begin(), snapshot.payload.end()), pattern(version, size));
  }

  static constexpr std::size_t kCapacity = 100'000;
  JobLayout layout_;
  std::unique_ptr<testing::Wires> wires_;
  std::unique_ptr<RowPublisher> publisher_;
  std::unique_ptr<testing::SplitChannel> channel_;
  std::unique_ptr<RowReader> reader_;
  std::function<void()> between_;
};

TEST_P(RowContract, EveryVersionIsReadWholeWithItsFoldedVector) {
  for (std::uint64_t version = 1; version <= 20; ++version) {
    const std::size_t size = version * 4001 % kCapacity;
    publish(size);
    ASSERT_TRUE(refresh().ok());
    expect_snapshot(version, size);
  }
}

TEST_P(RowContract, TheSmallestAndTheLargestRowFit) {
  for (const std::size_t size : {std::size_t{0}, std::size_t{1}, kCapacity}) {
    publish(size);
    ASSERT_TRUE(refresh().ok());
    expect_snapshot(publisher_->version().value, size);
  }
}

TEST_P(RowContract, ARowLargerThanDeclaredIsRefusedAndChangesNothing) {
  publish(10);
  EXPECT_THROW(publisher_->publish(Bytes(kCapacity + 1), std::vector<std::uint64_t>(3)), RuntimeFailure);
  EXPECT_EQ(publisher_->version(), Version{1});
  ASSERT_TRUE(refresh().ok());
  expect_snapshot(1, 10);
}

TEST_P(RowContract, ANewestRowThatIsHereCostsNoGet) {
  publish(1000);
  ASSERT_TRUE(refresh().ok());
  const std::uint64_t gets = channel_->gets();
  EXPECT_EQ(gets, 1u);
  for (int i = 0; i < 5; ++i) ASSERT_TRUE(refresh().ok());
  EXPECT_EQ(channel_->gets(), gets);
}

TEST_P(RowContract, ARowThatGrowsALittleCostsOneGetAndOneThatGrowsALotTwo) {
  publish(10'000);
  ASSERT_TRUE(refresh().ok());
  std::uint64_t gets = channel_->gets();
  publish(11'000);
  ASSERT_TRUE(refresh().ok());
  EXPECT_EQ(channel_->gets() - gets, 1u);
  expect_snapshot(2, 11'000);
  gets = channel_->gets();
  publish(90'000);
  ASSERT_TRUE(refresh().ok());
  EXPECT_EQ(channel_->gets() - gets, 2u);
  expect_snapshot(3, 90'000);
  publish(16);
  ASSERT_TRUE(refresh().ok());
  expect_snapshot(4, 16);
}

TEST_P(RowContract, SkippedVersionsAreNotMissed) {
  for (int i = 0; i < 7; ++i) publish(64);
  ASSERT_TRUE(refresh().ok());
  expect_snapshot(7, 64);
}

TEST_P(RowContract, AVersionStaysReadableWhileTheNextTwoAreAnnounced) {
  publish(5000);
  int rounds = 0;
  between_ = [&] {
    if (rounds++ == 0) publish(5000), publish(5000);  // newest = v + 2 = v + kRowSlots - 2
  };
  ASSERT_TRUE(refresh().ok());
  EXPECT_EQ(rounds, 1);
  expect_snapshot(1, 5000);
}

TEST_P(RowContract, ASlotThatMayHaveBeenReusedUnderTheGetIsReadAgain) {
  publish(5000);
  int rounds = 0;
  between_ = [&] {
    if (rounds++ == 0)
      for (std::uint64_t i = 1; i < kRowSlots; ++i)
        publish(5000);  // newest = v + kRowSlots - 1: slot v may be written now
  };
  ASSERT_TRUE(refresh().ok());
  EXPECT_EQ(rounds, 2);
  expect_snapshot(kRowSlots, 5000);
}

TEST_P(RowContract, ATryThatWasOvertakenSaysSoAndKeepsTheOldSnapshot) {
  publish(5000);
  ASSERT_TRUE(refresh().ok());
  publish(5000);
  between_ = [&] {
    for (std::uint64_t i = 1; i < kRowSlots; ++i) publish(5000);
  };
  bool is_newest = true;
  EXPECT_TRUE(reader_->refresh(is_newest, testing::patience()).ok());
  EXPECT_FALSE(is_newest);
  expect_snapshot(1, 5000);
}

TEST_P(RowContract, ASlotThatIsReusedUnderTheGetIsNotAccepted) {
  publish(5000);
  int rounds = 0;
  between_ = [&] {
    if (rounds++ < 3)
      for (int i = 0; i < 9; ++i) publish(5000);
  };
  ASSERT_TRUE(refresh().ok());
  expect_snapshot(28, 5000);
}

TEST_P(RowContract, ASlotThatIsReusedBetweenTheTwoGetsOfARowThatGrewIsNotAccepted) {
  publish(64);
  ASSERT_TRUE(refresh().ok());
  publish(50'000);
  int rounds = 0;
  between_ = [&] {
    if (++rounds == 2)  // inside the second get
      for (std::uint64_t i = 0; i < kRowSlots; ++i) publish(50'000);
  };
  ASSERT_TRUE(refresh().ok());
  expect_snapshot(2 + kRowSlots, 50'000);
}

TEST_P(RowContract, AWordWithoutItsRowIsAnErrorAndNoRow) {
  publish(64);
  ASSERT_TRUE(refresh().ok());
  store_word(newest_word(), 2);  // announced and never written
  const Status status = refresh();
  EXPECT_EQ(status.code(), StatusCode::transport_error);
  EXPECT_NE(std::string(status.message()).find("row 1"), std::string::npos) << status.message();
  expect_snapshot(1, 64);
}

TEST_P(RowContract, AGarbledSlotIsAnErrorAndNoRow) {
  for (const std::size_t word : {0u, 1u, 2u, 3u}) {  // magic, key, version, payload_bytes
    publish(64);
    std::byte* slot = wires_->shard().data() + layout_.slot_offset(kKey, publisher_->version());
    const std::uint64_t right = load_word(slot + 8 * word);
    store_word(slot + 8 * word, word == 3 ? kCapacity + 1 : right + 1);
    EXPECT_EQ(refresh().code(), StatusCode::transport_error) << "word " << word;
    store_word(slot + 8 * word, right);
    ASSERT_TRUE(refresh().ok());
    expect_snapshot(publisher_->version().value, 64);
  }
}

INSTANTIATE_TEST_SUITE_P(Backends, RowContract, ::testing::ValuesIn(testing::kBackends), testing::backend_name);

}  // namespace
}  // namespace wolfpack::ps
