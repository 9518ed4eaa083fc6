// The owner's side of Frank-Wolfe on a problem that can be solved in the head: A = I (3 x 3), y = (3, 1, 0.5), beta
// = 3. The optimum is y soft thresholded by 0.5: alpha = (2.5, 0.5, 0), w = (0.5, 0.5, 0.5), objective 0.375; f(0)
// = 5.125.
#include "frank_wolfe/model_policy.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include <gtest/gtest.h>

#include "frank_wolfe/corrective_step.hpp"
#include "frank_wolfe/least_squares.hpp"

namespace wolfpack::frank_wolfe {
namespace {

constexpr double kNull = 5.125;
constexpr double kOptimum = 0.375;
const std::vector<double> kTarget{3, 1, 0.5};

/// Two workers: columns 0 and 1, column 2.
class ModelPolicyTest : public ::testing::Test {
 protected:
  void make(double tolerance, ProgressCallback on_progress = {}) {
    const L1Term term = l1_constraint(3.0);
    policy_ = std::make_unique<ModelPolicy>(std::make_unique<CorrectiveStep>(LeastSquares(kTarget), term),
                                            ModelOptions{.path = {.terms = {term}},
                                                         .workers = 2,
                                                         .tolerance = tolerance,
                                                         .null_objective = kNull,
                                                         .on_progress = std::move(on_progress)});
    version_ = Version{1};
  }
  static Column unit(Index j) { return {.sparse = true, .rows = {static_cast<std::int32_t>(j)}, .values = {1.0}}; }

  /// What a worker that evaluated `version`, whose dual vector was `w`, reports; `excess` makes its bound a loose one.
  void report(std::uint32_t worker, Version version, const std::vector<double>& w, double excess = 0.0) {
    const double largest = worker == 0 ? std::max(std::abs(w[0]), std::abs(w[1])) : std::abs(w[2]);
    policy_->merge(
        {worker}, {clocks_[worker]++},
        encode(Report{version,
                      {largest + excess, 1.0},
                      {.columns_evaluated = 1, .bytes_read = 8, .wait_seconds = 0.25, .elapsed_seconds = 1.0}}));
  }
  void propose(std::uint32_t worker, Index column, const std::vector<double>& w) {
    policy_->merge({worker}, {clocks_[worker]},
                   encode(Proposal{column, w[static_cast<std::size_t>(column)], unit(column)}));
  }
  /// Settles as the shard does, and counts versions as it does.
  ps::Settlement settle(bool publishes_unchanged = false) {
    const auto settled = policy_->settle({.next = version_.next(), .publishes_unchanged = publishes_unchanged});
    if (settled.changed || publishes_unchanged) version_ = version_.next();
    return settled;
  }
  /// To the optimum: atoms 0 and 1, which both workers then have not evaluated yet.
  void reach_optimum() {
    propose(0, 0, kTarget);
    propose(0, 1, kTarget);
    ASSERT_TRUE(settle().changed);
    ASSERT_NEAR(policy_->iterate().objective, kOptimum, 1e-12);
  }

  std::unique_ptr<ModelPolicy> policy_;
  Version version_;
  std::array<std::uint64_t, 2> clocks_{};
};

TEST_F(ModelPolicyTest, BeginsAtZeroWithNothingCertified) {
  make(1e-6);
  EXPECT_EQ(policy_->iterate().objective, kNull);
  EXPECT_TRUE(policy_->iterate().columns.empty());
  EXPECT_EQ(policy_->iterate().dual, kTarget);
  EXPECT_TRUE(std::isinf(policy_->certified_gap()));
}

TEST_F(ModelPolicyTest, ProposalsMakeProgressAndTheRowCarriesIt) {
  make(1e-6);
  propose(0, 0, kTarget);
  const auto settled = settle();
  EXPECT_TRUE(settled.changed);
  EXPECT_FALSE(settled.stop.has_value());
  Bytes row;
  policy_->write_row(row);
  const Model model = decode_model(row);
  EXPECT_EQ(model.iterate.columns, std::vector<Index>{0});
  EXPECT_NEAR(model.iterate.weights[0], 3.0, 1e-12);
  EXPECT_NEAR(model.iterate.objective, 0.5 * (1 + 0.25), 1e-12);
  EXPECT_TRUE(std::isinf(model.gap)) << "nobody has reported";
}

TEST_F(ModelPolicyTest, TheGapIsFiniteOnceEveryWorkerHasReportedAndBoundsWhatIsLeft) {
  make(1e-6);
  report(0, {1}, kTarget);
  (void)settle();
  EXPECT_TRUE(std::isinf(policy_->certified_gap()));
  report(1, {1}, kTarget);
  (void)settle();
  EXPECT_NEAR(policy_->certified_gap(), 3.0 * 3.0, 1e-12) << "beta * max score - 0 at alpha = 0";
}

TEST_F(ModelPolicyTest, AVersionIsCertifiedBeforeItIsCorrectedAway) {
  make(1e-6);
  report(0, {1}, kTarget);
  report(1, {1}, kTarget);
  propose(0, 0, kTarget);
  propose(0, 1, kTarget);
  EXPECT_TRUE(settle().changed);
  // f* >= f(0) - 9; so the new iterate's gap is at most its objective less that, and never less than the truth.
  EXPECT_LE(policy_->certified_gap(), kOptimum - (kNull - 9.0) + 1e-12);
  EXPECT_GE(policy_->certified_gap(), 0.0);
}

TEST_F(ModelPolicyTest, ConvergesOnceTheOptimumIsCertifiedAndNotBefore) {
  make(1e-6);
  reach_optimum();
  EXPECT_FALSE(settle().stop.has_value());
  report(0, version_, policy_->iterate().dual);
  EXPECT_FALSE(settle().stop.has_value()) << "worker 1 has not looked";
  report(1, version_, policy_->iterate().dual);
  const auto settled = settle();
  EXPECT_EQ(settled.stop, ps::StopReason::converged);
  EXPECT_FALSE(settled.changed);
  EXPECT_LE(policy_->certified_gap(), 1e-6 * kNull);
  EXPECT_NEAR(policy_->iterate().weights[0], 2.5, 1e-12);
  EXPECT_NEAR(policy_->iterate().weights[1], 0.5, 1e-12);
}

TEST_F(ModelPolicyTest, EndsWhereAWorkerRefusesItsColumns) {
  make(1e-6);
  report(0, {1}, kTarget);
  EXPECT_FALSE(settle().stop.has_value());
  policy_->merge({1}, {clocks_[1]++}, encode(Report{{1}, {std::numeric_limits<double>::infinity(), kRefusedNorm}, {}}));
  EXPECT_EQ(settle().stop, ps::StopReason::stalled);
  EXPECT_TRUE(policy_->points().empty()) << "nothing is solved";
}

TEST_F(ModelPolicyTest, TheMultiplierOfABoundIsTheLevelOfItsActiveAtoms) {
  make(1e-6);
  reach_optimum();
  report(0, version_, policy_->iterate().dual);
  report(1, version_, policy_->iterate().dual);
  ASSERT_EQ(settle().stop, ps::StopReason::converged);
  EXPECT_NEAR(policy_->points().front().lambda, 0.5, 1e-12);
}

TEST_F(ModelPolicyTest, AConvergedModelIsNotMovedByLateProposals) {
  make(1e-6);
  reach_optimum();
  const Iterate optimum = policy_->iterate();
  report(0, version_, optimum.dual);
  report(1, version_, optimum.dual);
  propose(1, 2, kTarget);
  EXPECT_EQ(settle().stop, ps::StopReason::converged);
  EXPECT_EQ(policy_->iterate().weights, optimum.weights);
}

TEST_F(ModelPolicyTest, StallsWhenAllHaveEvaluatedTheNewestAndNothingMoves) {
  make(1e-6);
  reach_optimum();
  // Bounds too loose to certify, and an atom that is known already: there is nothing left to hope for.
  report(0, version_, policy_->iterate().dual, 0.01);
  propose(0, 1, kTarget);
  EXPECT_FALSE(settle().stop.has_value()) << "worker 1 may still find something";
  report(1, version_, policy_->iterate().dual, 0.01);
  EXPECT_EQ(settle().stop, ps::StopReason::stalled);
}

TEST_F(ModelPolicyTest, ReportsOfOlderVersionsAreNoStall) {
  make(1e-6);
  const Version old = version_;
  reach_optimum();
  report(0, old, kTarget);
  report(1, old, kTarget);
  EXPECT_FALSE(settle().stop.has_value());
}

TEST_F(ModelPolicyTest, AMoveIsNoStallThoughAllHadEvaluatedTheNewest) {
  make(1e-6);
  propose(0, 0, kTarget);
  ASSERT_TRUE(settle().changed);
  const std::vector<double> w = policy_->iterate().dual;
  report(0, version_, w);
  report(1, version_, w);
  propose(0, 1, w);
  const auto settled = settle();
  EXPECT_TRUE(settled.changed);
  EXPECT_FALSE(settled.stop.has_value());
}

TEST_F(ModelPolicyTest, BulkSynchronousClocksCountAsVersionsThoughNothingMoved) {
  make(1e-6);
  propose(0, 0, kTarget);
  (void)settle(true);
  for (const std::uint32_t worker : {0u, 1u}) report(worker, Version{1}, kTarget);  // of the version before: no stall
  const auto settled = settle(true);
  EXPECT_FALSE(settled.changed);
  EXPECT_FALSE(settled.stop.has_value());
  EXPECT_EQ(version_, Version{3});
  const std::vector<double> w = policy_->iterate().dual;
  for (const std::uint32_t worker : {0u, 1u}) report(worker, version_, w);
  EXPECT_EQ(settle(true).stop, ps::StopReason::stalled) << "the newest version is the one that was published unchanged";
}

TEST_F(ModelPolicyTest, WithToleranceZeroOnlyAnExactCertificateConverges) {
  make(0.0);
  reach_optimum();
  for (const std::uint32_t worker : {0u, 1u}) report(worker, version_, policy_->iterate().dual);
  const auto settled = settle();
  ASSERT_TRUE(settled.stop.has_value());
  EXPECT_EQ(*settled.stop, policy_->certified_gap() == 0.0 ? ps::StopReason::converged : ps::StopReason::stalled);
}

TEST_F(ModelPolicyTest, ProgressIsToldAfterEveryFold) {
  std::vector<Progress> told;
  make(1e-6, [&](const Progress& now) { told.push_back(now); });
  propose(0, 0, kTarget);
  (void)settle();
  report(0, {1}, kTarget);
  report(0, {1}, kTarget);
  report(1, {1}, kTarget);
  (void)settle();
  ASSERT_EQ(told.size(), 2u);
  EXPECT_EQ(told[0].nonzeros, 1u);
  EXPECT_TRUE(std::isinf(told[0].gap));
  EXPECT_NEAR(told[1].objective, 0.625, 1e-12);
  EXPECT_TRUE(std::isfinite(told[1].gap));
  EXPECT_EQ(told[1].slowest, Clock{1});
  EXPECT_EQ(told[1].fastest, Clock{2});
  EXPECT_DOUBLE_EQ(told[1].wait_share, 0.25);
}

}  // namespace
}  // namespace wolfpack::frank_wolfe
