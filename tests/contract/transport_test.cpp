// One suite over every transport: what transport/transport.hpp promises. A backend is added by a line in
// tests/support/backends.hpp.
#include "transport/transport.hpp"

#include <algorithm>
#include <atomic>
#include <functional>
#include <optional>
#include <thread>

#include <gtest/gtest.h>

#include "base/words.hpp"
#include "tests/support/backends.hpp"
#include "transport/probe.hpp"

namespace wolfpack::transport {
namespace {

constexpr double kPatienceSeconds = 10.0;

/// Two ends in one process: `target` owns a region.
class TransportContract : public testing::BackendTest {
 protected:
  void SetUp() override {
    BackendTest::SetUp();
    if (IsSkipped()) return;
    target_ = GetParam().make();
    origin_ = GetParam().make();
    region_ = target_->allocate(kRegionBytes, MemoryKind::host);
    serving_.emplace(*target_);
    channel_ = origin_->open_channel();
    peer_ = channel_->connect(target_->address(), "peer");
    remote_ = channel_->open(peer_, region_->descriptor());
  }
  void TearDown() override {
    if (!channel_) return;
    Completion done;
    EXPECT_TRUE(channel_->flush(peer_, done).ok());
    finish(done);
    channel_.reset();
  }

  void finish(Completion& done) { ASSERT_TRUE(wait(*channel_, done, kPatienceSeconds).ok()); }
  void put_and_flush(std::uint64_t offset, std::span<const std::byte> bytes) {
    Completion done;
    ASSERT_TRUE(channel_->put(remote_, offset, bytes, done).ok());
    ASSERT_TRUE(channel_->flush(peer_, done).ok());
    finish(done);
  }
  static Bytes pattern(std::size_t size, unsigned seed) {
    Bytes bytes(size);
    for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<std::byte>((i * 31 + seed * 17 + i / 251) & 0xff);
    return bytes;
  }

  static constexpr std::size_t kRegionBytes = 4 << 20;
  std::unique_ptr<Transport> target_, origin_;
  std::optional<testing::Serving> serving_;
  std::unique_ptr<Region> region_;
  std::unique_ptr<Channel> channel_;
  PeerIndex peer_;
  RemoteRegion remote_;
};

TEST_P(TransportContract, RegionsAreZeroedHostMemoryOfTheSizeAskedFor) {
  EXPECT_EQ(region_->bytes().size(), kRegionBytes);
  EXPECT_EQ(region_->kind(), MemoryKind::host);
  EXPECT_EQ(remote_.size_bytes, kRegionBytes);
  for (const std::byte b : region_->bytes()) ASSERT_EQ(b, std::byte{0});
}

TEST_P(TransportContract, PutsOfAnySizeAndAlignmentArriveWholeAndNowhereElse) {
  for (const std::size_t size : {1u, 7u, 8u, 9u, 64u, 4096u, 8192u, 100'001u, 1u << 20}) {
    for (const std::uint64_t offset : {64u, 67u}) {
      const Bytes bytes = pattern(size, static_cast<unsigned>(size + offset));
      const std::byte before = region_->bytes()[offset - 1], after = region_->bytes()[offset + size];
      put_and_flush(offset, bytes);
      EXPECT_TRUE(
          std::equal(bytes.begin(), bytes.end(), region_->bytes().begin() + static_cast<std::ptrdiff_t>(offset)));
      EXPECT_EQ(region_->bytes()[offset - 1], before);
      EXPECT_EQ(region_->bytes()[offset + size], after);
    }
  }
}

TEST_P(TransportContract, GetsBringWhatTheTargetHolds) {
  for (const std::size_t size : {1u, 8u, 13u, 8192u, 300'000u}) {
    const Bytes bytes = pattern(size, static_cast<unsigned>(size));
    std::copy(bytes.begin(), bytes.end(), region_->bytes().begin() + 128);
    Bytes got(size + 1, std::byte{0xee});
    Completion done;
    ASSERT_TRUE(channel_->get(remote_, 128, std::span(got).first(size), done).ok());
    finish(done);
    EXPECT_TRUE(std::equal(bytes.begin(), bytes.end(), got.begin()));
    EXPECT_EQ(got.back(), std::byte{0xee});
  }
}

TEST_P(TransportContract, OperationsPastTheEndAreRefusedAndWriteNothing) {
  const Bytes bytes = pattern(64, 1);
  Bytes got(64, std::byte{0x5a});
  Completion done;
  for (const std::uint64_t offset :
       {std::uint64_t{kRegionBytes - 63}, std::uint64_t{kRegionBytes + 1}, ~std::uint64_t{0} - 8}) {
    EXPECT_EQ(channel_->put(remote_, offset, bytes, done).code(), StatusCode::out_of_range);
    EXPECT_EQ(channel_->ordered_put(remote_, offset, bytes, done).code(), StatusCode::out_of_range);
    EXPECT_EQ(channel_->get(remote_, offset, got, done).code(), StatusCode::out_of_range);
  }
  EXPECT_TRUE(done.done());
  EXPECT_EQ(got, Bytes(64, std::byte{0x5a}));
  EXPECT_EQ(region_->bytes().back(), std::byte{0});
}

TEST_P(TransportContract, TheLastByteOfARegionIsReachable) {
  const Bytes byte{std::byte{0x77}};
  put_and_flush(kRegionBytes - 1, byte);
  EXPECT_EQ(region_->bytes().back(), byte[0]);
}

TEST_P(TransportContract, IsOneSidedOrEmulatedAsIsKnown) {
  std::uint64_t word = 0;
  Completion done;
  serving_.reset();
  const double patience_seconds = GetParam().one_sided == OneSided::native ? 1.0 : 0.05;
  EXPECT_EQ(probe(*channel_, std::span(&remote_, 1), 0, std::span(&word, 1), done, patience_seconds),
            GetParam().one_sided)
      << channel_->lanes(peer_);
  serving_.emplace(*target_);
  finish(done);
}

TEST_P(TransportContract, ManyOutstandingPutsAllArrive) {
  constexpr std::size_t kPuts = 5000;
  std::vector<std::uint64_t> words(kPuts);
  Completion done;
  for (std::size_t i = 0; i < kPuts; ++i) {
    words[i] = i + 1;
    ASSERT_TRUE(channel_->put(remote_, i * 8, std::as_bytes(std::span(&words[i], 1)), done).ok());
  }
  ASSERT_TRUE(channel_->flush(peer_, done).ok());
  finish(done);
  for (std::size_t i = 0; i < kPuts; ++i) ASSERT_EQ(load_word(region_->bytes().data() + i * 8), i + 1);
}

TEST_P(TransportContract, SeveralRegionsOfOnePeerAreKeptApart) {
  const auto other = target_->allocate(4096, MemoryKind::host);
  const RemoteRegion remote = channel_->open(peer_, other->descriptor());
  const Bytes bytes = pattern(256, 9);
  Completion done;
  ASSERT_TRUE(channel_->put(remote, 0, bytes, done).ok());
  ASSERT_TRUE(channel_->flush(peer_, done).ok());
  finish(done);
  EXPECT_TRUE(std::equal(bytes.begin(), bytes.end(), other->bytes().begin()));
  EXPECT_EQ(region_->bytes()[0], std::byte{0});
}

TEST_P(TransportContract, FetchAddAddsAndBringsWhatWasThere) {
  std::uint64_t before = 7;
  for (const std::uint64_t expected : {0u, 5u, 10u}) {
    Completion done;
    ASSERT_TRUE(channel_->fetch_add(remote_, 72, 5, before, done).ok());
    finish(done);
    EXPECT_EQ(before, expected);
  }
  EXPECT_EQ(load_word(region_->bytes().data() + 72), 15u);
  EXPECT_EQ(load_word(region_->bytes().data() + 64) + load_word(region_->bytes().data() + 80), 0u);
  Completion done;
  EXPECT_EQ(channel_->fetch_add(remote_, kRegionBytes, 1, before, done).code(), StatusCode::out_of_range);
}

TEST_P(TransportContract, NoFetchAddIsLostAmongThoseOfTwoPeers) {
  const auto third = GetParam().make();
  const auto other = third->open_channel();
  const RemoteRegion others = other->open(other->connect(target_->address(), "peer"), region_->descriptor());
  const std::uint64_t rounds = 20'000 / testing::stress_divisor();
  const auto add = [rounds](Channel& channel, const RemoteRegion& remote) {
    std::uint64_t last = 0;
    for (std::uint64_t i = 0; i < rounds; ++i) {
      std::uint64_t before = 0;
      Completion done;
      channel.fetch_add(remote, 0, 1, before, done).or_throw();
      wait(channel, done, kPatienceSeconds).or_throw();
      EXPECT_TRUE(i == 0 || before > last) << before << " after " << last;
      last = before;
    }
  };
  {
    const std::jthread beside([&] { add(*other, others); });
    add(*channel_, remote_);
  }
  EXPECT_EQ(load_word(region_->bytes().data()), 2 * rounds);
}

// The order that lanes stand on. Broken on purpose (flag first) in the last test, to see that this one can fail.
std::uint64_t count_flags_before_data(Channel& channel, const RemoteRegion& remote, std::span<std::byte> memory,
                                      bool ordered) {
  constexpr std::size_t kDataBytes = 8192;
  const std::uint64_t rounds =
      ordered ? 20'000 / testing::stress_divisor() : 20'000'000;  // the broken one until it is caught
  std::atomic<bool> ready = false;
  std::atomic<std::uint64_t> violations = 0;
  std::jthread reader([&](const std::stop_token& stop) {
    ready = true;
    for (std::uint64_t round = 0; !stop.stop_requested();) {
      const std::uint64_t flag = load_word(memory.data());
      if (flag == round) continue;
      // Data are rewritten only once the flag read here is acknowledged, so all of it must be of this round or,
      // unordered, older.
      for (std::size_t i = 0; i < kDataBytes; i += 8) violations += load_word(memory.data() + 64 + i) < flag;
      round = flag;
    }
  });
  while (!ready) std::this_thread::yield();
  std::vector<std::uint64_t> data(kDataBytes / 8);
  for (std::uint64_t round = 1; round <= rounds && (ordered || violations == 0); ++round) {
    std::fill(data.begin(), data.end(), round);
    Completion done;
    const auto flag = std::as_bytes(std::span(&round, 1));
    if (!ordered) channel.put(remote, 0, flag, done).or_throw();
    channel.put(remote, 64, std::as_bytes(std::span(data)), done).or_throw();
    if (ordered) channel.ordered_put(remote, 0, flag, done).or_throw();
    wait(channel, done, kPatienceSeconds).or_throw();
  }
  reader.request_stop();
  reader.join();
  return violations;
}

TEST_P(TransportContract, AnOrderedPutIsNeverSeenBeforeTheDataBeforeIt) {
  EXPECT_EQ(count_flags_before_data(*channel_, remote_, region_->bytes(), true), 0u);
}

TEST_P(TransportContract, TheOrderTestFailsWhenTheFlagGoesFirst) {
  EXPECT_GT(count_flags_before_data(*channel_, remote_, region_->bytes(), false), 0u);
}

/// Writes rounds of a block of equal words, whose halves are equal, too, while another thread looks at all of them;
/// how many words it saw torn. Ends with the first where `until_torn`.
std::uint64_t count_torn_words(std::span<const std::byte> memory, std::size_t words, std::uint64_t rounds,
                               const std::function<void(std::span<const std::uint64_t>)>& write, bool until_torn) {
  std::atomic<std::uint64_t> torn = 0;
  {
    std::jthread reader([&](const std::stop_token& stop) {
      while (!stop.stop_requested())
        for (std::size_t i = 0; i < words; ++i) {
          const std::uint64_t word = load_word(memory.data() + 8 * i);
          if ((word >> 32) != (word & 0xffffffff)) ++torn;
        }
    });
    std::vector<std::uint64_t> block(words);
    for (std::uint64_t i = 1; i <= rounds && !(until_torn && torn > 0); ++i) {
      std::fill(block.begin(), block.end(), (i << 32) | i);
      write(block);
    }
  }
  return torn;
}

constexpr std::size_t kWatchedWords = kWholeWordsBytes / 8;

TEST_P(TransportContract, WordsAreNeverTorn) {
  const std::uint64_t rounds = 100'000 / testing::stress_divisor();
  // As a word alone and inside a block, which may be copied otherwise.
  for (const std::size_t words : {std::size_t{1}, kWatchedWords}) {
    const auto put = [&](std::span<const std::uint64_t> block) {
      Completion done;
      channel_->put(remote_, 0, std::as_bytes(block), done).or_throw();
      wait(*channel_, done, kPatienceSeconds).or_throw();
    };
    EXPECT_EQ(count_torn_words(region_->bytes(), words, rounds, put, false), 0u) << words << " words";
  }
}

// The same watch over a copy that is broken on purpose: halves of words, as no transport may store them.
TEST(TornWords, AreSeenWhereHalvesAreStored) {
  const auto transport = make_threads_transport();
  const auto region = transport->allocate(kWatchedWords * 8, MemoryKind::host);
  const auto put_halves = [&](std::span<const std::uint64_t> block) {
    for (std::size_t i = 0; i < 2 * block.size(); ++i)
      std::atomic_ref(reinterpret_cast<std::uint32_t*>(region->bytes().data())[i])
          .store(static_cast<std::uint32_t>(block.front()), std::memory_order_release);
  };
  EXPECT_GT(count_torn_words(region->bytes(), kWatchedWords, 20'000'000, put_halves, true), 0u);
}

TEST_P(TransportContract, GpuMemoryIsRefusedAndNotTakenForHostMemory) {
  EXPECT_THROW((void)target_->allocate(4096, MemoryKind::cuda), RuntimeFailure);
}

INSTANTIATE_TEST_SUITE_P(Backends, TransportContract, ::testing::ValuesIn(testing::kBackends), testing::backend_name);

TEST(UcxTransport, RefusesATransportThatDoesNotExistYet) {
  for (const char* name : {"roce", "pigeon"}) EXPECT_THROW((void)make_ucx_transport(name), InputError) << name;
}

}  // namespace
}  // namespace wolfpack::transport
