// Distributed Frank-Wolfe of Bellet et al. by hand: A = I (2 x 2), y = (2, 1), beta = 2.
#include "frank_wolfe/bellet_step.hpp"

#include <gtest/gtest.h>

#include "tests/support/step_rules.hpp"

namespace wolfpack::frank_wolfe {
namespace {

using testing::make_rule;
using testing::RuleProblem;
using testing::weight_of;

const RuleProblem kProblem{.columns = {{1, 0}, {0, 1}}, .y = {2, 1}, .radius = 2.0};
constexpr double kRounding = 1e-14;

std::vector<Proposal> round_of(const RuleProblem& problem) { return {problem.proposal(0), problem.proposal(1)}; }

TEST(BelletStep, TakesOneStepTowardTheWinnerAlone) {
  auto rule = make_rule<BelletStep>(kProblem, StepSize::line_search);
  ASSERT_TRUE(rule.advance(std::vector{kProblem.proposal(1), kProblem.proposal(0)}));
  EXPECT_EQ(rule.iterate().columns, std::vector<Index>{0}) << "score 2 beats score 1, though it came second";
  EXPECT_NEAR(weight_of(rule.iterate(), 0), 2.0, kRounding);
  // w = (0, 1): now 1 wins. Direction (-2, 2), t = 2/8.
  ASSERT_TRUE(rule.advance(round_of(kProblem)));
  EXPECT_NEAR(weight_of(rule.iterate(), 0), 1.5, kRounding);
  EXPECT_NEAR(weight_of(rule.iterate(), 1), 0.5, kRounding);
  EXPECT_NEAR(rule.iterate().objective, 0.25, kRounding);
}

TEST(BelletStep, TheLargestScoreWinsWhateverItsSign) {
  const RuleProblem problem{.columns = {{1, 0}, {0, 1}}, .y = {2, -3}, .radius = 1.0};
  auto rule = make_rule<BelletStep>(problem, StepSize::line_search);
  ASSERT_TRUE(rule.advance(round_of(problem)));
  EXPECT_EQ(rule.iterate().columns, std::vector<Index>{1});
  EXPECT_NEAR(rule.iterate().weights[0], -1.0, kRounding);
}

TEST(BelletStep, OfEqualScoresTheLowestWorkersWins) {
  const RuleProblem problem{.columns = {{1, 0}, {0, 1}, {1, 0}}, .y = {1, -1}, .radius = 1.0};
  auto rule = make_rule<BelletStep>(problem, StepSize::line_search);
  ASSERT_TRUE(rule.advance(std::vector{problem.proposal(1), problem.proposal(0), problem.proposal(2)}));
  EXPECT_EQ(rule.iterate().columns, std::vector<Index>{1});
}

TEST(BelletStep, TheOpenLoopsStepsAreTwoOverKPlusTwoAndMayRise) {
  auto rule = make_rule<BelletStep>(kProblem, StepSize::open_loop);
  // t = 1 toward 2 e_0: alpha = (2, 0), f = 1/2.
  ASSERT_TRUE(rule.advance(round_of(kProblem)));
  EXPECT_NEAR(rule.iterate().objective, 0.5, kRounding);
  // t = 2/3 toward 2 e_1: alpha = (2/3, 4/3), w = (4/3, -1/3), f = 17/18: it has risen.
  ASSERT_TRUE(rule.advance(round_of(kProblem)));
  EXPECT_NEAR(weight_of(rule.iterate(), 0), 2.0 / 3.0, kRounding);
  EXPECT_NEAR(weight_of(rule.iterate(), 1), 4.0 / 3.0, kRounding);
  EXPECT_NEAR(rule.iterate().objective, 17.0 / 18.0, kRounding);
  // t = 1/2 toward 2 e_0: alpha = (4/3, 2/3), w = (2/3, 1/3), f = 5/18.
  ASSERT_TRUE(rule.advance(round_of(kProblem)));
  EXPECT_NEAR(weight_of(rule.iterate(), 0), 4.0 / 3.0, kRounding);
  EXPECT_NEAR(rule.iterate().objective, 5.0 / 18.0, kRounding);
  testing::expect_honest(kProblem, rule.iterate());
}

TEST(BelletStep, TheOpenLoopStallsWhereTheWinnerIsTheIterate) {
  const RuleProblem problem{.columns = {{1, 0}, {0, 1}}, .y = {9, 1}, .radius = 1.0};
  auto rule = make_rule<BelletStep>(problem, StepSize::open_loop);
  ASSERT_TRUE(rule.advance(round_of(problem)));
  EXPECT_FALSE(rule.advance(round_of(problem))) << "e_0 is the optimum";
  EXPECT_EQ(rule.iterate().columns, std::vector<Index>{0});
}

}  // namespace
}  // namespace wolfpack::frank_wolfe
