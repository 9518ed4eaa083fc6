#include <array>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "latency/quiet.hpp"

namespace wolfpack::latency {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

TEST(LatencyQuiet, ReadsTheKernelsCounters) {
  Activity activity;
  read_stat_line("cpu  100 20 30 9000 5 1 2 40 0 0", 0.01, activity);
  EXPECT_DOUBLE_EQ(activity.busy_seconds, 1.53);
  EXPECT_DOUBLE_EQ(activity.stolen_seconds, 0.4);
  Activity other;
  read_stat_line("intr 5 6 7 8 9 10 11 12", 0.01, other);
  EXPECT_EQ(other.busy_seconds, 0.0);
}

TEST(LatencyQuiet, OwnWorkOfAllRanksIsNoDisturbance) {
  const std::array ranks{Activity{.seconds = 10, .busy_seconds = 20, .own_seconds = 10},
                         Activity{.seconds = 10, .busy_seconds = 20, .own_seconds = 9.9}};
  EXPECT_THAT(disturbances(ranks), IsEmpty());
}

TEST(LatencyQuiet, NamesOthersTheHypervisorAndInterruptions) {
  const std::array ranks{Activity{.seconds = 10, .busy_seconds = 25, .stolen_seconds = 1, .own_seconds = 10},
                         Activity{.seconds = 10, .busy_seconds = 25, .own_seconds = 10, .interruptions = 500}};
  EXPECT_THAT(disturbances(ranks),
              ElementsAre(HasSubstr("other processes took 0.50"), HasSubstr("hypervisor took 0.10"),
                          HasSubstr("interrupted 50 times a second")));
}

TEST(LatencyQuiet, CountersOfThisProcessRise) {
  const Activity before = activity();
  volatile double sum = 0.0;
  for (int i = 0; i < 20'000'000; ++i) sum = sum + i;
  const Activity meanwhile = activity() - before;
  EXPECT_GT(meanwhile.seconds, 0.0);
  EXPECT_GT(meanwhile.own_seconds, 0.0);
}

}  // namespace
}  // namespace wolfpack::latency
