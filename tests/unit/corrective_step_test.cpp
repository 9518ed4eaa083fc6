// The corrective step against closed forms, and on larger problems by the duality gap in long double.
#include "frank_wolfe/corrective_step.hpp"

#include <random>
#include <stdexcept>
#include <vector>

#include <gtest/gtest.h>

#include "tests/support/corrective_problems.hpp"

namespace wolfpack::frank_wolfe {
namespace {

using testing::evaluate;
using testing::Problem;
using testing::propose_in_batches;
using testing::solve;
using testing::step_for;
using testing::Vector;

double weight_of(const Iterate& iterate, Index column) {
  for (std::size_t k = 0; k < iterate.columns.size(); ++k) {
    if (iterate.columns[k] == column) return iterate.weights[k];
  }
  return 0.0;
}

TEST(CorrectiveStep, SoftThresholdsAnOrthonormalDesign) {
  // c = (3, -2, 0.5), beta = 2: lambda = 1.5 leaves (1.5, -0.5, 0).
  const Problem problem{{{1, 0, 0}, {0, 1, 0}, {0, 0, 1}}, {3.0, -2.0, 0.5}, 2.0};
  const CorrectiveStep step = solve(problem);
  EXPECT_EQ(step.iterate().columns, (std::vector<Index>{0, 1}));
  EXPECT_NEAR(weight_of(step.iterate(), 0), 1.5, 1e-14);
  EXPECT_NEAR(weight_of(step.iterate(), 1), -0.5, 1e-14);
  EXPECT_NEAR(step.iterate().level, 1.5, 1e-14);
  EXPECT_NEAR(step.iterate().objective, 0.5 * (2.25 + 2.25 + 0.25), 1e-14);
  EXPECT_NEAR(step.iterate().inner, 1.5 * 1.5 + 1.5 * 0.5, 1e-14);
}

TEST(CorrectiveStep, StopsOneColumnAtTheRadiusOrAtItsOptimum) {
  const Iterate tight = solve({{{1.0, 1.0}}, {2.0, 4.0}, 1.0}).iterate();
  EXPECT_NEAR(tight.weights.at(0), 1.0, 1e-14);
  EXPECT_NEAR(tight.level, 4.0, 1e-13);
  const Iterate idle = solve({{{1.0, 1.0}}, {2.0, 4.0}, 5.0}).iterate();
  EXPECT_NEAR(idle.weights.at(0), 3.0, 1e-14);
  EXPECT_EQ(idle.level, 0.0);
}

TEST(CorrectiveStep, TakesTheLargestOfOneRow) {
  const Iterate iterate = solve({{{1.0}, {-4.0}, {2.0}}, {10.0}, 2.0}).iterate();
  EXPECT_EQ(iterate.columns, std::vector<Index>{1});
  EXPECT_NEAR(iterate.weights.at(0), -2.0, 1e-14);
  EXPECT_NEAR(iterate.objective, 2.0, 1e-13);
}

TEST(CorrectiveStep, TreatsTwoDuplicatesAsOneColumn) {
  const Iterate iterate = solve({{{1.0, 2.0}, {1.0, 2.0}}, {1.0, 3.0}, 0.5}).iterate();
  EXPECT_NEAR(weight_of(iterate, 0) + weight_of(iterate, 1), 0.5, 1e-14);
  EXPECT_EQ(iterate.columns.size(), 1u);
}

TEST(CorrectiveStep, MeetsTheNormalEquationsWhereTheConstraintIsIdle) {
  // The line through (0, 1), (1, 3), (2, 4), (3, 4): intercept 1.5, slope 1.
  const Problem problem{{{1, 1, 1, 1}, {0, 1, 2, 3}}, {1.0, 3.0, 4.0, 4.0}, 100.0};
  const Iterate iterate = solve(problem).iterate();
  EXPECT_NEAR(weight_of(iterate, 0), 1.5, 1e-13);
  EXPECT_NEAR(weight_of(iterate, 1), 1.0, 1e-13);
  EXPECT_EQ(iterate.level, 0.0);
}

TEST(CorrectiveStep, StaysAtZeroWhereNothingCanBeGained) {
  EXPECT_TRUE(solve({{{1.0, 2.0}}, {0.0, 0.0}, 1.0}).iterate().columns.empty()) << "y = 0";
  EXPECT_TRUE(solve({{{1.0, 2.0}}, {1.0, 1.0}, 0.0}).iterate().columns.empty()) << "beta = 0";
  EXPECT_TRUE(solve({{{0.0, 0.0}}, {1.0, 1.0}, 1.0}).iterate().columns.empty()) << "only empty columns";
}

TEST(CorrectiveStep, IsUnmovedByWhatItKnows) {
  const Problem problem{{{1, 0, 0}, {0, 1, 0}, {0, 0, 1}}, {3.0, -2.0, 0.5}, 2.0};
  CorrectiveStep step = solve(problem);
  const Iterate before = step.iterate();
  EXPECT_FALSE(step.advance(problem.proposals())) << "active atoms, and one that violates nothing";
  EXPECT_FALSE(step.advance({}));
  EXPECT_EQ(step.iterate().weights, before.weights);
}

TEST(CorrectiveStep, CountsAnAtomProposedTwiceOnce) {
  const Problem problem{{{1, 0}, {0, 1}}, {3.0, 2.0}, 2.0};
  CorrectiveStep step = step_for(problem);
  const std::vector<Proposal> twice{problem.proposal(1), problem.proposal(0), problem.proposal(1), problem.proposal(0)};
  EXPECT_TRUE(step.advance(twice));
  EXPECT_EQ(step.iterate().columns, (std::vector<Index>{0, 1}));
}

TEST(CorrectiveStep, RefusesAColumnOfAnotherLength) {
  CorrectiveStep step = step_for({{{1, 0}}, {3.0, 2.0}, 2.0});
  const std::vector<Proposal> wrong{{0, 0.0, {false, {}, {1.0, 0.0}}}, {1, 0.0, {false, {}, {1.0}}}};
  EXPECT_THROW((void)step.advance(wrong), std::invalid_argument);
  EXPECT_TRUE(step.advance(std::span(wrong).first(1))) << "the step is as it was";
}

// As many columns as rows and more, correlated, with the path running to an idle constraint: many atoms leave on the
// way.
TEST(CorrectiveStep, SolvesALargerCorrelatedProblemToRounding) {
  std::mt19937_64 random(11);
  std::normal_distribution<double> normal;
  Problem problem;
  problem.y.resize(80);
  for (double& value : problem.y) value = normal(random);
  Vector a(80, 0.0);
  for (int j = 0; j < 300; ++j) {
    for (double& value : a) value = 0.9 * value + 0.44 * normal(random);
    problem.columns.push_back(a);
  }
  for (const double radius : {0.05, 0.3, 1.0, 1.8}) {
    problem.radius = radius;
    const Iterate last = propose_in_batches(problem, random);
    EXPECT_LE(static_cast<double>(evaluate(problem, last).gap), 1e-12 * problem.null_objective())
        << "radius " << radius;
  }
}

// Many atoms at a time, of which most of those before them have to leave again.
TEST(CorrectiveStep, SolvesOverBatchesThatPushEachOtherOut) {
  std::mt19937_64 random(12);
  std::normal_distribution<double> normal;
  constexpr std::size_t kBatch = 100;
  Problem problem;
  problem.y.resize(120);
  for (double& value : problem.y) value = normal(random);
  Vector a(120, 0.0);
  for (int j = 0; j < 800; ++j) {
    for (double& value : a) value = 0.9 * value + 0.44 * normal(random);
    problem.columns.push_back(a);
  }
  const std::vector<Proposal> all = problem.proposals();
  for (const double radius : {0.3, 1.0, 1.8, 3.0, 5.0}) {
    problem.radius = radius;
    CorrectiveStep step = step_for(problem);
    for (std::size_t round = 0; round < 80; ++round)
      (void)step.advance(std::span(all).subspan(round * kBatch % all.size(), kBatch));
    EXPECT_LE(static_cast<double>(evaluate(problem, step.iterate()).gap), 1e-12 * problem.null_objective())
        << "radius " << radius;
  }
}

}  // namespace
}  // namespace wolfpack::frank_wolfe
