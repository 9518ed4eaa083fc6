// The proof by fire of ps/row.hpp: an owner that publishes as fast as it may, readers in other threads that must never
// accept a mixed row, and the same harness with the protocol broken on purpose, which must be seen to accept some.
//
// An owner that never rests overtakes nearly every get, and then nothing is accepted at all: it publishes in bursts of
// random length, so that gets end before, within and after the reuse of their slot. All give way to each other, or few
// cores would show few interleavings. WOLFPACK_TEST_ROW_READS=1000000 has each case read so many versions.
#include <atomic>
#include <cstdlib>
#include <cstring>
#include <iostream>
#include <limits>
#include <optional>
#include <random>
#include <thread>

#include <gtest/gtest.h>

#include "base/time.hpp"
#include "base/words.hpp"
#include "ps/owner_push.hpp"
#include "ps/row.hpp"
#include "tests/support/backends.hpp"
#include "tests/support/split_channel.hpp"

namespace wolfpack::ps {
namespace {

constexpr Key kKey{0};
constexpr std::size_t kReaders = 2;

constexpr double kLeastSeconds = 1.2;
/// A busy machine takes longer for as many reads.
constexpr double kPatienceSeconds = 60.0;

/// Versions that are read in a case, if the environment says so.
std::optional<std::uint64_t> asked_reads() {
  const char* text = std::getenv("WOLFPACK_TEST_ROW_READS");
  return text == nullptr ? std::nullopt : std::optional<std::uint64_t>(std::strtoull(text, nullptr, 10));
}

/// A reader's memory and way to the shard. Built by one thread, then used by its own.
struct ReaderEnd {
  std::unique_ptr<transport::Transport> transport;
  std::unique_ptr<testing::Serving> serving;
  std::unique_ptr<transport::Region> board;
  std::unique_ptr<transport::Channel> channel;
  transport::RemoteRegion shard;
};

struct Counts {
  std::atomic<std::uint64_t> reads = 0;   // of a version new to the reader
  std::atomic<std::uint64_t> torn = 0;    // accepted with words of two versions
  std::atomic<std::uint64_t> fallen = 0;  // an older version after a newer one
  std::atomic<std::uint64_t> errors = 0;
  std::atomic<std::uint64_t> gets = 0;  // those that were overtaken included
};

/// Whether all of a snapshot is of its own version: every word carries it.
bool is_whole(const RowSnapshot& snapshot) {
  for (const Clock clock : snapshot.folded)
    if (clock.value != snapshot.version.value) return false;
  for (std::size_t i = 0; i + 8 <= snapshot.payload.size(); i += 8) {
    std::uint64_t word = 0;
    std::memcpy(&word, snapshot.payload.data() + i, 8);
    if (word != snapshot.version.value) return false;
  }
  return true;
}

/// What RowReader must never be: it takes a slot whose header looks right, without the look at the newest word after
/// the get.
class CarelessReader {
 public:
  CarelessReader(transport::Channel& channel, const transport::RemoteRegion& shard, const JobLayout& layout,
                 const std::byte* newest_word)
      : channel_(channel), shard_(shard), layout_(layout), newest_word_(newest_word), slot_(layout.slot_bytes(kKey)) {}

  Status refresh(bool& is_newest, const transport::WaitCheck&) {
    const Version version{load_word(newest_word_)};
    is_newest = version == snapshot_.version;
    if (is_newest) return {};
    transport::Completion done;
    if (Status status = channel_.get(shard_, layout_.slot_offset(kKey, version), slot_, done); !status.ok())
      return status;
    if (Status status = wait(channel_, done, 30.0); !status.ok()) return status;
    SlotHeader header;
    std::memcpy(&header, slot_.data(), sizeof header);
    if (header.version != version.value || header.payload_bytes > layout_.rows[0].row_bytes)
      return {StatusCode::transport_error, "not in its slot"};
    snapshot_.version = version;
    snapshot_.folded.resize(layout_.workers);
    std::memcpy(snapshot_.folded.data(), slot_.data() + sizeof header, layout_.workers * sizeof(Clock));
    const auto payload = slot_.begin() + static_cast<std::ptrdiff_t>(layout_.slot_payload_offset());
    payload_.assign(payload, payload + static_cast<std::ptrdiff_t>(header.payload_bytes));
    snapshot_.payload = payload_;
    return {};
  }
  [[nodiscard]] const RowSnapshot& snapshot() const { return snapshot_; }

 private:
  transport::Channel& channel_;
  transport::RemoteRegion shard_;
  const JobLayout& layout_;
  const std::byte* newest_word_;
  Bytes slot_;
  RowSnapshot snapshot_;
  Bytes payload_;  // what snapshot_ refers to
};

class TornRows : public testing::BackendTest {
 protected:
  void build(std::size_t row_bytes) {
    layout_ = JobLayout::make(kReaders, 1, {{.row_bytes = row_bytes, .update_bytes = 8}}, 4096);
    owner_ = GetParam().make();
    shard_ = owner_->allocate(layout_.shard_bytes(0), transport::MemoryKind::host);
    serving_owner_ = std::make_unique<testing::Serving>(*owner_);
    owner_channel_ = owner_->open_channel();
    for (std::size_t i = 0; i < kReaders; ++i) {
      ReaderEnd& end = ends_.emplace_back();
      end.transport = GetParam().make();
      end.serving = std::make_unique<testing::Serving>(*end.transport);
      end.board = end.transport->allocate(layout_.board_bytes(), transport::MemoryKind::host);
      end.channel = end.transport->open_channel();
      end.shard = end.channel->open(end.channel->connect(owner_->address(), "peer"), shard_->descriptor());
      const auto remote =
          owner_channel_->open(owner_channel_->connect(end.transport->address(), "peer"), end.board->descriptor());
      pushes_.push_back(std::make_unique<OwnerPush>(layout_, 0, *owner_channel_, remote));
    }
  }
  void TearDown() override {
    for (ReaderEnd& end : ends_) end.channel.reset();
    owner_channel_.reset();
  }

  /// `version` in every word; where `varied`, of another length each time, so that a reader needs a second get now and
  /// then.
  void publish(RowPublisher& publisher, bool varied) {
    const std::uint64_t version = publisher.version().value + 1;
    const std::size_t most = layout_.rows[0].row_bytes / 8;
    words_.assign(varied ? version * 2654435761u % most + 1 : most, version);
    publisher.publish(std::as_bytes(std::span(words_)), std::vector<std::uint64_t>(kReaders, version));
    published_ = version;
  }
  /// Lasts until the owner has published so many more versions, or a little while.
  void window(std::uint64_t publications) const {
    const std::uint64_t until = published_ + publications;
    for (const double start = monotonic_seconds(); published_ < until && monotonic_seconds() - start < 0.001;)
      std::this_thread::yield();
  }
  void push(const RowPublisher& publisher) {
    const std::pair newest{kKey, publisher.version().value};
    owner_channel_->progress();
    for (auto& push : pushes_) push->step({.newest = std::span(&newest, 1), .folded = {newest.second, newest.second}});
  }
  [[nodiscard]] bool all_flushed(const RowPublisher& publisher) const {
    return std::all_of(pushes_.begin(), pushes_.end(),
                       [&](const auto& push) { return push->flushed_newest(kKey) >= publisher.version(); });
  }

  /// As Shard does: the next version only when the last one's word is known to be everywhere.
  void own(const std::atomic<bool>& stop, bool varied) {
    RowPublisher publisher(layout_, kKey, shard_->bytes());
    std::mt19937 random(1);
    unsigned rests = 0;
    while (!stop) {
      push(publisher);
      if (!all_flushed(publisher)) continue;
      if (rests > 0) {
        --rests;
        std::this_thread::yield();
        continue;
      }
      publish(publisher, varied);
      if (random() % 4 == 0) rests = static_cast<unsigned>(random() % 8);
    }
  }
  /// The broken owner: many versions between two words, none waited for.
  void own_carelessly(const std::atomic<bool>& stop) {
    RowPublisher publisher(layout_, kKey, shard_->bytes());
    while (!stop) {
      publish(publisher, false);
      while (!all_flushed(publisher) && !stop) push(publisher);
      std::this_thread::yield();
      for (std::uint64_t i = 1; i < 3 * kRowSlots; ++i) publish(publisher, false);
      for (int i = 0; i < 4; ++i) std::this_thread::yield();
    }
  }

  template <class Reader>
  void read(Reader& reader, const ReaderEnd& end, Counts& counts, const std::atomic<bool>& stop) const {
    Version last;
    while (!stop) {
      if (load_word(end.board->bytes().data() + layout_.newest_offset(kKey)) == last.value) {
        std::this_thread::yield();
        continue;
      }
      bool is_newest = false;
      const Status status = reader.refresh(is_newest, testing::patience());
      counts.errors += !status.ok();
      const RowSnapshot& snapshot = reader.snapshot();
      if (!status.ok() || snapshot.version == last) continue;
      counts.fallen += snapshot.version < last;
      counts.torn += !is_whole(snapshot);
      ++counts.reads;
      last = snapshot.version;
    }
  }

  /// Runs an owner and the readers, for `seconds` or until `enough` says so.
  /// `between(reader)` comes between the two halves of a get.
  template <class Own, class MakeReader, class Between>
  void run(Own own, MakeReader make_reader, Between between, Counts& counts, double seconds,
           const std::function<bool()>& enough) {
    std::atomic<bool> stop = false;
    std::vector<std::jthread> threads;
    threads.emplace_back([&] { own(stop); });
    for (std::size_t i = 0; i < kReaders; ++i)
      threads.emplace_back([&, i] {
        auto& end = ends_[i];
        testing::SplitChannel channel(*end.channel, [&, i] { between(i); });
        auto reader = make_reader(channel, end.shard, end.board->bytes().data() + layout_.newest_offset(kKey));
        read(reader, end, counts, stop);
        counts.gets += channel.gets();
      });
    for (const double start = monotonic_seconds(); monotonic_seconds() - start < seconds && !enough();)
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    stop = true;
  }

  auto true_reader() {
    return [this](transport::Channel& channel, const transport::RemoteRegion& shard, const std::byte* word) {
      return RowReader(channel, shard, layout_, kKey, word);
    };
  }
  void expect_no_torn_rows(std::size_t row_bytes, bool varied, std::uint64_t least_reads) {
    build(row_bytes);
    Counts counts;
    // One reader of two now and then leaves a window of a few publications, so that gets end on either side of what is
    // allowed.
    std::mt19937 random(2);
    const auto between = [&](std::size_t reader) {
      if (reader == 0 && random() % 4 == 0) window(random() % (kRowSlots + 3));
    };
    least_reads = asked_reads().value_or(least_reads / testing::stress_divisor());
    const double patience = asked_reads() ? std::numeric_limits<double>::infinity() : kPatienceSeconds;
    const double least_end = monotonic_seconds() + kLeastSeconds;
    run([&](const auto& stop) { own(stop, varied); }, true_reader(), between, counts, patience,
        [&] { return monotonic_seconds() > least_end && counts.reads >= least_reads; });
    EXPECT_EQ(counts.torn, 0u);
    EXPECT_EQ(counts.fallen, 0u);
    EXPECT_EQ(counts.errors, 0u);
    EXPECT_GE(counts.reads, least_reads) << "too few to say anything";
    std::cout << counts.reads << " rows of " << row_bytes << " bytes read by " << counts.gets << " gets\n";
  }

  JobLayout layout_;
  std::unique_ptr<transport::Transport> owner_;
  std::unique_ptr<testing::Serving> serving_owner_;
  std::unique_ptr<transport::Region> shard_;
  std::vector<ReaderEnd> ends_;
  std::unique_ptr<transport::Channel> owner_channel_;
  std::vector<std::unique_ptr<OwnerPush>> pushes_;
  std::vector<std::uint64_t> words_;
  std::atomic<std::uint64_t> published_ = 0;
};

constexpr std::size_t kSmall = 8 << 10, kLarge = 200 << 10;
constexpr double kUntilCaughtSeconds = 30.0;

TEST_P(TornRows, SmallRowsAreNeverAcceptedTorn) { expect_no_torn_rows(kSmall, false, 5000); }
TEST_P(TornRows, LargeRowsAreNeverAcceptedTorn) { expect_no_torn_rows(kLarge, false, 500); }
TEST_P(TornRows, RowsOfChangingLengthAreNeverAcceptedTorn) { expect_no_torn_rows(kLarge, true, 500); }

TEST_P(TornRows, AReaderWithoutTheAcceptanceTestIsCaught) {
  build(kLarge);
  Counts counts;
  const auto careless = [this](transport::Channel& channel, const transport::RemoteRegion& shard,
                               const std::byte* word) { return CarelessReader(channel, shard, layout_, word); };
  run([&](const auto& stop) { own(stop, false); }, careless, [this](std::size_t) { window(2 * kRowSlots); }, counts,
      kUntilCaughtSeconds, [&] { return counts.torn > 0; });
  EXPECT_GT(counts.torn, 0u) << counts.reads << " rows were read";
}

TEST_P(TornRows, AnOwnerThatDoesNotWaitForItsWordsIsCaught) {
  build(kLarge);
  Counts counts;
  const auto between = [this](std::size_t) { window(2 * kRowSlots); };
  run([&](const auto& stop) { own_carelessly(stop); }, true_reader(), between, counts, kUntilCaughtSeconds,
      [&] { return counts.torn > 0; });
  EXPECT_GT(counts.torn, 0u) << counts.reads << " rows were read";
}

INSTANTIATE_TEST_SUITE_P(Backends, TornRows, ::testing::ValuesIn(testing::kBackends), testing::backend_name);

}  // namespace
}  // namespace wolfpack::ps
