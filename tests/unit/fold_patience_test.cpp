#include "ps/fold_patience.hpp"

#include <gtest/gtest.h>

namespace wolfpack::ps {
namespace {

constexpr auto nobody = [](WorkerId) { return false; };

/// A fold of both workers at 0, so that a round takes 1 s from there to the arrival at 1.
FoldPatience after_a_common_fold(double share) {
  FoldPatience patience(share, 2);
  patience.arrived({0}, 0.0);
  patience.arrived({1}, 0.0);
  patience.folded(0.0);
  return patience;
}

TEST(FoldPatience, NothingToFoldIsNeverOver) { EXPECT_FALSE(FoldPatience(0.1, 2).is_over(1e9, nobody)); }

TEST(FoldPatience, WithoutAShareEverythingIsFoldedAtOnce) {
  auto patience = after_a_common_fold(0.0);
  patience.arrived({0}, 1.0);
  EXPECT_TRUE(patience.is_over(1.0, nobody));
}

TEST(FoldPatience, WaitsInTheFirstRoundTooFromItsBeginning) {
  FoldPatience patience(0.5, 2);
  patience.began(1.0);
  patience.began(1.5);
  patience.arrived({0}, 3.0);
  EXPECT_FALSE(patience.is_over(3.9, nobody));
  EXPECT_TRUE(patience.is_over(4.0, nobody));
}

TEST(FoldPatience, WaitsForAWorkerThatHasKeptPaceButOnlyForTheShareOfARound) {
  auto patience = after_a_common_fold(0.1);
  patience.arrived({0}, 1.0);
  EXPECT_FALSE(patience.is_over(1.05, nobody));
  EXPECT_TRUE(patience.is_over(1.1, nobody));
}

TEST(FoldPatience, IsOverWhenAllWhoKeepPaceHaveArrived) {
  auto patience = after_a_common_fold(0.1);
  patience.arrived({0}, 1.0);
  patience.arrived({1}, 1.01);
  EXPECT_TRUE(patience.is_over(1.01, nobody));
}

TEST(FoldPatience, WhoMissedTheLastFoldIsNotWaitedForUntilItComesInTimeAgain) {
  auto patience = after_a_common_fold(0.1);
  patience.arrived({0}, 1.0);
  patience.folded(1.1);  // without worker 1
  patience.arrived({0}, 2.1);
  EXPECT_TRUE(patience.is_over(2.1, nobody));
  patience.arrived({1}, 2.1);
  patience.folded(2.1);  // with it
  patience.arrived({0}, 3.1);
  EXPECT_FALSE(patience.is_over(3.1, nobody));
}

TEST(FoldPatience, WhoCanDoNothingBeforeTheFoldIsNotWaitedFor) {
  auto patience = after_a_common_fold(0.5);
  patience.arrived({0}, 1.0);
  EXPECT_FALSE(patience.is_over(1.1, [](WorkerId worker) { return worker == WorkerId{0}; }));
  EXPECT_TRUE(patience.is_over(1.1, [](WorkerId worker) { return worker == WorkerId{1}; }));
}

TEST(FoldPatience, HowLongAStragglerTakesIsNoRoundsTime) {
  auto patience = after_a_common_fold(1.0);
  patience.arrived({0}, 1.0);
  patience.folded(2.0);  // without worker 1, and worker 0 has to wait for it then
  patience.arrived({1}, 10.0);
  EXPECT_FALSE(patience.is_over(10.5, nobody));
  EXPECT_TRUE(patience.is_over(11.0, nobody)) << "a round took 1 s";
}

}  // namespace
}  // namespace wolfpack::ps
