// Whole runs of logistic regression over every transport, in one process: against a slow solver that shares no code
// with it, and against themselves.
#include <algorithm>
#include <cmath>
#include <map>
#include <mutex>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sgd/epochs.hpp"
#include "sgd/train.hpp"
#include "tests/support/jobs.hpp"
#include "tests/support/logistic_samples.hpp"

namespace wolfpack::sgd {
namespace {

using testing::LogisticProblem;
using testing::random_problem;
using testing::samples_of;

class TrainContract : public testing::JobTest {
 protected:
  /// All workers' results are the same but for the trace's order; worker 0's comes back.
  TrainResult train_on(const LogisticProblem& problem, std::size_t workers, TrainOptions options) const {
    options.l2 = problem.l2;
    TrainResult result;
    std::vector<double> objectives(workers);
    run(workers, training_job(static_cast<Index>(problem.features()), problem.samples(), workers, options),
        [&](runtime::Job& job) {
          const Samples mine = samples_of(problem, job.worker().value, workers);
          TrainResult trained = train(job, mine, options);
          objectives[job.worker().value] = trained.model.objective;
          if (job.worker().value == 0) result = std::move(trained);
        });
    for (const double objective : objectives)
      EXPECT_TRUE(objective == result.model.objective || (std::isnan(objective) && std::isnan(result.model.objective)))
          << objective << " and " << result.model.objective;
    return result;
  }
};

double objective_of(const LogisticProblem& problem, const std::vector<double>& weights) {
  return testing::slow_objective(problem, std::vector<long double>(weights.begin(), weights.end()));
}

TEST_P(TrainContract, ComesCloseToTheOptimumWithAnyNumberOfWorkersShardsAndClocksOfStaleness) {
  const LogisticProblem problem = random_problem(400, 15, 0.4, 1.0 / 400, 11);
  const double optimum = testing::slow_optimum(problem);
  for (const std::size_t workers : {1u, 2u, 3u})
    for (const Staleness staleness : {kBulkSynchronous, Staleness{3}, kAsynchronous})
      for (std::uint64_t shards = 1; shards <= std::min<std::size_t>(2, workers); ++shards) {
        SCOPED_TRACE(::testing::Message()
                     << workers << " workers, staleness " << staleness.value << ", " << shards << " shards");
        const TrainResult result = train_on(
            problem, workers, {.epochs = 30, .tolerance = 0.0, .shards = shards, .staleness = staleness, .seed = 5});
        EXPECT_EQ(result.status, TrainStatus::epochs_done);
        EXPECT_LE(result.model.objective, 1.02 * optimum);
        EXPECT_GE(result.model.objective, optimum * (1 - 1e-12));
        EXPECT_NEAR(result.model.objective, objective_of(problem, result.model.weights), 1e-12);
        EXPECT_EQ(result.clocks, workers * 30 * result.steps_per_epoch);
        EXPECT_DOUBLE_EQ(result.epochs, 30.0);
        EXPECT_FALSE(result.history.empty());
      }
}

/// Every other sample follows another model: each of two workers has all samples of one of them. Where the one that is
/// ahead decides, the other's samples are lost, by half of the objective.
LogisticProblem problem_of_two_minds(std::size_t samples) {
  LogisticProblem problem = random_problem(samples, 8, 1.0, 1.0 / static_cast<double>(samples), 21);
  const LogisticProblem other = random_problem(samples, 8, 1.0, problem.l2, 22);
  for (std::size_t i = 1; i < samples; i += 2) {
    problem.rows[i] = other.rows[i];
    problem.labels[i] = other.labels[i];
  }
  return problem;
}

TEST_P(TrainContract, AStragglersSamplesCountAsMuchAsTheOthersWhateverTheStaleness) {
  const LogisticProblem problem = problem_of_two_minds(400);
  const double optimum = testing::slow_optimum(problem);
  for (const Staleness staleness : {Staleness{3}, kAsynchronous})
    for (const std::uint32_t slow : {0u, 1u}) {
      SCOPED_TRACE(::testing::Message() << "staleness " << staleness.value << ", worker " << slow << " is slow");
      const runtime::StragglerSpec straggler{.worker = WorkerId{slow}, .slowdown = 300};
      const TrainResult result = train_on(problem, 2, {.staleness = staleness, .straggler = straggler});
      EXPECT_EQ(result.status, TrainStatus::converged);
      EXPECT_LE(result.model.objective, 1.03 * optimum);
      EXPECT_EQ(result.staleness, staleness_in_effect(staleness, result.steps_per_epoch));
      std::map<std::uint32_t, std::uint64_t> clocks;
      for (const auto& row : result.trace) ++clocks[row.worker.value];
      EXPECT_LE(clocks[1 - slow], clocks[slow] + result.staleness.value + 1);
    }
}

TEST_P(TrainContract, SgdComesCloseToo) {
  const LogisticProblem problem = random_problem(400, 10, 1.0, 0.01, 12);
  const double optimum = testing::slow_optimum(problem);
  for (const Staleness staleness : {kBulkSynchronous, Staleness{3}}) {
    const TrainResult result = train_on(
        problem, 2,
        {.optimizer = OptimizerKind::sgd, .epochs = 60, .tolerance = 0.0, .shards = 2, .staleness = staleness});
    EXPECT_LE(result.model.objective, 1.01 * optimum);
  }
}

TEST_P(TrainContract, TheSameOptionsGiveTheSameBitsAtStalenessZero) {
  const LogisticProblem problem = random_problem(300, 20, 0.2, 0.002, 13);
  for (const double tolerance : {0.0, 5e-3})
    for (const std::uint64_t shards : {1u, 3u}) {
      const TrainOptions options{.epochs = 15, .tolerance = tolerance, .shards = shards, .staleness = kBulkSynchronous};
      const TrainResult first = train_on(problem, 3, options);
      EXPECT_EQ(first.status, tolerance > 0 ? TrainStatus::converged : TrainStatus::epochs_done);
      for (int again = 0; again < 2; ++again) {
        const TrainResult result = train_on(problem, 3, options);
        EXPECT_EQ(result.model.weights, first.model.weights);
        EXPECT_EQ(result.model.objective, first.model.objective);
        EXPECT_EQ(result.best_objective, first.best_objective);
        ASSERT_EQ(result.history.size(), first.history.size());
        for (std::size_t k = 0; k < first.history.size(); ++k)
          EXPECT_EQ(result.history[k].evaluation.objective, first.history[k].evaluation.objective);
      }
      TrainOptions reseeded = options;
      reseeded.seed = 1;
      EXPECT_NE(train_on(problem, 3, reseeded).model.weights, first.model.weights);
    }
}

/// An evaluated objective is that of one model on all samples: the best one's weights, read from the row, have it
/// exactly.
TEST_P(TrainContract, TheBestEvaluatedModelHasTheObjectiveThatWasSaidOfIt) {
  const LogisticProblem problem = random_problem(300, 8, 1.0, 0.01, 14);
  // Steps so long that the model gets worse now and then.
  const TrainResult result =
      train_on(problem, 3, {.step = 40.0, .batch = 8, .epochs = 12, .tolerance = 0.0, .staleness = {2}});
  ASSERT_TRUE(result.best_objective);
  double best = std::numeric_limits<double>::infinity();
  for (const auto& row : result.history) best = std::min(best, row.evaluation.objective);
  EXPECT_LE(*result.best_objective, best * (1 + 1e-12))
      << "but for the last ones, which may come too late to be entered";
  EXPECT_EQ(result.model.objective, std::min(*result.best_objective, result.final_objective));
  EXPECT_NEAR(result.model.objective, objective_of(problem, result.model.weights), 1e-12);
  for (const auto& row : result.history) {
    EXPECT_GE(row.made_seconds, 0.0);
    EXPECT_LE(row.made_seconds, result.seconds + 1.0);
  }
}

/// Every worker proposes a candidate in every clock: all must evaluate the same ones.
TEST_P(TrainContract, AnEpochOfOneStepIsEvaluatedToo) {
  const LogisticProblem problem = random_problem(100, 5, 1.0, 0.05, 17);
  for (const Staleness staleness : {kBulkSynchronous, Staleness{3}}) {
    SCOPED_TRACE(::testing::Message() << "staleness " << staleness.value);
    const TrainResult result =
        train_on(problem, 2, {.batch = 1'000'000, .epochs = 2000, .tolerance = 1e-4, .staleness = staleness});
    EXPECT_EQ(result.steps_per_epoch, 1u);
    EXPECT_EQ(result.status, TrainStatus::converged);
    EXPECT_TRUE(result.best_objective);
    EXPECT_LE(result.model.objective, 1.1 * testing::slow_optimum(problem));
  }
}

TEST_P(TrainContract, MoreShardsThanParametersAreNotMade) {
  const LogisticProblem problem = random_problem(60, 1, 1.0, 0.05, 18);
  const TrainResult result = train_on(problem, 4, {.epochs = 20, .tolerance = 0.0, .shards = 4});
  EXPECT_EQ(result.shards, 2u) << "one feature and the intercept";
  EXPECT_FALSE(result.history.empty());
  EXPECT_LE(result.model.objective, 1.05 * testing::slow_optimum(problem));
}

/// The labels are as good as random: nothing is better than w = 0, and the end of a short run is a little worse.
TEST_P(TrainContract, ARunThatEndsALittleAboveZeroHasZeroAsItsResult) {
  const LogisticProblem problem{{{1.0}, {1.0}, {-1.0}, {-1.0}}, {1, -1, 1, -1}, 0.1};
  const TrainResult result = train_on(problem, 1, {.step = 0.5, .batch = 1, .epochs = 3, .tolerance = 0.0});
  EXPECT_EQ(result.status, TrainStatus::epochs_done);
  EXPECT_GT(result.final_objective, std::log(2.0));
  EXPECT_EQ(result.choice, ModelChoice::zero);
  EXPECT_THAT(result.model.weights, ::testing::Each(0.0));
  EXPECT_DOUBLE_EQ(result.model.objective, std::log(2.0));
}

TEST_P(TrainContract, LimitsEndItWithAModel) {
  const LogisticProblem problem = random_problem(200, 6, 1.0, 0.01, 15);
  const TrainResult clocks = train_on(problem, 2, {.epochs = 1000, .tolerance = 0.0, .max_clock = 7});
  EXPECT_EQ(clocks.status, TrainStatus::clock_limit);
  EXPECT_EQ(clocks.clocks, 14u);
  EXPECT_LT(clocks.model.objective, std::log(2.0));
  const TrainResult time =
      train_on(problem, 2, {.epochs = 1'000'000, .tolerance = 0.0, .shards = 2, .time_limit_seconds = 0.2});
  EXPECT_EQ(time.status, TrainStatus::time_limit);
  EXPECT_LT(time.model.objective, std::log(2.0));
}

TEST_P(TrainContract, StepsThatAreTooLongAreADivergence) {
  const LogisticProblem problem = random_problem(100, 5, 1.0, 0.1, 16);
  for (const double step : {1e3, 1e300})
    EXPECT_EQ(train_on(problem, 2, {.step = step, .epochs = 3, .tolerance = 0.0}).status, TrainStatus::diverged);
}

/// Some have nothing to say in most clocks, one has no samples at all, and a block may be empty.
TEST_P(TrainContract, FewerSamplesThanStepsOrWorkersIsFine) {
  const LogisticProblem problem{{{1.0}, {2.0}, {-1.0}}, {1, 1, -1}, 0.1};
  for (const Staleness staleness : {kBulkSynchronous, Staleness{1}, kAsynchronous}) {
    SCOPED_TRACE(::testing::Message() << "staleness " << staleness.value);
    const TrainResult result =
        train_on(problem, 4, {.batch = 1, .epochs = 200, .tolerance = 0.0, .shards = 4, .staleness = staleness});
    EXPECT_EQ(result.clocks, 4 * 200 * 3u);
    EXPECT_EQ(result.status, TrainStatus::epochs_done);
    EXPECT_LE(result.model.objective, 1.05 * testing::slow_optimum(problem));
  }
}

INSTANTIATE_TEST_SUITE_P(Backends, TrainContract, ::testing::ValuesIn(testing::kBackends), testing::backend_name);

}  // namespace
}  // namespace wolfpack::sgd
