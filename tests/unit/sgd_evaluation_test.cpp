#include <cmath>
#include <limits>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sgd/evaluation.hpp"
#include "sgd/optimizer.hpp"
#include "sgd/recent_mean.hpp"
#include "tests/support/logistic_samples.hpp"

namespace wolfpack::sgd {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

void send(EvaluationPolicy& policy, std::uint32_t worker, std::uint64_t epoch, double losses, double penalty = 0.0) {
  const PartialLoss part{{10 * epoch, 1}, epoch, losses, penalty};
  policy.merge({worker}, {10 * epoch}, std::as_bytes(std::span(&part, 1)));
}

TEST(EvaluationPolicy, AnObjectiveNeedsThePartsOfAllWorkersAtOneCandidate) {
  EvaluationPolicy policy({.workers = 2, .samples = 10});
  send(policy, 0, 1, 3.0, 0.5);
  send(policy, 0, 2, 1.0, 0.25);
  EXPECT_FALSE(policy.settle({}).changed);
  EXPECT_THAT(policy.history(), IsEmpty());
  send(policy, 1, 2, 1.5, 0.25);
  EXPECT_TRUE(policy.settle({}).changed);
  ASSERT_EQ(policy.history().size(), 1u);
  EXPECT_EQ(policy.history()[0].epoch, 2u);
  EXPECT_EQ(policy.history()[0].log_loss, 0.25);
  EXPECT_EQ(policy.history()[0].objective, 0.5);
  EXPECT_FALSE(policy.settle({}).changed);
}

TEST(EvaluationPolicy, SumsInTheOrderOfTheWorkersWhoeverComesLast) {
  const std::vector<double> parts{1e16, 1.0, -1e16};
  std::vector<double> objectives;
  for (const auto& order : std::vector<std::vector<std::uint32_t>>{{0, 1, 2}, {2, 1, 0}, {1, 2, 0}}) {
    EvaluationPolicy policy({.workers = 3, .samples = 1});
    for (const std::uint32_t worker : order) send(policy, worker, 1, parts[worker]);
    objectives.push_back(policy.history().at(0).objective);
  }
  EXPECT_EQ(objectives[0], objectives[1]);
  EXPECT_EQ(objectives[0], objectives[2]);
}

std::optional<ps::StopReason> stop_after(const std::vector<double>& objectives, double tolerance) {
  EvaluationPolicy policy({.workers = 1, .samples = 1, .tolerance = tolerance});
  std::optional<ps::StopReason> stop;
  for (std::size_t k = 0; k < objectives.size(); ++k) {
    EXPECT_FALSE(stop) << "before evaluation " << k;
    send(policy, 0, k + 1, objectives[k]);
    stop = policy.settle({}).stop;
  }
  return stop;
}

TEST(EvaluationPolicy, ConvergesWhenTheBestHasHardlyFallenInThreeEpochs) {
  EXPECT_EQ(stop_after({1.0, 0.5, 0.4999, 0.4998, 0.4997}, 1e-3), ps::StopReason::converged);
  EXPECT_EQ(stop_after({1.0, 0.5, 0.4999, 0.4998}, 1e-3), std::nullopt) << "three epochs ago it was 1";
  EXPECT_EQ(stop_after({1.0, 0.5, 0.6, 0.7, 0.49}, 1e-3), std::nullopt);
  EXPECT_EQ(stop_after({0.5, 0.6, 0.7, 0.8}, 1e-3), ps::StopReason::converged) << "no better than the first";
  EXPECT_EQ(stop_after({0.5, 0.5, 0.5, 0.5, 0.5, 0.5}, 0.0), std::nullopt) << "0: never";
}

/// Steps grow over the first clocks, so that there is little progress then.
TEST(EvaluationPolicy, IsNotJudgedBeforeTheWarmUpIsOver) {
  EvaluationPolicy policy({.workers = 1, .samples = 1, .tolerance = 1e-3, .judged_from = {30}});
  for (std::uint64_t epoch = 1; epoch <= 6; ++epoch) {  // made in clock 10 * epoch
    EXPECT_FALSE(policy.settle({}).stop) << "before epoch " << epoch;
    send(policy, 0, epoch, 0.5);
  }
  EXPECT_EQ(policy.settle({}).stop, ps::StopReason::converged) << "three epochs after clock 30";
}

TEST(EvaluationPolicy, AnObjectiveThatIsNotFiniteStopsTheJob) {
  EXPECT_EQ(stop_after({0.5, std::numeric_limits<double>::infinity()}, 0.0), ps::StopReason::stalled);
  EXPECT_EQ(stop_after({NAN}, 0.0), ps::StopReason::stalled);
}

TEST(EvaluationPolicy, TheRowTellsOfTheLatestAndFitsItsCapacity) {
  const ps::RowSpec spec = evaluation_row({.workers = 1, .samples = 1});
  const auto policy = spec.make_policy();
  Bytes row;
  policy->write_row(row);
  EXPECT_THAT(decode_evaluations(row), IsEmpty());
  for (std::uint64_t epoch = 1; epoch <= 40; ++epoch)
    send(dynamic_cast<EvaluationPolicy&>(*policy), 0, epoch, static_cast<double>(epoch));
  row.clear();
  policy->write_row(row);
  EXPECT_LE(row.size(), spec.capacity.row_bytes);
  EXPECT_EQ(decode_evaluations(row).back().epoch, 40u);
}

TEST(CandidateRow, CarriesAModelUnderItsStamp) {
  const auto policy = candidate_row(3).make_policy();
  Bytes row;
  policy->write_row(row);
  EXPECT_EQ(peek_candidate(row).epoch, 0u);
  policy->merge({4}, {7}, encode_candidate(2, std::vector<double>{1, 2, 3}));
  row.clear();
  policy->write_row(row);
  const Candidate candidate = decode_candidate(row);
  EXPECT_EQ(candidate.epoch, 2u);
  EXPECT_EQ(candidate.stamp, (ps::AssignStamp{7, 5}));
  EXPECT_THAT(candidate.weights, ElementsAre(1, 2, 3));
}

TEST(BestRow, KeepsTheBestCandidate) {
  const auto policy = best_row(2).make_policy();
  const auto best = [&] {
    Bytes row;
    policy->write_row(row);
    return decode_best(row);
  };
  EXPECT_EQ(best().epoch, 0u);
  policy->merge({0}, {1}, ps::encode_scored(0.5, encode_candidate(1, std::vector<double>{1, 1})));
  policy->merge({1}, {2}, ps::encode_scored(0.25, encode_candidate(2, std::vector<double>{2, 2})));
  policy->merge({0}, {3}, ps::encode_scored(0.3, encode_candidate(3, std::vector<double>{3, 3})));
  EXPECT_EQ(best().epoch, 2u);
  EXPECT_THAT(best().weights, ElementsAre(2, 2));
}

TEST(RecentMean, IsOverTheWindowOnceThereIsEnough) {
  RecentMean mean(1, 4);
  for (const double x : {1.0, 3.0}) mean.add(std::vector{x});
  EXPECT_THAT(mean.value(), ElementsAre(2.0)) << "less than a window";
  for (const double x : {5.0, 7.0}) mean.add(std::vector{x});
  EXPECT_THAT(mean.since_cut(), ElementsAre(4.0));
  mean.cut();
  EXPECT_THAT(mean.value(), ElementsAre(4.0));
  mean.add(std::vector{8.0});
  EXPECT_THAT(mean.value(), ElementsAre(0.25 * 8.0 + 0.75 * 4.0));
  for (int k = 0; k < 3; ++k) mean.add(std::vector{8.0});
  EXPECT_THAT(mean.value(), ElementsAre(8.0)) << "nothing earlier is left in it";
}

class Steps : public ::testing::Test {
 protected:
  testing::LogisticProblem problem_{{{4.0, 0.0}, {0.0, -2.0}}, {1, -1}, 0.5};
  Samples samples_ = testing::samples_of(problem_);
  std::vector<double> largest_ = summarise(samples_).largest;
  BatchGradient gradient_{2, {1.0, 1.0}};

  Optimizer optimizer(OptimizerKind kind, std::size_t workers = 1) const {
    return Optimizer({.kind = kind, .step = 0.5, .decay = 1.0, .workers = workers}, largest_);
  }
  void compute(const std::vector<double>& weights) {
    gradient_.compute(samples_, std::vector<Index>{0, 1}, weights, 2.0);
  }
};

TEST_F(Steps, AdaGradDividesByTheRootOfTheSumOfSquaresAndByTheScale) {
  compute({0.1, 0.2, 0.3});
  const double g = gradient_[0];
  EXPECT_DOUBLE_EQ(optimizer(OptimizerKind::adagrad).change(0, gradient_, 3.0, 0.5),
                   -0.5 / 4 * (g / 4) / std::sqrt(3.0 + g * g / 16));
  EXPECT_DOUBLE_EQ(optimizer(OptimizerKind::adagrad).change(1, gradient_, 0.0, 0.5), gradient_[1] > 0 ? -0.25 : 0.25)
      << "the first step is the step's length, scaled";
}

TEST_F(Steps, AreThoseOfScaledFeaturesWhateverTheScale) {
  for (const OptimizerKind kind : {OptimizerKind::adagrad, OptimizerKind::sgd}) {
    std::vector<double> moves;
    for (const double scale : {1.0, 1e200, 1e-200}) {
      problem_.rows = {{4.0 * scale, 0.0}, {0.0, -2.0}};
      samples_ = testing::samples_of(problem_);
      largest_ = summarise(samples_).largest;
      gradient_ = BatchGradient(2, {0.0, 0.0});
      compute({0.0, 0.0, 0.3});
      const double scaled = optimizer(kind).scaled(0, gradient_);
      moves.push_back(scale * optimizer(kind).change(0, gradient_, scaled * scaled, 0.5));
    }
    EXPECT_NE(moves[0], 0.0);
    EXPECT_NEAR(moves[1] / moves[0], 1.0, 1e-12) << to_string(kind);
    EXPECT_NEAR(moves[2] / moves[0], 1.0, 1e-12) << to_string(kind);
  }
}

/// P workers that see the same first gradient move together as far as one alone.
TEST_F(Steps, AdaGradsFirstStepsOfAllWorkersTogetherAreOne) {
  compute({0.1, 0.2, 0.3});
  const double alone = optimizer(OptimizerKind::adagrad).change(0, gradient_, 0.0, 0.5);
  EXPECT_DOUBLE_EQ(4 * optimizer(OptimizerKind::adagrad, 4).change(0, gradient_, 0.0, 0.5), alone);
}

TEST_F(Steps, SgdFollowsTheGradientAndAHugeRegulariserDoesNotOvershoot) {
  compute({0.1, 0.2, 0.3});
  const double curvature = 1.0 / 2;  // one of the two samples has the feature
  EXPECT_DOUBLE_EQ(gradient_.l2_curvature(0), curvature);
  EXPECT_DOUBLE_EQ(optimizer(OptimizerKind::sgd).change(0, gradient_, 0.0, 0.5),
                   -0.5 / 16 * gradient_[0] / (1 + 0.5 / 16 * curvature));
  gradient_ = BatchGradient(2, {1e9, 1e9});
  compute({0.1, 0.2, 0.3});
  for (const std::size_t workers : {1u, 4u}) {
    const double together =
        static_cast<double>(workers) * optimizer(OptimizerKind::sgd, workers).change(0, gradient_, 0.0, 0.5);
    EXPECT_NEAR(0.1 + together, 0.0, 1e-6) << "all the way, and no further";
  }
}

TEST_F(Steps, WarmUpThenDecayAndGetShorterWithWhatIsUnseen) {
  const Optimizer one = optimizer(OptimizerKind::adagrad), four = optimizer(OptimizerKind::adagrad, 4);
  EXPECT_DOUBLE_EQ(one.step_at({0}, 1000), 0.5 / kWarmUpClocks);
  EXPECT_DOUBLE_EQ(one.step_at({1000}, 1000, 0), 0.25) << "decay 1 after one epoch";
  EXPECT_DOUBLE_EQ(one.step_at({1000}, 1000, 5), 0.25) << "alone, nothing is unseen";
  EXPECT_DOUBLE_EQ(four.step_at({1000}, 1000, 4), 0.25 / 2);
}

}  // namespace
}  // namespace wolfpack::sgd
