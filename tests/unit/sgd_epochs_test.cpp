#include <gtest/gtest.h>

#include "sgd/epochs.hpp"

namespace wolfpack::sgd {
namespace {

TEST(SgdEpochs, AsynchronousWorkersAreTwoEpochsApartAtMostAndOtherBoundsStayAsTheyAre) {
  EXPECT_EQ(staleness_in_effect(kAsynchronous, 64), Staleness{128});
  EXPECT_EQ(staleness_in_effect(kAsynchronous, 1), Staleness{2});
  EXPECT_EQ(staleness_in_effect(kBulkSynchronous, 64), kBulkSynchronous);
  EXPECT_EQ(staleness_in_effect(Staleness{3}, 1), Staleness{3});
  EXPECT_EQ(staleness_in_effect(Staleness{5000}, 64), Staleness{5000});
}

TEST(SgdEpochs, AreThoseOfTheOwnClockWhereAllKeepPace) {
  for (const std::uint64_t behind : {0u, 3u, 32u}) {
    EXPECT_EQ(epochs_passed({63}, {63 - behind}, 64), 0u);
    EXPECT_EQ(epochs_passed({64}, {64 - behind}, 64), 1u);
    EXPECT_EQ(epochs_passed({640 + 63}, {640 + 63 - behind}, 64), 10u);
  }
}

TEST(SgdEpochs, OneOfWhichTheSlowestHasNotDoneHalfDoesNotCount) {
  EXPECT_EQ(epochs_passed({1000}, {31}, 64), 0u);
  EXPECT_EQ(epochs_passed({1000}, {32}, 64), 1u);
  EXPECT_EQ(epochs_passed({1000}, {64 + 31}, 64), 1u);
  EXPECT_EQ(epochs_passed({1000}, {64 + 32}, 64), 2u);
}

TEST(SgdEpochs, OfOneStepAreTheSlowestWorkersClock) {
  EXPECT_EQ(epochs_passed({7}, {5}, 1), 5u);
  EXPECT_EQ(epochs_passed({7}, {7}, 1), 7u);
}

}  // namespace
}  // namespace wolfpack::sgd
