// The minibatch gradient against finite differences of the objective, however the samples are split and stored.
#include <numeric>
#include <random>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "ps/merge_policy.hpp"
#include "ps/value.hpp"
#include "sgd/gradient.hpp"
#include "tests/support/logistic_samples.hpp"

namespace wolfpack::sgd {
namespace {

using testing::LogisticProblem;
using testing::random_problem;
using testing::samples_of;

std::vector<Index> all_of(const Samples& samples) {
  std::vector<Index> all(samples.size());
  std::iota(all.begin(), all.end(), Index{0});
  return all;
}

std::vector<double> random_weights(std::size_t count, unsigned seed) {
  std::mt19937_64 random(seed);
  std::normal_distribution<double> normal;
  std::vector<double> weights(count);
  for (double& w : weights) w = normal(random);
  return weights;
}

double objective(const LogisticProblem& problem, const std::vector<double>& weights) {
  return testing::slow_objective(problem, std::vector<long double>(weights.begin(), weights.end()));
}

std::vector<double> l2_shares(const LogisticProblem& problem) {
  const FeatureSummary all = summarise(samples_of(problem));
  std::vector<double> shares;
  for (const double count : all.counts)
    shares.push_back(count > 0 ? problem.l2 * static_cast<double>(all.samples) / count : 0.0);
  return shares;
}

std::vector<double> dense(const BatchGradient& gradient, std::size_t parameters) {
  std::vector<double> out(parameters);
  for (const Index j : gradient.touched()) out[static_cast<std::size_t>(j)] += gradient[j];
  return out;
}

/// Every feature is in some sample, or its regulariser would be nobody's.
TEST(BatchGradient, OfAllSamplesIsTheObjectivesByFiniteDifferences) {
  for (const double density : {1.0, 0.2}) {
    const LogisticProblem problem = random_problem(60, 9, density, 0.3, 1);
    const Samples samples = samples_of(problem);
    auto weights = random_weights(10, 2);
    BatchGradient gradient(9, l2_shares(problem));
    gradient.compute(samples, all_of(samples), weights, 60.0);
    const auto exact = dense(gradient, 10);
    for (std::size_t j = 0; j < weights.size(); ++j) {
      constexpr double h = 1e-5;
      auto up = weights, down = weights;
      up[j] += h, down[j] -= h;
      EXPECT_NEAR((objective(problem, up) - objective(problem, down)) / (2 * h), exact[j], 1e-8) << "parameter " << j;
    }
  }
}

TEST(BatchGradient, OfBatchesOfAllWorkersAddUpToThatOfAllSamples) {
  const LogisticProblem problem = random_problem(53, 12, 0.15, 0.7, 3);
  const auto weights = random_weights(13, 4);
  const Samples whole = samples_of(problem);
  BatchGradient gradient(12, l2_shares(problem));
  gradient.compute(whole, all_of(whole), weights, 53.0);
  const auto expected = dense(gradient, 13);

  std::vector<double> sum(13);
  for (std::uint32_t worker = 0; worker < 3; ++worker) {
    const Samples part = samples_of(problem, worker, 3);
    const auto all = all_of(part);
    for (std::size_t first = 0; first < all.size(); first += 5) {
      const auto batch = std::span(all).subspan(first, std::min<std::size_t>(5, all.size() - first));
      gradient.compute(part, batch, weights, 53.0);
      const auto of_batch = dense(gradient, 13);
      for (std::size_t j = 0; j < sum.size(); ++j) sum[j] += of_batch[j];
    }
  }
  for (std::size_t j = 0; j < sum.size(); ++j) EXPECT_NEAR(sum[j], expected[j], 1e-13);
}

TEST(BatchGradient, TouchesOnlyWhatItsSamplesHaveAndTheIntercept) {
  LogisticProblem problem{{{0, 2, 0, 0}, {0, 0, 0, 3}, {0, 1, 1, 0}}, {1, -1, 1}, 0.1};
  const Samples samples = samples_of(problem);
  BatchGradient gradient(4, l2_shares(problem));
  const std::vector<double> weights{5, 0.5, -1, 2, 0.25};
  gradient.compute(samples, std::vector<Index>{0}, weights, 1.0);
  EXPECT_THAT(gradient.touched(), ::testing::UnorderedElementsAre(1, 4));
  gradient.compute(samples, std::vector<Index>{1}, weights, 1.0);
  EXPECT_THAT(gradient.touched(), ::testing::UnorderedElementsAre(3, 4)) << "the batch before is forgotten";
  EXPECT_EQ(gradient[1], 0.0);
  gradient.compute(samples, std::vector<Index>{}, weights, 1.0);
  EXPECT_THAT(gradient.touched(), ::testing::IsEmpty());
}

/// Sent sparse or dense, an update leaves the same bits in the row.
TEST(BatchGradient, SparseAndDenseUpdatesAreTheSame) {
  const auto spec = ps::add_row(std::vector<double>(12, 1.0));
  for (const std::size_t touched : {1u, 5u, 6u, 12u}) {
    std::vector<Index> indices(touched);
    for (std::size_t k = 0; k < touched; ++k) indices[k] = static_cast<Index>((5 * k + 3) % 12);
    const auto values = random_weights(touched, 7);
    std::vector<double> sparse(12, 1.0), smaller(12, 1.0);
    ps::add_to(sparse, ps::encode_sparse(indices, values));
    const Bytes update = ps::encode_add(12, indices, values);
    ps::add_to(smaller, update);
    EXPECT_EQ(sparse, smaller);
    EXPECT_LE(update.size(),
              std::min(ps::encode_sparse(indices, values).size(), ps::encode_dense(std::vector<double>(12)).size()));
    EXPECT_LE(update.size(), spec.capacity.update_bytes);
  }
}

TEST(Evaluate, SumsTheLossesAndCountsWhatIsRight) {
  const LogisticProblem problem = random_problem(40, 6, 0.5, 0.2, 9);
  const auto weights = random_weights(7, 10);
  double losses = 0.0;
  std::uint64_t correct = 0;
  for (std::uint32_t worker = 0; worker < 2; ++worker) {
    const Fit fit = evaluate(samples_of(problem, worker, 2), weights);
    losses += fit.loss_sum;
    correct += fit.correct;
  }
  EXPECT_NEAR(losses / 40 + penalty(weights, problem.l2), objective(problem, weights), 1e-13);
  std::uint64_t expected = 0;
  for (std::size_t i = 0; i < 40; ++i) {
    double score = weights.back();
    for (std::size_t j = 0; j < 6; ++j) score += problem.rows[i][j] * weights[j];
    expected += (score > 0) == (problem.labels[i] > 0);
  }
  EXPECT_EQ(correct, expected);
}

}  // namespace
}  // namespace wolfpack::sgd
