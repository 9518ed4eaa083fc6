// What ps/lane.hpp promises, over every transport.
#include "ps/lane.hpp"

#include <atomic>
#include <cstring>
#include <random>
#include <thread>

#include <gtest/gtest.h>

#include "base/backoff.hpp"
#include "base/time.hpp"
#include "base/words.hpp"
#include "tests/support/wires.hpp"

namespace wolfpack::ps {
namespace {

constexpr WorkerId kWriter{0};
constexpr double kPatienceSeconds = 60.0;

/// What record `number` of a stream holds; every byte depends on the number and on its place.
Bytes payload(std::uint64_t number, std::size_t size) {
  Bytes bytes(size);
  for (std::size_t i = 0; i < size; ++i)
    bytes[i] = static_cast<std::byte>((number * 29 + i * 7 + (number >> 8)) & 0xff);
  return bytes;
}
std::size_t size_of(std::uint64_t number, std::size_t largest) { return number * 2654435761u % (largest + 1); }

/// Checks a stream of records: in order, each once, each whole.
struct StreamChecker {
  explicit StreamChecker(std::size_t largest) : largest_bytes(largest) {}
  void operator()(const RecordHeader& header, std::span<const std::byte> bytes) {
    const Bytes expected = payload(next, size_of(next, largest_bytes));
    wrong += header.clock != next || header.key != next % 5 || header.kind != RecordKind::update ||
             !std::equal(bytes.begin(), bytes.end(), expected.begin(), expected.end());
    ++next;
  }
  std::size_t largest_bytes;
  std::uint64_t next = 0;
  std::uint64_t wrong = 0;
};

class LaneContract : public testing::BackendTest {
 protected:
  void SetUp() override {
    BackendTest::SetUp();
    if (IsSkipped()) return;
    layout_ = JobLayout::make(1, 1, {{.row_bytes = 8, .update_bytes = kLargest}}, kRingBytes);
    ASSERT_EQ(layout_.lane_bytes, kRingBytes);
    wires_ = std::make_unique<testing::Wires>(GetParam(), layout_);
    writer_ =
        std::make_unique<LaneWriter>(*wires_->worker_channel, wires_->remote_shard, layout_, kWriter, head_word());
    reader_ = std::make_unique<LaneReader>(ring(), tail_word());
  }
  void TearDown() override {
    writer_.reset();
    wires_.reset();
  }

  [[nodiscard]] std::byte* head_word() const { return wires_->board() + layout_.lane_head_offset(0); }
  [[nodiscard]] std::byte* tail_word() const { return wires_->shard().data() + layout_.tail_offset(kWriter); }
  [[nodiscard]] std::span<std::byte> ring() const {
    return wires_->shard().subspan(layout_.lane_offset(kWriter), layout_.lane_bytes);
  }
  Status append(std::uint64_t number, std::size_t size, const transport::WaitCheck& check = testing::patience()) {
    return writer_->append(RecordKind::update, {static_cast<std::uint32_t>(number % 5)}, {number},
                           payload(number, size), check);
  }
  /// All records, visible when it returns.
  Status publish() {
    if (Status status = writer_->publish(testing::patience()); !status.ok()) return status;
    return wires_->deliver();
  }
  /// Puts the head back as the owner does.
  void return_head() const { store_word(head_word(), reader_->head()); }

  static constexpr std::size_t kRingBytes = 4096;
  static constexpr std::size_t kLargest = kRingBytes / 4 - sizeof(RecordHeader);
  JobLayout layout_;
  std::unique_ptr<testing::Wires> wires_;
  std::unique_ptr<LaneWriter> writer_;
  std::unique_ptr<LaneReader> reader_;
};

TEST_P(LaneContract, NothingIsSeenBeforeItIsPublished) {
  ASSERT_TRUE(append(0, 100).ok());
  EXPECT_FALSE(reader_->drain([](const auto&, auto) { FAIL(); }));
  ASSERT_TRUE(publish().ok());
  int seen = 0;
  EXPECT_TRUE(reader_->drain([&](const RecordHeader& header, std::span<const std::byte> bytes) {
    ++seen;
    EXPECT_EQ(header.clock, 0u);
    EXPECT_EQ(Bytes(bytes.begin(), bytes.end()), payload(0, 100));
  }));
  EXPECT_EQ(seen, 1);
  EXPECT_FALSE(reader_->drain([](const auto&, auto) { FAIL(); })) << "a record was seen twice";
}

TEST_P(LaneContract, PublishingNothingIsNoNews) {
  ASSERT_TRUE(publish().ok());
  EXPECT_EQ(load_word(tail_word()), 0u);
}

TEST_P(LaneContract, AQuarterOfTheRingPublishesItself) {
  std::uint64_t number = 0;
  while (load_word(tail_word()) == 0 && number < 1000) {
    ASSERT_TRUE(append(number++, 32).ok());
    ASSERT_TRUE(wires_->deliver().ok());
  }
  EXPECT_LE(number, kRingBytes / 4 / 64 + 1);
}

TEST_P(LaneContract, RecordsOfAllSizesPassTheWrapWholeAndInOrder) {
  StreamChecker checker(kLargest);
  for (std::uint64_t number = 0; number < 5000; ++number) {
    ASSERT_TRUE(append(number, size_of(number, kLargest)).ok());
    ASSERT_TRUE(publish().ok());
    reader_->drain(std::ref(checker));
    return_head();
  }
  EXPECT_EQ(checker.next, 5000u);
  EXPECT_EQ(checker.wrong, 0u);
  EXPECT_GT(reader_->head(), 100 * kRingBytes);
}

TEST_P(LaneContract, EveryDistanceToTheWrapIsPaddedRightly) {
  // Every record ends at another distance from the wrap: 32 bytes, where only the padding's header fits, to the whole
  // ring.
  for (std::size_t first = 0; first <= kLargest; first += 32) {
    const std::uint64_t begin = reader_->head();
    std::uint64_t seen = 0;
    for (std::uint64_t written = 0; written < 2 * kRingBytes; written += sizeof(RecordHeader) + kLargest) {
      ASSERT_TRUE(append(1, first).ok());
      ASSERT_TRUE(append(2, kLargest).ok());
      ASSERT_TRUE(publish().ok());
      reader_->drain([&](const RecordHeader& header, std::span<const std::byte> bytes) {
        const std::uint64_t expected = seen++ % 2 + 1;
        EXPECT_EQ(header.clock, expected);
        EXPECT_EQ(Bytes(bytes.begin(), bytes.end()), payload(expected, expected == 1 ? first : kLargest));
      });
      return_head();
    }
    EXPECT_GT(reader_->head(), begin);
  }
}

TEST_P(LaneContract, AFullRingWaitsForTheHeadAndResumes) {
  std::uint64_t number = 0;
  int waits = 0;
  StreamChecker checker(256);
  // The owner takes and returns the head only when it is waited for, at the third look.
  const auto take_at_last = [&]() -> Status {
    if (++waits % 3 == 0) {
      reader_->drain(std::ref(checker));
      return_head();
    }
    return {};
  };
  for (; number < 2000; ++number) ASSERT_TRUE(append(number, size_of(number, 256), take_at_last).ok());
  ASSERT_TRUE(publish().ok());
  reader_->drain(std::ref(checker));
  EXPECT_GT(waits, 10);
  EXPECT_EQ(checker.next, number);
  EXPECT_EQ(checker.wrong, 0u);
}

TEST_P(LaneContract, AWriterThatWaitsHasShownTheOwnerAllThereIs) {
  std::uint64_t number = 0;
  bool waited = false;
  const auto stop_waiting = [&]() -> Status {
    waited = true;
    return {StatusCode::stopped, "enough"};
  };
  while (append(number, 64, stop_waiting).ok()) {
    ++number;
    ASSERT_TRUE(wires_->deliver().ok());  // or it would wait for the transport first
  }
  ASSERT_TRUE(waited);
  ASSERT_TRUE(wires_->deliver().ok());
  std::uint64_t seen = 0;
  reader_->drain([&](const auto&, auto) { ++seen; });
  EXPECT_EQ(seen, number);
}

TEST_P(LaneContract, AWaitEndsWithTheChecksStatusAndLosesNothing) {
  StreamChecker checker(512);
  const auto size = [](std::uint64_t number) { return size_of(number, 512); };
  std::uint64_t number = 0;
  Status status;
  const auto lost = [] { return Status(StatusCode::peer_lost, "worker 3 was lost"); };
  while ((status = append(number, size(number), lost)).ok()) {
    ++number;
    ASSERT_TRUE(wires_->deliver().ok());  // or it would wait for the transport first
  }
  EXPECT_EQ(status.code(), StatusCode::peer_lost);
  EXPECT_STREQ(status.message(), "worker 3 was lost");
  ASSERT_TRUE(wires_->deliver().ok());
  reader_->drain(std::ref(checker));
  return_head();
  for (const std::uint64_t end = number + 50; number < end; ++number) {
    ASSERT_TRUE(append(number, size(number)).ok());
    ASSERT_TRUE(publish().ok());
    reader_->drain(std::ref(checker));
    return_head();
  }
  EXPECT_EQ(checker.next, number);
  EXPECT_EQ(checker.wrong, 0u);
}

TEST_P(LaneContract, WhatIsNoRecordThrowsAndIsNotVisited) {
  const auto drained_after = [&](std::size_t offset, std::byte flip) {
    EXPECT_TRUE(append(1, 100).ok());
    EXPECT_TRUE(publish().ok());
    std::byte& byte = ring()[reader_->head() % kRingBytes + offset];
    byte ^= flip;
    EXPECT_THROW(reader_->drain([](const auto&, auto) { ADD_FAILURE() << "visited"; }), RuntimeFailure)
        << "byte " << offset;
    byte ^= flip;
    reader_->drain([](const auto&, auto) {});
    return_head();
  };
  drained_after(offsetof(RecordHeader, magic), std::byte{1});
  drained_after(offsetof(RecordHeader, position), std::byte{32});
  drained_after(offsetof(RecordHeader, position) + 5, std::byte{1});
  drained_after(offsetof(RecordHeader, payload_bytes) + 1, std::byte{2});  // past the tail
  drained_after(offsetof(RecordHeader, payload_bytes) + 7, std::byte{0xff});
}

TEST_P(LaneContract, ATailInsideARecordThrows) {
  ASSERT_TRUE(append(1, 100).ok());
  ASSERT_TRUE(publish().ok());
  store_word(tail_word(), load_word(tail_word()) - kRecordAlignment);
  EXPECT_THROW(reader_->drain([](const auto&, auto) {}), RuntimeFailure);
}

// The stress test and its broken variants share everything but what is broken.
struct StressOutcome {
  std::uint64_t read = 0;
  std::uint64_t wrong = 0;
  std::string error;  // of the reader
  Status writer_status;
};

class LaneStress : public LaneContract {
 protected:
  /// `write` sends records as fast as it can in a thread of its own; they are checked here, after a rest each time.
  StressOutcome run(const std::function<Status(const std::atomic<bool>& stop)>& write, std::uint64_t records,
                    bool returns_head, double rest_seconds = 0.0) {
    StressOutcome outcome;
    StreamChecker checker(kLargest);
    std::atomic<bool> stop = false, ended = false;
    std::jthread thread([&] {
      outcome.writer_status = write(stop);
      ended = true;
    });
    try {
      const double deadline = monotonic_seconds() + kPatienceSeconds;
      for (Backoff backoff; checker.next < records && checker.wrong == 0 && monotonic_seconds() < deadline;) {
        const bool writer_has_ended = ended;
        if (rest_seconds > 0) sleep_seconds(rest_seconds);
        if (reader_->drain(std::ref(checker))) {
          if (returns_head) return_head_by_put();
          backoff = Backoff();
        } else if (writer_has_ended) {
          break;
        } else {
          backoff.pause();
        }
      }
    } catch (const RuntimeFailure& failure) {
      outcome.error = failure.what();
    }
    stop = true;
    thread.join();
    outcome.read = checker.next;
    outcome.wrong = checker.wrong;
    return outcome;
  }

  void return_head_by_put() {
    transport::Completion done;
    const std::uint64_t head = reader_->head();
    wires_->owner_channel
        ->put(wires_->remote_board, layout_.lane_head_offset(0), std::as_bytes(std::span(&head, 1)), done)
        .or_throw();
    wait(*wires_->owner_channel, done, kPatienceSeconds).or_throw();
    wires_->deliver_owners().or_throw();
  }
};

TEST_P(LaneStress, AWriterAtFullSpeedLosesDoublesAndTearsNothing) {
  const bool is_slow = GetParam().one_sided == transport::OneSided::emulated;
  const std::uint64_t records = (is_slow ? 20'000 : 200'000) / testing::stress_divisor();
  const auto write = [&](const std::atomic<bool>&) -> Status {
    for (std::uint64_t number = 0; number < records; ++number) {
      if (Status status = append(number, size_of(number, kLargest), testing::patience(kPatienceSeconds)); !status.ok())
        return status;
      if (number % 7 != 0) continue;
      if (Status status = writer_->publish(testing::patience()); !status.ok()) return status;
    }
    return publish();
  };
  const auto outcome = run(write, records, true);
  EXPECT_TRUE(outcome.writer_status.ok()) << outcome.writer_status.message();
  EXPECT_EQ(outcome.error, "");
  EXPECT_EQ(outcome.read, records);
  EXPECT_EQ(outcome.wrong, 0u);
}

constexpr const char* kIsARace =
    "a broken protocol is a data race, which the thread sanitizer reports without a checker";

/// A lane writer without wrap or room rules that publishes its tail before the data: what LaneWriter must never do.
TEST_P(LaneStress, TheCheckerCatchesATailThatIsPublishedBeforeItsData) {
  if (testing::kThreadSanitizer) GTEST_SKIP() << kIsARace;
  const auto write = [&](const std::atomic<bool>& stop) -> Status {
    std::uint64_t written = 0;
    Bytes record;
    for (std::uint64_t number = 0; !stop; ++number) {
      const Bytes bytes = payload(number, size_of(number, kLargest));
      record.assign(sizeof(RecordHeader) + round_up(bytes.size(), kRecordAlignment), std::byte{});
      const std::uint64_t place = written % kRingBytes;
      if (record.size() > kRingBytes - place) {  // no padding in this one: it ends before the wrap
        written = 0;
        break;
      }
      while (!stop && written + record.size() - load_word(head_word()) > kRingBytes) std::this_thread::yield();
      const RecordHeader header{.kind = RecordKind::update,
                                .key = static_cast<std::uint32_t>(number % 5),
                                .clock = number,
                                .payload_bytes = bytes.size(),
                                .position = written};
      std::memcpy(record.data(), &header, sizeof header);
      std::copy(bytes.begin(), bytes.end(), record.begin() + sizeof header);
      written += record.size();
      transport::Completion done;
      auto& channel = *wires_->worker_channel;
      channel.put(wires_->remote_shard, layout_.tail_offset(kWriter), std::as_bytes(std::span(&written, 1)), done)
          .or_throw();
      std::this_thread::yield();  // the window that a network would leave open
      channel.put(wires_->remote_shard, layout_.lane_offset(kWriter) + place, record, done).or_throw();
      wait(channel, done, kPatienceSeconds).or_throw();
    }
    return wires_->deliver();
  };
  bool caught = false;
  for (int attempt = 0; attempt < 2000 && !caught; ++attempt) {
    for (std::byte& byte : ring()) byte = std::byte{};
    store_word(tail_word(), 0);
    store_word(head_word(), 0);
    reader_ = std::make_unique<LaneReader>(ring(), tail_word());
    const auto outcome = run(write, 1'000'000, true);
    caught = !outcome.error.empty() || outcome.wrong != 0;
  }
  EXPECT_TRUE(caught);
}

TEST_P(LaneStress, TheCheckerCatchesAHeadThatIsReturnedTooEarly) {
  if (testing::kThreadSanitizer) GTEST_SKIP() << kIsARace;
  // An owner that gives room back before it has read: the writer then overwrites what is still to be read.
  std::atomic<bool> give = true;
  std::jthread giver([&] {
    while (give) {
      store_word(head_word(), load_word(tail_word()));
      std::this_thread::yield();
    }
  });
  const auto write = [&](const std::atomic<bool>& stop) -> Status {
    for (std::uint64_t number = 0; !stop; ++number) {
      const auto check = [&] { return stop ? Status(StatusCode::stopped, "") : Status(); };
      if (Status status = append(number, size_of(number, kLargest), check); !status.ok()) return status;
      if (Status status = writer_->publish(testing::patience()); !status.ok()) return status;
    }
    return {};
  };
  const auto outcome = run(write, ~std::uint64_t{0}, false, 0.02);  // long enough to be overtaken
  give = false;
  giver.join();
  EXPECT_TRUE(!outcome.error.empty() || outcome.wrong != 0) << outcome.read << " records were read and none was wrong";
}

TEST_P(LaneStress, AHeadThatIsNeverReturnedEndsTheWaitByItsDeadline) {
  const auto write = [&](const std::atomic<bool>&) -> Status {
    for (std::uint64_t number = 0;; ++number)
      if (Status status = append(number, size_of(number, kLargest), testing::patience(0.2)); !status.ok())
        return status;
  };
  const auto outcome = run(write, ~std::uint64_t{0}, false);
  EXPECT_EQ(outcome.writer_status.code(), StatusCode::deadline_exceeded);
  EXPECT_EQ(outcome.wrong, 0u);
  EXPECT_LE(reader_->head(), kRingBytes);
}

INSTANTIATE_TEST_SUITE_P(Backends, LaneContract, ::testing::ValuesIn(testing::kBackends), testing::backend_name);
INSTANTIATE_TEST_SUITE_P(Backends, LaneStress, ::testing::ValuesIn(testing::kBackends), testing::backend_name);

}  // namespace
}  // namespace wolfpack::ps
