// Step rules without workers: proposals as workers would make them, and what an iterate is worth in long double.
//
//     const RuleProblem problem{.columns = {{1, 0}, {0, 1}}, .y = {2, 1}, .radius = 2.0};
//     LineSearchStep rule = make_rule<LineSearchStep>(problem);
//     while (rule.advance(problem.best_of_each(rule.iterate(), 3))) {}
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "frank_wolfe/l1_ball.hpp"
#include "frank_wolfe/least_squares.hpp"
#include "frank_wolfe/step_rule.hpp"
#include "tests/support/lasso_instances.hpp"

namespace wolfpack::testing {

struct RuleProblem {
  std::vector<std::vector<double>> columns;
  std::vector<double> y;
  double radius = 1.0;
  bool sparse = false;

  [[nodiscard]] frank_wolfe::Proposal proposal(std::size_t j, double score = 0.0) const {
    frank_wolfe::Proposal result{static_cast<Index>(j), score, {.sparse = sparse, .rows = {}, .values = {}}};
    for (std::size_t i = 0; i < y.size(); ++i) {
      if (sparse && columns[j][i] == 0.0) continue;
      if (sparse) result.column.rows.push_back(static_cast<std::int32_t>(i));
      result.column.values.push_back(columns[j][i]);
    }
    return result;
  }

  [[nodiscard]] double score(std::size_t j, const std::vector<double>& w) const {
    double sum = 0.0;
    for (std::size_t i = 0; i < w.size(); ++i) sum += columns[j][i] * w[i];
    return sum;
  }

  /// The best atom of each of `workers` partitions at an iterate, in the order of the workers: none where all scores
  /// are 0.
  [[nodiscard]] std::vector<frank_wolfe::Proposal> best_of_each(const frank_wolfe::Iterate& iterate,
                                                                std::size_t workers) const {
    std::vector<frank_wolfe::Proposal> result;
    for (std::size_t worker = 0; worker < workers; ++worker) {
      double largest = 0.0;
      std::size_t best = 0;
      for (std::size_t j = worker * columns.size() / workers; j < (worker + 1) * columns.size() / workers; ++j) {
        const double now = score(j, iterate.dual);
        if (std::fabs(now) <= std::fabs(largest)) continue;
        largest = now;
        best = j;
      }
      if (largest != 0.0) result.push_back(proposal(best, largest));
    }
    return result;
  }
};

[[nodiscard]] inline RuleProblem rule_problem(const LassoInstance& instance, bool sparse = false) {
  RuleProblem problem{.columns = {}, .y = instance.target, .radius = instance.beta, .sparse = sparse};
  problem.columns.assign(instance.columns(), std::vector<double>(instance.rows.size()));
  for (std::size_t i = 0; i < instance.rows.size(); ++i)
    for (std::size_t j = 0; j < problem.columns.size(); ++j) problem.columns[j][i] = instance.rows[i][j];
  return problem;
}

template <class Rule, class... More>
[[nodiscard]] Rule make_rule(const RuleProblem& problem, More... more) {
  return Rule(frank_wolfe::LeastSquares(problem.y), frank_wolfe::L1Ball(problem.radius), more...);
}

[[nodiscard]] inline double weight_of(const frank_wolfe::Iterate& iterate, Index column) {
  const auto found = std::find(iterate.columns.begin(), iterate.columns.end(), column);
  return found == iterate.columns.end() ? 0.0
                                        : iterate.weights[static_cast<std::size_t>(found - iterate.columns.begin())];
}

struct TrueValues {
  double objective;
  double gap;  ///< over all columns: f - f* is at most this
};

[[nodiscard]] inline TrueValues true_values(const RuleProblem& problem, const frank_wolfe::Iterate& iterate) {
  std::vector<long double> w(problem.y.begin(), problem.y.end());
  for (std::size_t k = 0; k < iterate.columns.size(); ++k)
    for (std::size_t i = 0; i < w.size(); ++i)
      w[i] -= static_cast<long double>(iterate.weights[k]) *
              problem.columns[static_cast<std::size_t>(iterate.columns[k])][i];
  long double square = 0, inner = 0, largest = 0;
  for (std::size_t i = 0; i < w.size(); ++i) {
    square += w[i] * w[i];
    inner += w[i] * (problem.y[i] - w[i]);
  }
  for (const auto& column : problem.columns) {
    long double score = 0;
    for (std::size_t i = 0; i < w.size(); ++i) score += w[i] * column[i];
    largest = std::max(largest, std::abs(score));
  }
  return {static_cast<double>(square / 2), static_cast<double>(problem.radius * largest - inner)};
}

/// What every published iterate promises: feasible in any order of adding, in order, no zeros, and w and f its own.
inline void expect_honest(const RuleProblem& problem, const frank_wolfe::Iterate& iterate) {
  double forward = 0.0, backward = 0.0;
  for (const double x : iterate.weights) {
    EXPECT_NE(x, 0.0);
    forward += std::fabs(x);
  }
  for (auto x = iterate.weights.rbegin(); x != iterate.weights.rend(); ++x) backward += std::fabs(*x);
  EXPECT_LE(forward, problem.radius);
  EXPECT_LE(backward, problem.radius);
  EXPECT_EQ(iterate.columns.size(), iterate.weights.size());
  for (std::size_t k = 1; k < iterate.columns.size(); ++k) EXPECT_LT(iterate.columns[k - 1], iterate.columns[k]);

  double scale = 0.0;  // of what cancels in w
  for (const double value : problem.y) scale = std::max(scale, std::fabs(value));
  for (std::size_t k = 0; k < iterate.columns.size(); ++k)
    for (const double value : problem.columns[static_cast<std::size_t>(iterate.columns[k])])
      scale = std::max(scale, std::fabs(iterate.weights[k] * value));
  const double d = static_cast<double>(problem.y.size());
  EXPECT_NEAR(iterate.objective, true_values(problem, iterate).objective, 1e-13 * d * scale * scale);
  for (std::size_t i = 0; i < problem.y.size(); ++i) {
    double w = problem.y[i];
    for (std::size_t k = 0; k < iterate.columns.size(); ++k)
      w -= iterate.weights[k] * problem.columns[static_cast<std::size_t>(iterate.columns[k])][i];
    EXPECT_NEAR(iterate.dual[i], w, 1e-13 * d * scale);
  }
}

}  // namespace wolfpack::testing
