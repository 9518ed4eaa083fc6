// Pairwise steps by hand: A = I (3 x 3), beta = 4, so that all numbers are exact in binary.
#include "frank_wolfe/pairwise_step.hpp"

#include <gtest/gtest.h>

#include "tests/support/step_rules.hpp"

namespace wolfpack::frank_wolfe {
namespace {

using testing::make_rule;
using testing::RuleProblem;
using testing::weight_of;

RuleProblem identity(std::vector<double> y) {
  return {.columns = {{1, 0, 0}, {0, 1, 0}, {0, 0, 1}}, .y = std::move(y), .radius = 4.0};
}

void advance_by(PairwiseStep& rule, const RuleProblem& problem, std::size_t j) {
  ASSERT_TRUE(rule.advance(std::vector{problem.proposal(j)})) << "column " << j;
  testing::expect_honest(problem, rule.iterate());
}

TEST(PairwiseStep, MovesWeightFromTheWorstToTheBestAndLeavesTheOthersAlone) {
  const RuleProblem problem = identity({3, 1, 0.5});
  auto rule = make_rule<PairwiseStep>(problem);
  // From the origin (share 1) to 4 e_1: t = 4/16, weight 1; w = (3, 0, 0.5).
  advance_by(rule, problem, 1);
  EXPECT_NEAR(weight_of(rule.iterate(), 1), 1.0, 1e-15);
  // From the origin (share 3/4) to 4 e_0: t = 12/16, all of that share: alpha = (3, 1, 0), w = (0, 0, 0.5).
  advance_by(rule, problem, 0);
  EXPECT_NEAR(weight_of(rule.iterate(), 0), 3.0, 1e-14);
  // The origin has no share left. From 4 e_1 (of the equally bad the first held) to 4 e_2: t = 2/32, 1/4 of weight.
  advance_by(rule, problem, 2);
  EXPECT_NEAR(weight_of(rule.iterate(), 0) + weight_of(rule.iterate(), 1), 3.75, 1e-13);
  EXPECT_NEAR(weight_of(rule.iterate(), 2), 0.25, 1e-13);
  const bool only_one_gave =
      std::fabs(weight_of(rule.iterate(), 0) - 3.0) < 1e-13 || std::fabs(weight_of(rule.iterate(), 1) - 1.0) < 1e-13;
  EXPECT_TRUE(only_one_gave) << ::testing::PrintToString(rule.iterate().weights);
}

TEST(PairwiseStep, SwapsAnAtomThatHasTooLittleToGive) {
  const RuleProblem problem = identity({3, 0.25, 2});
  auto rule = make_rule<PairwiseStep>(problem);
  advance_by(rule, problem, 1);  // weight 0.25
  advance_by(rule, problem, 0);  // from the origin: (3, 0.25, 0), w = (0, 0, 2), origin's share 3/16
  advance_by(rule, problem, 2);  // from the origin, all of its share: (3, 0.25, 0.75), w = (0, 0, 1.25)
  EXPECT_NEAR(weight_of(rule.iterate(), 2), 0.75, 1e-13);
  // From 4 e_1 or 4 e_0, equally bad up to rounding, to 4 e_2: t = 5/32 unless the share is less, as that of e_1, 1/16.
  advance_by(rule, problem, 2);
  if (weight_of(rule.iterate(), 1) == 0.0) {
    EXPECT_EQ(rule.iterate().columns, (std::vector<Index>{0, 2}));
    EXPECT_NEAR(weight_of(rule.iterate(), 2), 1.0, 1e-13);
  } else {
    EXPECT_NEAR(weight_of(rule.iterate(), 0), 3.0 - 0.625, 1e-13);
  }
}

TEST(PairwiseStep, ReachesTheOptimumOfAFewAtomsAndThenStandsStill) {
  const RuleProblem problem = identity({3, 1, 0.5});  // soft thresholded by 1/6
  auto rule = make_rule<PairwiseStep>(problem);
  int rounds = 0;
  while (rule.advance(problem.best_of_each(rule.iterate(), 3))) ASSERT_LT(++rounds, 300);
  EXPECT_NEAR(weight_of(rule.iterate(), 0), 3.0 - 1.0 / 6.0, 1e-6);
  EXPECT_NEAR(weight_of(rule.iterate(), 1), 1.0 - 1.0 / 6.0, 1e-6);
  EXPECT_NEAR(weight_of(rule.iterate(), 2), 0.5 - 1.0 / 6.0, 1e-6);
}

}  // namespace
}  // namespace wolfpack::frank_wolfe
