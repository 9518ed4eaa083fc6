// Away steps by hand: three vertices +-a_j with a_0 = (1, 1), a_1 = (-1, 1), a_2 = (0, 1/2), y = (0, 2), beta = 1. The
// optimum is (a_0 + a_1) / 2 = (0, 1), f = 1/2. a_2 is proposed first, and has to go.
#include "frank_wolfe/away_step.hpp"

#include <gtest/gtest.h>

#include "frank_wolfe/line_search_step.hpp"
#include "tests/support/step_rules.hpp"

namespace wolfpack::frank_wolfe {
namespace {

using testing::make_rule;
using testing::RuleProblem;
using testing::weight_of;

const RuleProblem kProblem{.columns = {{1, 1}, {-1, 1}, {0, 0.5}}, .y = {0, 2}, .radius = 1.0};

/// To alpha = (4.2, 6, 2.8) / 13, in three steps toward a_2, a_0 and a_1:
///   z = 0, toward a_2: <w, d> / <d, d> = 1 / 0.25, so t = 1: z = (0, 0.5), w = (0, 1.5).
///   Toward a_0: d = (1, 0.5), t = 0.75 / 1.25 = 0.6: z = (0.6, 0.8), w = (-0.6, 1.2).
///   Toward a_1: d = (-1.6, 0.2), t = 1.2 / 2.6 = 6/13: alpha = (0.6 * 7/13, 6/13, 0.4 * 7/13).
template <class Rule>
void propose_one_by_one(Rule& rule) {
  for (const std::size_t j : {2u, 0u, 1u}) ASSERT_TRUE(rule.advance(std::vector{kProblem.proposal(j)}));
  EXPECT_NEAR(weight_of(rule.iterate(), 0), 4.2 / 13, 1e-15);
  EXPECT_NEAR(weight_of(rule.iterate(), 1), 6.0 / 13, 1e-15);
  EXPECT_NEAR(weight_of(rule.iterate(), 2), 2.8 / 13, 1e-15);
}

TEST(AwayStep, StepsAwayFromTheWorstAtomAndDropsIt) {
  auto rule = make_rule<AwayStep>(kProblem);
  propose_one_by_one(rule);
  // z = (-1.8, 11.6) / 13 and w = (1.8, 14.4) / 13. <w, a_0> = 16.2/13 is the best, 0.277 above <w, z>; <w, a_2> =
  // 7.2/13 is the worst, 0.415 below it: away from a_2, and the line's minimum lies beyond the face, so a_2 goes and
  // the others share its weight: alpha = (4.2, 6) / 10.2.
  ASSERT_TRUE(rule.advance(std::vector{kProblem.proposal(0)}));
  EXPECT_EQ(rule.iterate().columns, (std::vector<Index>{0, 1}));
  EXPECT_NEAR(weight_of(rule.iterate(), 0), 7.0 / 17, 1e-15);
  EXPECT_NEAR(weight_of(rule.iterate(), 1), 10.0 / 17, 1e-15);
  testing::expect_honest(kProblem, rule.iterate());
}

TEST(AwayStep, WithoutItTheAtomStays) {
  auto rule = make_rule<LineSearchStep>(kProblem);
  propose_one_by_one(rule);
  for (int round = 0; round < 50; ++round) (void)rule.advance(std::vector{kProblem.proposal(0), kProblem.proposal(1)});
  EXPECT_GT(weight_of(rule.iterate(), 2), 0.0);
}

TEST(AwayStep, ReachesTheOptimumToTheLastBitsAndThenStandsStill) {
  auto rule = make_rule<AwayStep>(kProblem);
  int rounds = 0;
  while (rule.advance(kProblem.best_of_each(rule.iterate(), 1))) ASSERT_LT(++rounds, 100);
  EXPECT_NEAR(weight_of(rule.iterate(), 0), 0.5, 1e-7);
  EXPECT_NEAR(rule.iterate().objective, 0.5, 1e-14);
  EXPECT_LE(testing::true_values(kProblem, rule.iterate()).gap, 1e-7);
}

/// y = (1, 0), beta = 1: toward a_0 stops at t = 1/2 of the way, and half of the point is the origin; a_1 alone is what
/// it needs beside, and the optimum (1/2, -1/2) has no share of the origin left.
TEST(AwayStep, TheOriginIsAVertexToMoveAwayFromToo) {
  const RuleProblem problem{.columns = {{1, 1}, {-1, 1}}, .y = {1, 0}, .radius = 1.0};
  auto rule = make_rule<AwayStep>(problem);
  int rounds = 0;
  while (rule.advance(problem.best_of_each(rule.iterate(), 2))) ASSERT_LT(++rounds, 100);
  EXPECT_NEAR(weight_of(rule.iterate(), 0), 0.5, 1e-7);
  EXPECT_NEAR(weight_of(rule.iterate(), 1), -0.5, 1e-7);
  EXPECT_NEAR(rule.iterate().objective, 0.0, 1e-14);
}

}  // namespace
}  // namespace wolfpack::frank_wolfe
