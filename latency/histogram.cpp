#include "latency/histogram.hpp"

#include <algorithm>
#include <cmath>

#include "base/bytes.hpp"

namespace wolfpack::latency {
namespace {

constexpr double kShortestSeconds = 1e-12;
constexpr int kBucketsAnOctave = 64;

// An octave is cut into equal parts, as a floating-point number's mantissa is.
std::int32_t bucket_of(double seconds) {
  int exponent = 0;
  const double mantissa = std::frexp(seconds, &exponent);  // in [0.5, 1)
  return exponent * kBucketsAnOctave + static_cast<int>((mantissa - 0.5) * 2.0 * kBucketsAnOctave);
}

double lower_end(std::int32_t bucket) {
  const int exponent = bucket >= 0 ? bucket / kBucketsAnOctave : -((-bucket + kBucketsAnOctave - 1) / kBucketsAnOctave);
  const int part = bucket - exponent * kBucketsAnOctave;
  return std::ldexp(0.5 + 0.5 * part / kBucketsAnOctave, exponent);
}

}  // namespace

void Histogram::add(double seconds, std::uint64_t count) {
  if (count == 0) return;
  const double time = std::max(seconds, kShortestSeconds);
  counts_[bucket_of(time)] += count;
  min_ = count_ == 0 ? time : std::min(min_, time);
  max_ = std::max(max_, time);
  sum_ += time * static_cast<double>(count);
  count_ += count;
}

void Histogram::add(const Histogram& other) {
  if (other.count_ == 0) return;
  for (const auto& [bucket, count] : other.counts_) counts_[bucket] += count;
  min_ = count_ == 0 ? other.min_ : std::min(min_, other.min_);
  max_ = std::max(max_, other.max_);
  sum_ += other.sum_;
  count_ += other.count_;
}

Histogram Histogram::halved() const {
  Histogram half = *this;
  half.counts_.clear();
  for (const auto& [bucket, count] : counts_) half.counts_[bucket - kBucketsAnOctave] = count;
  for (double* value : {&half.sum_, &half.min_, &half.max_}) *value /= 2.0;
  return half;
}

double Histogram::mean_seconds() const { return count_ == 0 ? 0.0 : sum_ / static_cast<double>(count_); }

double Histogram::percentile(double share) const {
  if (count_ == 0) return 0.0;
  const double wanted = std::clamp(share, 0.0, 1.0) * static_cast<double>(count_);
  double below = 0.0;
  for (const auto& [bucket, count] : counts_) {
    const auto here = static_cast<double>(count);
    if (below + here >= wanted) {
      const double from = lower_end(bucket), to = lower_end(bucket + 1);
      return std::clamp(from + (to - from) * (wanted - below) / here, min_, max_);
    }
    below += here;
  }
  return max_;
}

std::vector<Histogram::Bucket> Histogram::buckets() const {
  std::vector<Bucket> all;
  all.reserve(counts_.size());
  for (const auto& [bucket, count] : counts_) all.push_back({lower_end(bucket), lower_end(bucket + 1), count});
  return all;
}

Bytes Histogram::encode() const {
  Bytes out;
  ByteWriter writer(out);
  for (const double value : {sum_, min_, max_}) writer.value(value);
  writer.value<std::uint64_t>(counts_.size());
  for (const auto& [bucket, count] : counts_) {
    writer.value(bucket);
    writer.value(count);
  }
  return out;
}

Histogram Histogram::decode(const Bytes& bytes) {
  ByteReader reader(bytes);
  Histogram out;
  for (double* value : {&out.sum_, &out.min_, &out.max_}) *value = reader.value<double>();
  for (auto left = reader.value<std::uint64_t>(); left > 0; --left) {
    const auto bucket = reader.value<std::int32_t>();
    out.count_ += out.counts_[bucket] = reader.value<std::uint64_t>();
  }
  return out;
}

}  // namespace wolfpack::latency
