// The owner's side of Frank-Wolfe along paths, with quick rounds and screening: A = I (3 x 3), y = (3, 1, 0.5),
// penalised, where alpha is y soft thresholded by lambda.
#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>

#include <gtest/gtest.h>

#include "frank_wolfe/corrective_step.hpp"
#include "frank_wolfe/least_squares.hpp"
#include "frank_wolfe/model_policy.hpp"

namespace wolfpack::frank_wolfe {
namespace {

constexpr double kNull = 5.125;
const std::vector<double> kTarget{3, 1, 0.5};

/// One worker, who always says what is true.
class PathPolicyTest : public ::testing::Test {
 protected:
  void make(const Path& path, bool quick_rounds = true, bool warm_start = false) {
    const L1Term first = path.is_automatic() ? l1_penalty(0.0) : path.terms.front();
    policy_ = std::make_unique<ModelPolicy>(std::make_unique<CorrectiveStep>(LeastSquares(kTarget), first),
                                            ModelOptions{.path = path,
                                                         .tolerance = 1e-9,
                                                         .null_objective = kNull,
                                                         .quick_rounds = quick_rounds,
                                                         .warm_start = warm_start});
    version_ = Version{1};
  }
  [[nodiscard]] Model published() const {
    Bytes row;
    policy_->write_row(row);
    return decode_model(row);
  }
  void report(double largest) {
    const Clock now{clock_++};
    policy_->merge({0}, now, encode(Report{version_, {largest, 1.0}, {.columns_evaluated = 3 * clock_}}));
  }
  /// Evaluates the newest version and proposes what exceeds the level.
  void look(bool thorough = true) {
    const Iterate now = policy_->iterate();
    double largest = 0.0;
    for (const double w : now.dual) largest = std::max(largest, std::abs(w));
    report(thorough ? largest : std::numeric_limits<double>::infinity());
    for (Index j = 0; j < 3; ++j) {
      const double score = now.dual[static_cast<std::size_t>(j)];
      if (std::abs(score) > now.level)
        policy_->merge(
            {0}, {clock_},
            encode(Proposal{j, score, {.sparse = true, .rows = {static_cast<std::int32_t>(j)}, .values = {1.0}}}));
    }
  }
  ps::Settlement settle() {
    const auto settled = policy_->settle({.next = version_.next()});
    if (settled.changed) version_ = version_.next();
    return settled;
  }
  void run() {
    for (int round = 0; round < 20; ++round) {
      look();
      if (settle().stop) return;
    }
    FAIL() << "twenty rounds are too few";
  }

  std::unique_ptr<ModelPolicy> policy_;
  Version version_;
  std::uint64_t clock_ = 0;
};

double soft(double y, double lambda) { return std::max(0.0, y - lambda); }

TEST_F(PathPolicyTest, SolvesOneProblemAfterAnotherAndKeepsEachAnswer) {
  make({.terms = {l1_penalty(4.0), l1_penalty(2.0), l1_penalty(0.75), l1_penalty(0.25)}});
  run();
  ASSERT_EQ(policy_->points().size(), 4u);
  for (const PathPoint& point : policy_->points()) {
    SCOPED_TRACE(point.term.value);
    EXPECT_TRUE(point.converged);
    EXPECT_LE(point.gap, 1e-9 * kNull);
    double norm = 0.0, loss = 0.0;
    for (std::size_t j = 0; j < 3; ++j) {
      const double x = soft(kTarget[j], point.term.value);
      norm += x;
      loss += (kTarget[j] - x) * (kTarget[j] - x) / 2;
      const auto at = std::find(point.columns.begin(), point.columns.end(), static_cast<Index>(j));
      ASSERT_EQ(at != point.columns.end(), x > 0.0);
      if (x > 0.0) {
        EXPECT_NEAR(point.weights[static_cast<std::size_t>(at - point.columns.begin())], x, 1e-12);
      }
    }
    EXPECT_NEAR(point.loss, loss, 1e-12);
    EXPECT_NEAR(point.objective, loss + point.term.value * norm, 1e-12);
  }
  std::uint64_t evaluated = 0;  // each counts for one problem
  for (const PathPoint& point : policy_->points()) evaluated += point.columns_evaluated;
  EXPECT_EQ(evaluated, 3 * clock_);
}

TEST_F(PathPolicyTest, AnAutomaticPathBeginsAtTheLargestScore) {
  make(automatic_path(3, 0.25));
  EXPECT_EQ(published().iterate.level, 0.0) << "every score is asked for";
  run();
  ASSERT_EQ(policy_->points().size(), 3u);
  for (std::size_t k = 0; k < 3; ++k) {
    EXPECT_NEAR(policy_->points()[k].term.value, 3.0 * std::pow(0.5, double(k)), 1e-12);
    EXPECT_TRUE(policy_->points()[k].converged);
  }
  EXPECT_TRUE(policy_->points()[0].columns.empty());
}

TEST_F(PathPolicyTest, AnAutomaticPathWaitsForWhoHasNotReported) {
  make(automatic_path(2, 0.5));
  look(false);
  EXPECT_FALSE(settle().stop.has_value());
  EXPECT_TRUE(policy_->points().empty());
  EXPECT_EQ(policy_->current_point().term.value, 0.0);
}

TEST_F(PathPolicyTest, AProblemThatStallsDoesNotEndThePath) {
  make({.terms = {l1_penalty(2.0), l1_penalty(0.75)}});
  look();
  ASSERT_TRUE(settle().changed);
  ASSERT_TRUE(policy_->points().empty());
  report(2.5);  // a bound too loose to certify, and nothing to propose
  EXPECT_FALSE(settle().stop.has_value());
  ASSERT_EQ(policy_->points().size(), 1u);
  EXPECT_FALSE(policy_->points()[0].converged);
  run();
  ASSERT_EQ(policy_->points().size(), 2u);
  EXPECT_TRUE(policy_->points()[1].converged);
}

TEST_F(PathPolicyTest, AQuickRoundCertifiesNothingAndAPoorOneAsksForAThoroughPass) {
  make({.terms = {l1_penalty(0.75)}});
  EXPECT_TRUE(published().request.thorough) << "nothing is known yet";
  look(false);
  ASSERT_TRUE(settle().changed);
  ASSERT_TRUE(published().request.thorough) << "two atoms of ten that were asked for";
  report(std::numeric_limits<double>::infinity());
  EXPECT_FALSE(settle().changed) << "a thorough pass is asked for already";
  look();
  EXPECT_EQ(settle().stop, ps::StopReason::converged);
}

TEST_F(PathPolicyTest, ARichRoundIsFollowedByAQuickOneAndThatByAThoroughOneOfTheSameIterate) {
  make({.terms = {l1_penalty(0.75)}});
  report(3.0);
  for (Index j = 0; j < 3; ++j)
    policy_->merge({0}, {clock_}, encode(Proposal{j, 1.0, {.sparse = true, .rows = {int(j)}, .values = {1.0}}}));
  ASSERT_TRUE(settle().changed);
  EXPECT_FALSE(published().request.thorough) << "three of ten";
  const Iterate before = policy_->iterate();
  report(std::numeric_limits<double>::infinity());
  EXPECT_TRUE(settle().changed) << "workers look at no version twice";
  EXPECT_TRUE(published().request.thorough);
  EXPECT_TRUE(same_alpha(before, policy_->iterate()));
}

TEST_F(PathPolicyTest, WithoutQuickRoundsEveryPassIsThorough) {
  make({.terms = {l1_constraint(3.0)}}, false);
  report(3.0);
  for (Index j = 0; j < 3; ++j)
    policy_->merge({0}, {clock_}, encode(Proposal{j, 1.0, {.sparse = true, .rows = {int(j)}, .values = {1.0}}}));
  ASSERT_TRUE(settle().changed);
  EXPECT_TRUE(published().request.thorough);
}

TEST_F(PathPolicyTest, AWarmStartIsPublishedWhetherItMovedOrNot) {
  make({.terms = {l1_penalty(0.75)}}, true, true);
  report(std::numeric_limits<double>::infinity());
  EXPECT_TRUE(settle().changed);
  EXPECT_TRUE(published().request.thorough);
}

TEST_F(PathPolicyTest, ScreeningComesWithACertifiedGap) {
  make({.terms = {l1_penalty(2.0)}});
  EXPECT_FALSE(published().request.screening.has_value());
  look();
  ASSERT_TRUE(settle().changed);
  const auto screening = published().request.screening;
  ASSERT_TRUE(screening.has_value());
  EXPECT_EQ(screening->level, 2.0);
  EXPECT_EQ(screening->problem, 0u);
  EXPECT_NEAR(screening->radius, std::sqrt(2 * policy_->certified_gap()), 1e-5);
  EXPECT_GT(screening->radius, std::sqrt(2 * policy_->certified_gap())) << "rounding is allowed for";
}

/// What is reported without the columns that are in no solution of one problem says nothing of the next.
TEST_F(PathPolicyTest, OnlyTheLastProblemOfAPathIsScreened) {
  make({.terms = {l1_penalty(2.0), l1_penalty(0.75)}});
  look();
  ASSERT_TRUE(settle().changed);
  EXPECT_FALSE(published().request.screening.has_value());
  look();
  ASSERT_TRUE(settle().changed);
  EXPECT_EQ(published().request.screening.value().problem, 1u);
  EXPECT_EQ(published().request.screening.value().level, 0.75);
}

}  // namespace
}  // namespace wolfpack::frank_wolfe
