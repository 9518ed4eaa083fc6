#include "base/cores.hpp"

#include <sched.h>
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

TEST(Cores, OneCoreIsWhereItIs) {
  std::thread([] {
    cpu_set_t one, after;
    CPU_ZERO(&one);
    CPU_SET(sched_getcpu(), &one);
    ASSERT_EQ(sched_setaffinity(0, sizeof one, &one), 0);
    EXPECT_EQ(available_cores(), 1U);
    move_to_core(7);
    ASSERT_EQ(sched_getaffinity(0, sizeof after, &after), 0);
    EXPECT_TRUE(CPU_EQUAL(&one, &after));
  }).join();
}

}  // namespace
}  // namespace wolfpack
