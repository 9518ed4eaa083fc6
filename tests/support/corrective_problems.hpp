// Small problems for the corrective step, what its iterates are worth over all columns in long double, and a way to
// propose them that holds every iterate to what frank_wolfe/step_rule.hpp promises.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <numeric>
#include <random>
#include <vector>

#include <gtest/gtest.h>

#include "frank_wolfe/corrective_step.hpp"

namespace wolfpack::frank_wolfe::testing {

using Vector = std::vector<double>;

struct Problem {
  std::vector<Vector> columns;
  Vector y;
  double radius = 1.0;
  bool sparse = false;

  [[nodiscard]] Proposal proposal(std::size_t j) const {
    Proposal result{static_cast<Index>(j), 0.0, {}};
    if (!sparse) {
      result.column.values = columns[j];
      return result;
    }
    result.column.sparse = true;
    for (std::size_t i = 0; i < y.size(); ++i) {
      if (columns[j][i] == 0.0) continue;
      result.column.rows.push_back(static_cast<std::int32_t>(i));
      result.column.values.push_back(columns[j][i]);
    }
    return result;
  }
  [[nodiscard]] std::vector<Proposal> proposals() const {
    std::vector<Proposal> result;
    for (std::size_t j = 0; j < columns.size(); ++j) result.push_back(proposal(j));
    return result;
  }
  [[nodiscard]] double null_objective() const { return 0.5 * std::inner_product(y.begin(), y.end(), y.begin(), 0.0); }
};

inline CorrectiveStep step_for(const Problem& problem) {
  return {LeastSquares(problem.y), l1_constraint(problem.radius)};
}

inline CorrectiveStep solve(const Problem& problem) {
  CorrectiveStep step = step_for(problem);
  const std::vector<Proposal> all = problem.proposals();
  for (int round = 0; round < 10 && step.advance(all); ++round) {
  }
  return step;
}

struct Exact {
  long double objective;
  long double gap;
};

// Objective and Frank-Wolfe gap of an iterate over all columns, in long double from the data: f - f* <= gap.
inline Exact evaluate(const Problem& problem, const Iterate& iterate) {
  std::vector<long double> w(problem.y.begin(), problem.y.end());
  std::vector<long double> z(problem.y.size(), 0.0L);
  for (std::size_t k = 0; k < iterate.columns.size(); ++k) {
    const Vector& a = problem.columns[static_cast<std::size_t>(iterate.columns[k])];
    for (std::size_t i = 0; i < a.size(); ++i) z[i] += static_cast<long double>(iterate.weights[k]) * a[i];
  }
  long double square = 0.0L;
  long double inner = 0.0L;
  for (std::size_t i = 0; i < w.size(); ++i) {
    w[i] -= z[i];
    square += w[i] * w[i];
    inner += w[i] * z[i];
  }
  long double largest = 0.0L;
  for (const Vector& a : problem.columns) {
    long double score = 0.0L;
    for (std::size_t i = 0; i < a.size(); ++i) score += w[i] * a[i];
    largest = std::max(largest, std::fabs(score));
  }
  return {0.5L * square, problem.radius * largest - inner};
}

inline void expect_feasible(const Iterate& iterate, double radius) {
  double forward = 0.0;
  double backward = 0.0;
  for (const double x : iterate.weights) forward += std::fabs(x);
  for (auto x = iterate.weights.rbegin(); x != iterate.weights.rend(); ++x) backward += std::fabs(*x);
  EXPECT_LE(forward, radius);
  EXPECT_LE(backward, radius);
  for (const double x : iterate.weights) EXPECT_NE(x, 0.0);
  EXPECT_TRUE(std::is_sorted(iterate.columns.begin(), iterate.columns.end()));
}

// Proposes all columns in random batches, as long as anything changes, and holds every iterate to the promises of
// step_rule.hpp.
inline Iterate propose_in_batches(const Problem& problem, std::mt19937_64& random) {
  CorrectiveStep step = step_for(problem);
  const double f0 = problem.null_objective();
  double lowest = f0;
  std::vector<std::size_t> order(problem.columns.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  bool changed = true;
  for (int sweep = 0; sweep < 50 && changed; ++sweep) {
    changed = false;
    std::shuffle(order.begin(), order.end(), random);
    for (std::size_t begin = 0; begin < order.size();) {
      const std::size_t end = std::min(order.size(), begin + 1 + random() % 5);
      std::vector<Proposal> batch;
      for (; begin < end; ++begin) batch.push_back(problem.proposal(order[begin]));
      const Iterate before = step.iterate();
      const bool moved = step.advance(batch);
      const Iterate& after = step.iterate();
      changed |= moved;
      if (!moved) {
        EXPECT_EQ(before.weights, after.weights);
        EXPECT_EQ(before.dual, after.dual);
      }
      EXPECT_LE(after.objective, lowest + 1e-12 * f0);
      lowest = std::min(lowest, after.objective);
      expect_feasible(after, problem.radius);
    }
  }
  EXPECT_FALSE(changed) << "fifty sweeps over all columns did not settle";
  return step.iterate();
}

}  // namespace wolfpack::frank_wolfe::testing
