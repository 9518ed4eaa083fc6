#include "base/backoff.hpp"

#include <gtest/gtest.h>

#include "base/time.hpp"

namespace wolfpack {
namespace {

TEST(Backoff, BeginsWithoutSleepingAndEndsInSleep) {
  Backoff backoff;
  EXPECT_FALSE(backoff.is_sleeping());
  backoff.pause();
  EXPECT_FALSE(backoff.is_sleeping());
  for (int i = 0; i < 1000 && !backoff.is_sleeping(); ++i) backoff.pause();
  EXPECT_TRUE(backoff.is_sleeping());
}

TEST(Backoff, ALongWaitCostsAlmostNoProcessorTime) {
  Backoff backoff;
  timespec before{}, after{};
  const double start = monotonic_seconds();
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &before);
  while (monotonic_seconds() - start < 0.4) backoff.pause();
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &after);
  const double used =
      static_cast<double>(after.tv_sec - before.tv_sec) + 1e-9 * static_cast<double>(after.tv_nsec - before.tv_nsec);
  EXPECT_LT(used, 0.2);
}

TEST(Backoff, NapsStayWithinTheirBound) {
  Backoff backoff(100'000);
  for (int i = 0; i < 1000; ++i) backoff.pause();
  double shortest = 1.0;  // the machine may be busy: the best of many tells
  for (int i = 0; i < 50; ++i) {
    const double start = monotonic_seconds();
    backoff.pause();
    shortest = std::min(shortest, monotonic_seconds() - start);
  }
  EXPECT_GE(shortest, 90e-6);
  EXPECT_LT(shortest, 2e-3);
}

}  // namespace
}  // namespace wolfpack
