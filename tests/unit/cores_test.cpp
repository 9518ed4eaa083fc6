#include "base/cores.hpp"

#include <algorithm>
#include <sched.h>
#include <string>
#include <thread>

#include <gtest/gtest.h>

namespace wolfpack {
namespace {

TEST(Cores, AThreadMovesToACoreAndMayLeaveIt) {
  if (available_cores() < 2) GTEST_SKIP() << "one core";
  std::thread([] {
    cpu_set_t before, after;
    ASSERT_EQ(sched_getaffinity(0, sizeof before, &before), 0);
    for (std::size_t index = 0; index < 2 * available_cores(); ++index) move_to_core(index);
    ASSERT_EQ(sched_getaffinity(0, sizeof after, &after), 0);
    EXPECT_TRUE(CPU_EQUAL(&before, &after));
  }).join();
}

TEST(Cores, TheListHasThemAll) {
  const std::string list = available_core_list();
  EXPECT_EQ(static_cast<std::size_t>(std::count(list.begin(), list.end(), ',')) + 1, available_cores()) << list;
}

TEST(Cores, ListsThatMeetShareCores) {
  EXPECT_TRUE(share_cores("0,1,12", "3,12"));
  EXPECT_TRUE(share_cores("7", "7"));
  EXPECT_TRUE(share_cores("", "7"));
  EXPECT_FALSE(share_cores("1,2", "0,3,11,12,21"));
}

TEST(Cores, OneCoreIsWhereItIs) {
  std::thread([] {
    cpu_set_t one, after;
    CPU_ZERO(&one);
    CPU_SET(sched_getcpu(), &one);
    ASSERT_EQ(sched_setaffinity(0, sizeof one, &one), 0);
    EXPECT_EQ(available_cores(), 1U);
    EXPECT_EQ(available_core_list(), std::to_string(sched_getcpu()));
    move_to_core(7);
    ASSERT_EQ(sched_getaffinity(0, sizeof after, &after), 0);
    EXPECT_TRUE(CPU_EQUAL(&one, &after));
  }).join();
}

}  // namespace
}  // namespace wolfpack
