#include "frank_wolfe/l1_ball.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>
#include <vector>

#include <gtest/gtest.h>

#include "base/status.hpp"

namespace wolfpack::frank_wolfe {
namespace {

TEST(L1Ball, TheGapIsTheBestAtomAgainstTheIterate) {
  const L1Ball ball(2.5);
  EXPECT_EQ(ball.excess({.inner = 3.0, .squared_norm = 1.0}, 4.0), 7.0);
  EXPECT_EQ(ball.value(std::vector<double>{1.0, -1.0}), 0.0);
}

TEST(L1Ball, RefusesARadiusThatIsNone) {
  EXPECT_THROW(L1Ball(-1.0), InputError);
  EXPECT_THROW(L1Ball(std::numeric_limits<double>::infinity()), InputError);
  EXPECT_THROW(L1Ball(std::nan("")), InputError);
}

TEST(L1Ball, LeavesWeightsInsideAlone) {
  std::vector<double> weights{0.5, -0.25, 0.125};
  const std::vector<double> before = weights;
  L1Ball(1.0).pull_inside(weights);
  EXPECT_EQ(weights, before);
}

TEST(L1Ball, PullsInsideForEveryOrderOfSummation) {
  std::mt19937_64 random(2);
  std::normal_distribution<double> normal;
  for (int trial = 0; trial < 100; ++trial) {
    const double radius = std::exp(3.0 * normal(random));
    std::vector<double> weights(1 + random() % 500);
    double norm = 0.0;
    for (double& weight : weights) norm += std::fabs(weight = normal(random) * std::exp(4.0 * normal(random)));
    for (double& weight : weights) weight *= radius / norm;
    const std::vector<double> before = weights;
    L1Ball(radius).pull_inside(weights);
    for (std::size_t k = 0; k < weights.size(); ++k) EXPECT_NEAR(weights[k], before[k], 1e-12 * std::fabs(before[k]));
    for (int order = 0; order < 20; ++order) {
      double sum = 0.0;
      for (const double weight : weights) sum += std::fabs(weight);
      EXPECT_LE(sum, radius);
      std::shuffle(weights.begin(), weights.end(), random);
    }
  }
}

}  // namespace
}  // namespace wolfpack::frank_wolfe
