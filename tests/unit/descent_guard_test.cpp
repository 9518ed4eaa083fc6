#include "frank_wolfe/descent_guard.hpp"

#include <limits>

#include <gtest/gtest.h>

namespace wolfpack::frank_wolfe {
namespace {

TEST(DescentGuard, TakesWhatIsLowerAndRefusesWhatRises) {
  DescentGuard guard(1.0);
  EXPECT_TRUE(guard.accepts(0.5));
  EXPECT_FALSE(guard.accepts(0.5 + 2e-12)) << "more than 1e-12 f(0) above the lowest";
  EXPECT_FALSE(guard.accepts(std::numeric_limits<double>::quiet_NaN()));
  EXPECT_TRUE(guard.accepts(0.25));
}

TEST(DescentGuard, TakesRoundingButNotForEver) {
  DescentGuard guard(1.0);
  ASSERT_TRUE(guard.accepts(0.5));
  int taken = 0;
  while (guard.accepts(0.5 + 1e-13)) ASSERT_LT(++taken, 1000);
  EXPECT_GT(taken, 0);
  EXPECT_FALSE(guard.accepts(0.5));
  EXPECT_TRUE(guard.accepts(0.4)) << "a gain makes up for it";
  EXPECT_TRUE(guard.accepts(0.4));
}

}  // namespace
}  // namespace wolfpack::frank_wolfe
