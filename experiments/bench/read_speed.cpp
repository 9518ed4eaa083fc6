#include "experiments/bench/read_speed.hpp"

#include <algorithm>
#include <atomic>
#include <cstring>
#include <numeric>
#include <utility>

namespace wolfpack::bench {
namespace {

// A piece that one thread reads at a time.
constexpr std::size_t kPiece = std::size_t{1} << 20;
constexpr std::size_t kLine = 64;

// Compiled for what the machine has: 64-bit additions, in whatever vectors the compiler likes.
#if defined(__x86_64__) && !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
#define WOLFPACK_WIDE __attribute__((target_clones("default", "avx2", "avx512f")))
#else
#define WOLFPACK_WIDE
#endif

// `streams` equal parts of the piece side by side, each asking for memory `ahead` bytes early (0: not at all).
template <std::size_t kStreams, std::size_t kAhead>
inline __attribute__((always_inline)) std::uint64_t sum_in_streams(const std::byte* start, std::size_t bytes) {
  const std::size_t part = bytes / kStreams / kLine * kLine;
  std::uint64_t sums[kStreams][8] = {};
  for (std::size_t position = 0; position < part; position += kLine) {
    for (std::size_t stream = 0; stream < kStreams; ++stream) {
      const std::byte* line = start + stream * part + position;
      if constexpr (kAhead > 0) __builtin_prefetch(line + kAhead);
      std::uint64_t words[8];
      std::memcpy(words, line, kLine);
      for (int k = 0; k < 8; ++k) sums[stream][k] += words[k];
    }
  }
  std::uint64_t sum = 0;
  for (const auto& stream : sums) sum = std::accumulate(stream, stream + 8, sum);
  for (std::size_t position = kStreams * part; position < bytes; ++position)
    sum += static_cast<std::uint8_t>(start[position]);
  return sum;
}

WOLFPACK_WIDE std::uint64_t one_stream(const std::byte* start, std::size_t bytes) {
  return sum_in_streams<1, 0>(start, bytes);
}
WOLFPACK_WIDE std::uint64_t one_stream_ahead(const std::byte* start, std::size_t bytes) {
  return sum_in_streams<1, 2048>(start, bytes);
}
WOLFPACK_WIDE std::uint64_t four_streams(const std::byte* start, std::size_t bytes) {
  return sum_in_streams<4, 0>(start, bytes);
}
WOLFPACK_WIDE std::uint64_t four_streams_ahead(const std::byte* start, std::size_t bytes) {
  return sum_in_streams<4, 1024>(start, bytes);
}

struct Way {
  const char* name;
  std::uint64_t (*sum)(const std::byte* start, std::size_t bytes);
};
constexpr Way kWays[] = {{"one stream", one_stream},
                         {"one stream, prefetched", one_stream_ahead},
                         {"four streams", four_streams},
                         {"four streams, prefetched", four_streams_ahead}};

double median(std::vector<double> values) {
  std::nth_element(values.begin(), values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2), values.end());
  return values[values.size() / 2];
}

}  // namespace

ReadSpeed::ReadSpeed(std::vector<std::span<const std::byte>> memory, std::size_t threads)
    : memory_(std::move(memory)), pool_(threads), seconds_(std::size(kWays)), other_memory_(std::size_t{64} << 20) {
  for (const auto part : memory_) bytes_ += part.size();
}

void ReadSpeed::measure() {
  for (std::size_t way = 0; way < seconds_.size(); ++way) {
    seconds_[way].push_back(seconds_of(pool_.size(), [&] { read(way); }));
  }
}

void ReadSpeed::wash() { sum_ += four_streams(other_memory_.data(), other_memory_.size()); }

void ReadSpeed::read(std::size_t way) {
  for (const auto part : memory_) {
    std::atomic<std::size_t> next{0};
    std::atomic<std::uint64_t> total{0};
    pool_.run([&](std::size_t) {
      std::uint64_t sum = 0;
      for (;;) {
        const std::size_t first = next.fetch_add(kPiece, std::memory_order_relaxed);
        if (first >= part.size()) break;
        sum += kWays[way].sum(part.data() + first, std::min(kPiece, part.size() - first));
      }
      total.fetch_add(sum);
    });
    sum_ += total;
  }
}

std::size_t ReadSpeed::fastest() const {
  std::size_t best = 0;
  for (std::size_t way = 1; way < seconds_.size(); ++way) {
    if (median(seconds_[way]) < median(seconds_[best])) best = way;
  }
  return best;
}

double ReadSpeed::gigabytes_per_second() const {
  return static_cast<double>(bytes_) / median(seconds_[fastest()]) * 1e-9;
}

double ReadSpeed::best_gigabytes_per_second() const {
  double least = seconds_[0][0];
  for (const auto& way : seconds_) least = std::min(least, *std::min_element(way.begin(), way.end()));
  return static_cast<double>(bytes_) / least * 1e-9;
}

std::string ReadSpeed::fastest_way() const { return kWays[fastest()].name; }

}  // namespace wolfpack::bench
