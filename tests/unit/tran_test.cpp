// The published rule of Tran, Peel and Skhiri, with what is wrong about it: A = I (2 x 2), y = (2, 1), beta = 2.
#include "frank_wolfe/tran.hpp"

#include <gtest/gtest.h>

#include "frank_wolfe/model_policy.hpp"
#include "tests/support/step_rules.hpp"

namespace wolfpack::frank_wolfe {
namespace {

using testing::make_rule;
using testing::RuleProblem;
using testing::weight_of;

const RuleProblem kProblem{.columns = {{1, 0}, {0, 1}}, .y = {2, 1}, .radius = 2.0};
constexpr double kRounding = 1e-14;

RatedCandidate candidate(const Iterate& read, std::size_t atom, const RuleProblem& problem = kProblem) {
  const auto rated = candidate_of(read, problem.proposal(atom, problem.score(atom, read.dual)), LeastSquares(problem.y),
                                  L1Ball(problem.radius));
  if (!rated) throw std::logic_error("no candidate");
  return *rated;
}

TEST(TranCandidate, IsTheLineSearchFromWhatWasRead) {
  auto rule = make_rule<TranRule>(kProblem);
  // Toward 2 e_0: direction (2, 0), t = 1, f = 1/2.
  const auto first = candidate(rule.iterate(), 0);
  EXPECT_EQ(first.candidate.columns, std::vector<Index>{0});
  EXPECT_DOUBLE_EQ(first.candidate.weights[0], 2.0);
  EXPECT_DOUBLE_EQ(first.objective, 0.5);
  rule.overwrite(first.candidate);
  ASSERT_TRUE(rule.advance({}));
  // w = (0, 1), toward 2 e_1: direction (-2, 2), t = 1/4: alpha = (1.5, 0.5), f = 1/4.
  const auto second = candidate(rule.iterate(), 1);
  EXPECT_EQ(second.candidate.columns, (std::vector<Index>{0, 1}));
  EXPECT_NEAR(second.candidate.weights[0], 1.5, kRounding);
  EXPECT_NEAR(second.candidate.weights[1], 0.5, kRounding);
  EXPECT_NEAR(second.objective, 0.25, kRounding);
}

TEST(TranCandidate, IsNoneWhereTheLineSearchLowersNothing) {
  auto rule = make_rule<TranRule>(kProblem);
  rule.overwrite(candidate(rule.iterate(), 0).candidate);
  ASSERT_TRUE(rule.advance({}));
  EXPECT_FALSE(candidate_of(rule.iterate(), kProblem.proposal(0, 0.0), LeastSquares(kProblem.y), L1Ball(2.0)));
}

TEST(TranCandidate, CarriesTheSignOfTheScore) {
  const RuleProblem problem{.columns = {{1, 0}, {0, 1}}, .y = {1, -3}, .radius = 1.0, .sparse = true};
  auto rule = make_rule<TranRule>(problem);
  rule.overwrite(candidate(rule.iterate(), 1, problem).candidate);
  ASSERT_TRUE(rule.advance({}));
  EXPECT_NEAR(weight_of(rule.iterate(), 1), -1.0, kRounding);
  testing::expect_honest(problem, rule.iterate());
}

TEST(TranRule, LosesAllUpdatesOfOneVersionButTheLast) {
  auto rule = make_rule<TranRule>(kProblem);
  const Iterate read = rule.iterate();
  const auto good = candidate(read, 0), bad = candidate(read, 1);
  ASSERT_LT(good.objective, bad.objective);  // 1/2 and 2: both are no worse than the 2.5 that both workers saw
  rule.overwrite(good.candidate);
  rule.overwrite(bad.candidate);
  ASSERT_TRUE(rule.advance({}));
  EXPECT_EQ(rule.iterate().columns, std::vector<Index>{1}) << "worker 0's step is lost";
  EXPECT_NEAR(rule.iterate().objective, 2.0, kRounding);
}

TEST(TranRule, RisesWhenASlowWorkersCandidateComesLate) {
  auto rule = make_rule<TranRule>(kProblem);
  const Iterate old = rule.iterate();
  const auto late = candidate(old, 1);  // checked against f(0) = 2.5, and then the worker is slow
  for (const std::size_t atom : {0u, 1u}) {
    rule.overwrite(candidate(rule.iterate(), atom).candidate);
    ASSERT_TRUE(rule.advance({}));
  }
  ASSERT_NEAR(rule.iterate().objective, 0.25, kRounding);
  rule.overwrite(late.candidate);
  ASSERT_TRUE(rule.advance({}));
  EXPECT_NEAR(rule.iterate().objective, 2.0, kRounding) << "as it comes: nobody checks again";
  testing::expect_honest(kProblem, rule.iterate());
}

TEST(TranRule, KnowsTheColumnsOfIteratesLongOverwritten) {
  auto rule = make_rule<TranRule>(kProblem);
  rule.overwrite(candidate(rule.iterate(), 0).candidate);
  ASSERT_TRUE(rule.advance({}));
  const auto late = candidate(rule.iterate(), 1);  // names columns 0 and 1
  Candidate other{{1}, {0.5}, kProblem.proposal(1)};
  rule.overwrite(other);
  ASSERT_TRUE(rule.advance({}));
  ASSERT_EQ(rule.iterate().columns, std::vector<Index>{1});
  rule.overwrite(late.candidate);
  ASSERT_TRUE(rule.advance({}));
  EXPECT_EQ(rule.iterate().columns, (std::vector<Index>{0, 1}));
}

TEST(TranRule, RefusesAColumnThatItNeverHad) {
  auto rule = make_rule<TranRule>(kProblem);
  rule.overwrite({{0, 1}, {0.5, 0.5}, kProblem.proposal(1)});
  EXPECT_THROW((void)rule.advance({}), RuntimeFailure);
}

TEST(TranRule, WithOneWorkerItIsFrankWolfeWithLineSearch) {
  const auto instance = testing::random_instance("random", 20, 60, 2.0, 41);
  const RuleProblem problem = testing::rule_problem(instance);
  auto rule = make_rule<TranRule>(problem);
  double last = rule.iterate().objective;
  for (int k = 0; k < 200; ++k) {
    const Proposal atom = problem.best_of_each(rule.iterate(), 1).front();
    const auto rated = candidate_of(rule.iterate(), atom, LeastSquares(problem.y), L1Ball(problem.radius));
    ASSERT_TRUE(rated.has_value());
    rule.overwrite(rated->candidate);
    ASSERT_TRUE(rule.advance({}));
    testing::expect_honest(problem, rule.iterate());
    EXPECT_NEAR(rule.iterate().objective, rated->objective, 1e-13 * last);
    EXPECT_LE(rule.iterate().objective, last * (1 + 1e-13));
    last = rule.iterate().objective;
  }
  EXPECT_LE(testing::true_values(problem, rule.iterate()).gap, 0.05 * 0.5 * 20);
}

/// Through the policy, as the owner runs it: candidates arrive as updates, and the certificate stays true though the
/// objective rises.
TEST(TranPolicy, TheCertificateHoldsForAnObjectiveThatRises) {
  ModelPolicy policy(std::make_unique<TranRule>(LeastSquares(kProblem.y), L1Ball(2.0)),
                     {.path = {.terms = {l1_constraint(2.0)}}, .workers = 2, .tolerance = 1e-6, .null_objective = 2.5});
  const Iterate start = policy.iterate();
  const auto late = candidate(start, 1);
  policy.merge({0}, {0}, encode(Report{{1}, {2.0, 1.0}, {}}));
  policy.merge({0}, {0}, encode(candidate(start, 0).candidate));
  ASSERT_TRUE(policy.settle({.next = {2}}).changed);
  EXPECT_DOUBLE_EQ(policy.iterate().objective, 0.5);
  policy.merge({1}, {0}, encode(Report{{1}, {1.0, 1.0}, {}}));
  policy.merge({1}, {0}, encode(late.candidate));
  const auto settled = policy.settle({.next = {3}});
  EXPECT_TRUE(settled.changed);
  EXPECT_FALSE(settled.stop.has_value());
  EXPECT_DOUBLE_EQ(policy.iterate().objective, 2.0);
  EXPECT_GE(policy.certified_gap(), 2.0 - 0.25);
  EXPECT_LT(policy.certified_gap(), 4.0);
}

}  // namespace
}  // namespace wolfpack::frank_wolfe
