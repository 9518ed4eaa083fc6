#include "runtime/ssp_policy.hpp"

#include <random>
#include <vector>

#include <gtest/gtest.h>

namespace wolfpack::runtime {
namespace {

using Decision = SspPolicy::Decision;

TEST(SspPolicy, WaitsWhenTheLeadExceedsTheStaleness) {
  const SspPolicy policy(Staleness{3});
  EXPECT_EQ(policy.next({5}, {2}), Decision::start);
  EXPECT_EQ(policy.next({6}, {2}), Decision::wait);
  EXPECT_EQ(policy.next({6}, {3}), Decision::start);
}

TEST(SspPolicy, BulkSynchronousStartsOnlyInStep) {
  const SspPolicy policy(kBulkSynchronous);
  EXPECT_EQ(policy.next({0}, {0}), Decision::start);
  EXPECT_EQ(policy.next({1}, {0}), Decision::wait);
  EXPECT_EQ(policy.next({1}, {1}), Decision::start);
}

TEST(SspPolicy, AsynchronousNeverWaits) {
  const SspPolicy policy(kAsynchronous);
  EXPECT_EQ(policy.next({~std::uint64_t{0} - 1}, {0}), Decision::start);
  EXPECT_EQ(policy.required_by_reads({1'000'000'000}), Clock{0});
}

TEST(SspPolicy, AWorkerBehindItsOwnOldViewOfTheOthersStarts) {
  // The own clock is written in place, the table's minimum may be read a moment later: the minimum may be the larger
  // one.
  EXPECT_EQ(SspPolicy(kBulkSynchronous).next({4}, {5}), Decision::start);
}

TEST(SspPolicy, FinishesAfterTheLastIterationHoweverFarTheOthersAre) {
  const SspPolicy policy(Staleness{1}, 10);
  EXPECT_EQ(policy.next({9}, {8}), Decision::start);
  EXPECT_EQ(policy.next({9}, {7}), Decision::wait);
  EXPECT_EQ(policy.next({10}, {0}), Decision::finish);
  EXPECT_EQ(SspPolicy(Staleness{1}, 0).next({0}, {0}), Decision::finish);
}

TEST(SspPolicy, ReadsRequireEverythingBeforeTheClockLessTheStaleness) {
  EXPECT_EQ(SspPolicy(Staleness{3}).required_by_reads({10}), Clock{7});
  EXPECT_EQ(SspPolicy(Staleness{3}).required_by_reads({2}), Clock{0});
  EXPECT_EQ(SspPolicy(kBulkSynchronous).required_by_reads({10}), Clock{10});
}

TEST(SspPolicy, GivesWayToAFastestThatWaitsOrIsDone) {
  const SspPolicy policy(Staleness{2}, 10);
  EXPECT_FALSE(policy.should_give_way({3}, {3}));
  EXPECT_FALSE(policy.should_give_way({3}, {5}));
  EXPECT_TRUE(policy.should_give_way({3}, {6}));
  EXPECT_TRUE(policy.should_give_way({9}, {10}));
  EXPECT_FALSE(SspPolicy(kAsynchronous).should_give_way({0}, {1'000'000}));
}

TEST(SspPolicy, BulkSynchronousNeverGivesWay) {
  EXPECT_FALSE(SspPolicy(kBulkSynchronous, 5).should_give_way({4}, {5}));
  EXPECT_FALSE(SspPolicy(kBulkSynchronous).should_give_way({4}, {5}));
}

TEST(SspPolicy, ObservedStalenessIsNeverNegative) {
  EXPECT_EQ(observed_staleness({7}, {5}), 2u);
  EXPECT_EQ(observed_staleness({7}, {9}), 0u);
}

/// Workers that start and end iterations in any order the policy allows. Returns the largest lead at a start.
std::uint64_t largest_lead(const SspPolicy& policy, std::size_t workers, std::uint64_t iterations, unsigned seed) {
  std::mt19937 random(seed);
  std::vector<Clock> clocks(workers);
  std::vector<bool> running(workers, false);
  std::uint64_t lead = 0;
  const auto slowest = [&] { return *std::min_element(clocks.begin(), clocks.end()); };
  for (int idle = 0; slowest().value < iterations;) {
    const std::size_t i = random() % workers;
    if (running[i]) {
      running[i] = false;
      clocks[i] = clocks[i].next();
    } else if (policy.next(clocks[i], slowest()) == Decision::start) {
      running[i] = true;
      lead = std::max(lead, clocks[i].value - slowest().value);
    } else if (++idle > 1'000'000) {
      ADD_FAILURE() << "nobody may start: a deadlock";
      break;
    }
  }
  return lead;
}

TEST(SspPolicy, AnyInterleavingKeepsTheLeadWithinTheStalenessAndReachesIt) {
  for (const std::uint64_t staleness : {0u, 1u, 3u}) {
    std::uint64_t largest = 0;
    for (unsigned seed = 0; seed < 20; ++seed)
      largest = std::max(largest, largest_lead(SspPolicy(Staleness{staleness}, 50), 4, 50, seed));
    EXPECT_EQ(largest, staleness);
  }
}

}  // namespace
}  // namespace wolfpack::runtime
