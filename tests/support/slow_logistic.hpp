// Logistic regression solved by means that share nothing with the program's: Newton's method with step halving on dense
// rows, in long double. Slow and plain. And small problems to solve.
#pragma once

#include <cmath>
#include <cstddef>
#include <random>
#include <vector>

#include "tests/support/lasso_instances.hpp"

namespace wolfpack::testing {

/// mean log(1 + exp(-y (x'w + b))) + l2 / 2 ||w||^2; rows are samples; the last parameter is b.
struct LogisticProblem {
  std::vector<std::vector<double>> rows;
  std::vector<double> labels;  ///< +1 or -1
  double l2 = 0.0;

  [[nodiscard]] std::size_t features() const { return rows.front().size(); }
  [[nodiscard]] std::size_t samples() const { return rows.size(); }
};

/// `density` of the entries are normal numbers, the others 0; the labels follow a random model, with noise, so that no
/// plane separates them.
[[nodiscard]] inline LogisticProblem random_problem(std::size_t samples, std::size_t features, double density,
                                                    double l2, unsigned seed) {
  const LassoInstance instance = random_instance("logistic", samples, features, 1.0, seed, density);
  std::mt19937_64 random(seed + 1000);
  std::normal_distribution<double> normal;
  std::vector<double> truth(features);
  for (double& w : truth) w = normal(random);
  LogisticProblem problem{instance.rows, {}, l2};
  for (const auto& row : problem.rows) {
    double score = 0.5 + 1.5 * normal(random);
    for (std::size_t j = 0; j < features; ++j) score += row[j] * truth[j];
    problem.labels.push_back(score > 0 ? 1.0 : -1.0);
  }
  return problem;
}

[[nodiscard]] inline double slow_objective(const LogisticProblem& problem, const std::vector<long double>& weights) {
  long double losses = 0.0L, squares = 0.0L;
  for (std::size_t i = 0; i < problem.samples(); ++i) {
    long double score = weights.back();
    for (std::size_t j = 0; j < problem.features(); ++j) score += problem.rows[i][j] * weights[j];
    const long double margin = problem.labels[i] * score;
    losses += margin > 0 ? std::log1p(std::exp(-margin)) : std::log1p(std::exp(margin)) - margin;
  }
  for (std::size_t j = 0; j < problem.features(); ++j) squares += weights[j] * weights[j];
  return static_cast<double>(losses / problem.samples() + problem.l2 / 2 * squares);
}

/// Solves H x = g by Gaussian elimination; H is positive definite.
[[nodiscard]] inline std::vector<long double> solve_dense(std::vector<std::vector<long double>> h,
                                                          std::vector<long double> g) {
  const std::size_t n = g.size();
  for (std::size_t k = 0; k < n; ++k)
    for (std::size_t i = k + 1; i < n; ++i) {
      const long double factor = h[i][k] / h[k][k];
      for (std::size_t j = k; j < n; ++j) h[i][j] -= factor * h[k][j];
      g[i] -= factor * g[k];
    }
  for (std::size_t k = n; k-- > 0;) {
    for (std::size_t j = k + 1; j < n; ++j) g[k] -= h[k][j] * g[j];
    g[k] /= h[k][k];
  }
  return g;
}

/// The least objective, to some 12 digits.
[[nodiscard]] inline double slow_optimum(const LogisticProblem& problem) {
  const std::size_t n = problem.features() + 1;
  std::vector<long double> weights(n, 0.0L);
  for (int iteration = 0; iteration < 50; ++iteration) {
    std::vector<long double> gradient(n, 0.0L);
    std::vector<std::vector<long double>> hessian(n, std::vector<long double>(n, 0.0L));
    for (std::size_t i = 0; i < problem.samples(); ++i) {
      std::vector<long double> x(problem.rows[i].begin(), problem.rows[i].end());
      x.push_back(1.0L);
      long double score = 0.0L;
      for (std::size_t j = 0; j < n; ++j) score += x[j] * weights[j];
      const long double p = 1 / (1 + std::exp(-score)), share = 1.0L / problem.samples();
      for (std::size_t j = 0; j < n; ++j) {
        gradient[j] += share * (p - (problem.labels[i] > 0 ? 1.0L : 0.0L)) * x[j];
        for (std::size_t k = 0; k < n; ++k) hessian[j][k] += share * p * (1 - p) * x[j] * x[k];
      }
    }
    for (std::size_t j = 0; j + 1 < n; ++j) {
      gradient[j] += problem.l2 * weights[j];
      hessian[j][j] += problem.l2;
    }
    for (std::size_t j = 0; j < n; ++j) hessian[j][j] += 1e-15L;  // a feature that no sample has, without l2
    const auto step = solve_dense(hessian, gradient);
    const double before = slow_objective(problem, weights);
    for (long double length = 1.0L; length > 1e-6L; length /= 2) {
      auto moved = weights;
      for (std::size_t j = 0; j < n; ++j) moved[j] -= length * step[j];
      if (slow_objective(problem, moved) > before) continue;
      weights = moved;
      break;
    }
  }
  return slow_objective(problem, weights);
}

/// svmlight text; the labels are `negative` and `positive`.
[[nodiscard]] inline std::string to_svmlight(const LogisticProblem& problem, double negative = -1.0,
                                             double positive = 1.0) {
  LassoInstance instance{"", problem.rows, problem.labels, 1.0};
  for (double& label : instance.target) label = label > 0 ? positive : negative;
  return to_svmlight(instance);
}

}  // namespace wolfpack::testing
