#include <algorithm>
#include <cmath>
#include <random>
#include <vector>

#include <gtest/gtest.h>

#include "base/status.hpp"
#include "latency/histogram.hpp"

namespace wolfpack::latency {
namespace {

TEST(LatencyHistogram, IsEmptyAtFirst) {
  const Histogram times;
  EXPECT_EQ(times.count(), 0u);
  EXPECT_EQ(times.percentile(0.5), 0.0);
  EXPECT_TRUE(times.buckets().empty());
}

TEST(LatencyHistogram, KeepsExtremesAndTheMeanExactly) {
  Histogram times;
  times.add(1.5e-6, 3);
  times.add(7.25e-3, 1);
  EXPECT_EQ(times.count(), 4u);
  EXPECT_EQ(times.min_seconds(), 1.5e-6);
  EXPECT_EQ(times.max_seconds(), 7.25e-3);
  EXPECT_DOUBLE_EQ(times.mean_seconds(), (3 * 1.5e-6 + 7.25e-3) / 4);
  EXPECT_EQ(times.percentile(0.0), 1.5e-6);
  EXPECT_EQ(times.percentile(1.0), 7.25e-3);
}

TEST(LatencyHistogram, PercentilesAreThoseOfTheSortedTimesToABucket) {
  std::mt19937 random(7);
  std::lognormal_distribution<double> draw(-14.0, 1.5);
  std::vector<double> all(20'000);
  Histogram times;
  for (double& seconds : all) times.add(seconds = draw(random), 1);
  std::sort(all.begin(), all.end());
  for (const double share : {0.001, 0.1, 0.5, 0.9, 0.99, 0.999}) {
    const double exact = all[static_cast<std::size_t>(share * static_cast<double>(all.size()))];
    EXPECT_NEAR(times.percentile(share) / exact, 1.0, 1.0 / 64) << share;
  }
}

TEST(LatencyHistogram, BucketsHoldWhatWasAddedAndRise) {
  for (const double seconds : {1e-12, 3.7e-9, 1.0 / 1024, 0.999999, 1.0, 17.0}) {
    Histogram times;
    times.add(seconds, 2);
    ASSERT_EQ(times.buckets().size(), 1u);
    const Histogram::Bucket bucket = times.buckets().front();
    EXPECT_LE(bucket.from_seconds, seconds);
    EXPECT_GT(bucket.to_seconds, seconds);
    EXPECT_LE(bucket.to_seconds / bucket.from_seconds, 1.0 + 1.0 / 64 + 1e-12);
    EXPECT_EQ(bucket.count, 2u);
  }
  Histogram times;
  for (int i = 1; i < 1000; ++i) times.add(1e-9 * i, 1);
  const auto buckets = times.buckets();
  for (std::size_t i = 1; i < buckets.size(); ++i) EXPECT_LE(buckets[i - 1].to_seconds, buckets[i].from_seconds);
}

TEST(LatencyHistogram, TakesInAnotherAndComesBackFromBytes) {
  Histogram one, other;
  one.add(2e-6, 5);
  other.add(1e-6, 1);
  other.add(4e-6, 4);
  one.add(other);
  one.add(Histogram());
  const Histogram back = Histogram::decode(one.encode());
  EXPECT_EQ(back.count(), 10u);
  EXPECT_EQ(back.min_seconds(), 1e-6);
  EXPECT_EQ(back.max_seconds(), 4e-6);
  EXPECT_DOUBLE_EQ(back.mean_seconds(), (5 * 2e-6 + 1e-6 + 4 * 4e-6) / 10);
  EXPECT_EQ(back.buckets().size(), 3u);
  EXPECT_THROW((void)Histogram::decode(Bytes(11)), RuntimeFailure);
}

TEST(LatencyHistogram, HalvesEveryTime) {
  Histogram times;
  times.add(3e-6, 1);
  times.add(1e-9, 9);
  const Histogram half = times.halved();
  EXPECT_EQ(half.count(), 10u);
  EXPECT_DOUBLE_EQ(half.mean_seconds(), times.mean_seconds() / 2);
  EXPECT_DOUBLE_EQ(half.percentile(0.5), times.percentile(0.5) / 2);
  EXPECT_EQ(half.max_seconds(), 1.5e-6);
}

TEST(LatencyHistogram, WhatTookNoTimeCountsAsTheShortest) {
  Histogram times;
  times.add(0.0, 1);
  times.add(-1.0, 1);
  EXPECT_EQ(times.count(), 2u);
  EXPECT_EQ(times.max_seconds(), 1e-12);
}

}  // namespace
}  // namespace wolfpack::latency
