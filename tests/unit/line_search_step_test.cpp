// Frank-Wolfe with exact line search where every step can be worked out by hand: A = I (2 x 2), y = (2, 1), beta = 2.
// The optimum is y soft thresholded by 1/2: alpha = (1.5, 0.5), f = 0.25; f(0) = 2.5.
#include "frank_wolfe/line_search_step.hpp"

#include <limits>

#include <gtest/gtest.h>

#include "frank_wolfe/line_search.hpp"
#include "tests/support/step_rules.hpp"

namespace wolfpack::frank_wolfe {
namespace {

using testing::make_rule;
using testing::RuleProblem;
using testing::weight_of;

const RuleProblem kProblem{.columns = {{1, 0}, {0, 1}}, .y = {2, 1}, .radius = 2.0};
constexpr double kRounding = 1e-14;

TEST(ExactStep, IsTheLeastPointOfTheLineInsideTheBounds) {
  // 1/2 ||w - t d||^2 with w = (2, 1), d = (2, 0): least at t = 4 / 4.
  const std::vector<double> w{2, 1}, d{2, 0};
  EXPECT_DOUBLE_EQ(exact_step(w, d, std::numeric_limits<double>::infinity()), 1.0);
  EXPECT_DOUBLE_EQ(exact_step(w, d, 0.25), 0.25);
  EXPECT_EQ(exact_step(w, std::vector<double>{-2, 0}, 1.0), 0.0) << "it ascends";
  EXPECT_EQ(exact_step(w, std::vector<double>{1, -2}, 1.0), 0.0) << "it is level";
  EXPECT_EQ(exact_step(w, std::vector<double>{0, 0}, std::numeric_limits<double>::infinity()), 0.0);
  for (const double scale : {1e200, 1e-200})
    EXPECT_DOUBLE_EQ(scale * exact_step(w, std::vector<double>{scale * d[0], scale * d[1]}, 1e300), 1.0)
        << "the square of d is not a float64";
  EXPECT_EQ(exact_step(w, std::vector<double>{std::numeric_limits<double>::infinity(), 0}, 1.0), 0.0);
}

TEST(LineSearchStep, TakesTheProposalsOfARoundOneAfterTheOther) {
  auto rule = make_rule<LineSearchStep>(kProblem);
  EXPECT_NEAR(rule.iterate().objective, 2.5, kRounding);
  // Toward 2 e_0: direction (2, 0), t = 4/4. Then w = (0, 1); toward 2 e_1: direction (-2, 2), t = 2/8.
  ASSERT_TRUE(rule.advance(std::vector{kProblem.proposal(0), kProblem.proposal(1)}));
  EXPECT_EQ(rule.iterate().columns, (std::vector<Index>{0, 1}));
  EXPECT_NEAR(weight_of(rule.iterate(), 0), 1.5, kRounding);
  EXPECT_NEAR(weight_of(rule.iterate(), 1), 0.5, kRounding);
  EXPECT_NEAR(rule.iterate().objective, 0.25, kRounding);
  EXPECT_EQ(rule.iterate().level, 0.0) << "no worker may skip a column: it would not find the best atom";
  testing::expect_honest(kProblem, rule.iterate());
}

TEST(LineSearchStep, GoesByTheScoreOfNowAndNotByTheProposedOne) {
  auto stale = make_rule<LineSearchStep>(kProblem);
  auto fresh = make_rule<LineSearchStep>(kProblem);
  ASSERT_TRUE(stale.advance(std::vector{kProblem.proposal(0, -7.0), kProblem.proposal(1, -1e9)}));
  ASSERT_TRUE(fresh.advance(std::vector{kProblem.proposal(0, 2.0), kProblem.proposal(1, 1.0)}));
  EXPECT_EQ(stale.iterate().weights, fresh.iterate().weights);
}

TEST(LineSearchStep, AnAtomOfNoUseLeavesTheIterateBitForBit) {
  auto rule = make_rule<LineSearchStep>(kProblem);
  ASSERT_TRUE(rule.advance(std::vector{kProblem.proposal(0)}));
  const Iterate before = rule.iterate();
  EXPECT_FALSE(rule.advance(std::vector{kProblem.proposal(0)})) << "the best point of its line already";
  EXPECT_FALSE(rule.advance({}));
  EXPECT_EQ(rule.iterate().weights, before.weights);
  EXPECT_EQ(rule.iterate().dual, before.dual);
}

TEST(LineSearchStep, AFullStepLetsGoOfAllOtherAtoms) {
  // y = (0.5, 4), beta 1. First e_0 alone: t = 0.5. Then w = (0, 4), direction (-0.5, 1), t = 4 / 1.25, so 1.
  const RuleProblem problem{.columns = {{1, 0}, {0, 1}}, .y = {0.5, 4}, .radius = 1.0, .sparse = true};
  auto rule = make_rule<LineSearchStep>(problem);
  ASSERT_TRUE(rule.advance(std::vector{problem.proposal(0)}));
  EXPECT_NEAR(weight_of(rule.iterate(), 0), 0.5, kRounding);
  ASSERT_TRUE(rule.advance(std::vector{problem.proposal(1)}));
  EXPECT_EQ(rule.iterate().columns, std::vector<Index>{1});
  EXPECT_NEAR(rule.iterate().weights[0], 1.0, kRounding);
}

TEST(LineSearchStep, AColumnThatDoesNotFitIsRefusedAndLeavesTheRuleAsItWas) {
  auto rule = make_rule<LineSearchStep>(kProblem);
  Proposal wrong = kProblem.proposal(1);
  wrong.column.values.push_back(1.0);
  EXPECT_THROW((void)rule.advance(std::vector{wrong}), std::invalid_argument);
  EXPECT_TRUE(rule.advance(std::vector{kProblem.proposal(0)}));
  EXPECT_EQ(rule.iterate().columns, std::vector<Index>{0});
}

TEST(LineSearchStep, TakesNoCandidateIterates) {
  auto rule = make_rule<LineSearchStep>(kProblem);
  EXPECT_THROW(rule.overwrite({}), RuntimeFailure);
}

}  // namespace
}  // namespace wolfpack::frank_wolfe
