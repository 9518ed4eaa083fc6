// A histogram of durations with buckets of equal width on a logarithmic scale: any length of run in constant memory,
// and every percentile to 1.6% (HdrHistogram's idea; Debian has no such library).
//
//     Histogram times;
//     times.add(1.25e-6, 32);                    // 32 operations that took so long each
//     times.percentile(0.5);
//
// Plain data, one thread at a time.
#pragma once

#include <cstdint>
#include <map>
#include <vector>

#include "base/types.hpp"

namespace wolfpack::latency {

class Histogram {
 public:
  /// Of equal durations in [from, to): the relative width of a bucket is at most 1/64.
  struct Bucket {
    double from_seconds = 0.0;
    double to_seconds = 0.0;
    std::uint64_t count = 0;
  };

  /// `count` operations of `seconds` each; what is not positive counts as the shortest time there is, 1 ps.
  void add(double seconds, std::uint64_t count);
  void add(const Histogram& other);
  /// Of times half as long.
  [[nodiscard]] Histogram halved() const;

  [[nodiscard]] std::uint64_t count() const { return count_; }
  /// Exact, but for add() of what is not positive. 0 where nothing was added.
  [[nodiscard]] double min_seconds() const { return count_ == 0 ? 0.0 : min_; }
  [[nodiscard]] double max_seconds() const { return max_; }
  [[nodiscard]] double mean_seconds() const;
  /// So large a share of all operations took at most so long; interpolated within a bucket. `share` from 0 to 1.
  [[nodiscard]] double percentile(double share) const;
  /// Rising; none is empty.
  [[nodiscard]] std::vector<Bucket> buckets() const;

  [[nodiscard]] Bytes encode() const;
  /// Throws RuntimeFailure where the bytes are not encode()'s.
  [[nodiscard]] static Histogram decode(const Bytes& bytes);

 private:
  std::map<std::int32_t, std::uint64_t> counts_;  // by bucket
  std::uint64_t count_ = 0;
  double sum_ = 0.0;
  double min_ = 0.0;
  double max_ = 0.0;
};

}  // namespace wolfpack::latency
