// The corrective step on random problems of many kinds, against brute force over supports and signs and by the duality
// gap in long double.
#include <algorithm>
#include <cmath>
#include <functional>
#include <numeric>
#include <random>
#include <vector>

#include <gtest/gtest.h>

#include "frank_wolfe/corrective_step.hpp"
#include "tests/support/corrective_problems.hpp"
#include "tests/support/gauss_jordan.hpp"

namespace wolfpack::frank_wolfe {
namespace {

using testing::evaluate;
using testing::Exact;
using testing::Problem;
using testing::propose_in_batches;
using testing::solve;
using testing::Vector;

double norm(const Vector& a) { return std::sqrt(std::inner_product(a.begin(), a.end(), a.begin(), 0.0)); }

// In units of eps, what a component of w = y - A x may be wrong by: the terms that cancel in it. Far above ||y|| only
// on nasty problems.
double magnitude(const Problem& problem, const Iterate& iterate) {
  double sum = norm(problem.y);
  for (std::size_t k = 0; k < iterate.columns.size(); ++k) {
    sum += std::fabs(iterate.weights[k]) * norm(problem.columns[static_cast<std::size_t>(iterate.columns[k])]);
  }
  return sum;
}

// What the gap may be wrong by: each score is known to eps ||a|| times that, which tells where beta ||a|| is far larger
// than ||y||.
double rounding_of_gap(const Problem& problem, const Iterate& iterate) {
  double largest = 0.0;
  for (const Vector& a : problem.columns) largest = std::max(largest, norm(a));
  return 1e-14 * problem.radius * largest * magnitude(problem, iterate);
}

enum class Kind {
  gaussian,
  duplicates,
  scaled_copies,
  negated,
  zeros,
  wide,
  norms,
  sparse,
  near_duplicates,
  mixed,
  count
};

Problem random_problem(Kind kind, std::mt19937_64& random) {
  std::normal_distribution<double> normal;
  std::uniform_real_distribution<double> uniform;
  const auto pick = [&](std::size_t n) { return static_cast<std::size_t>(random() % n); };
  const bool all = kind == Kind::mixed;
  const auto with = [&](Kind wanted) { return kind == wanted || (all && pick(3) == 0); };
  Problem problem;
  const bool wide = with(Kind::wide);
  const std::size_t rows = 1 + pick(wide ? 5 : 12);
  const std::size_t columns = wide ? rows + 1 + pick(12) : 1 + pick(14);
  problem.y.resize(rows);
  for (double& value : problem.y) value = normal(random);
  problem.sparse = with(Kind::sparse);
  for (std::size_t j = 0; j < columns; ++j) {
    Vector a(rows);
    for (double& value : a) value = problem.sparse && pick(2) == 0 ? 0.0 : normal(random);
    if (j > 0 && pick(2) == 0) {
      const Vector& earlier = problem.columns[pick(j)];
      if (with(Kind::duplicates)) a = earlier;
      if (with(Kind::scaled_copies))
        std::transform(earlier.begin(), earlier.end(), a.begin(),
                       [s = 0.1 + 3.0 * uniform(random)](double v) { return s * v; });
      if (with(Kind::negated)) std::transform(earlier.begin(), earlier.end(), a.begin(), std::negate<>());
      if (with(Kind::near_duplicates)) {
        const double size = std::pow(10.0, -3.0 - 11.0 * uniform(random));
        for (std::size_t i = 0; i < rows; ++i) a[i] = earlier[i] + size * a[i];
      }
    }
    if (with(Kind::zeros) && pick(3) == 0) std::fill(a.begin(), a.end(), 0.0);
    if (with(Kind::norms)) {
      const double factor = std::pow(10.0, 8.0 * uniform(random) - 4.0);
      for (double& value : a) value *= factor;
    }
    problem.columns.push_back(a);
  }
  const Vector& any = problem.columns[pick(columns)];
  const double norm = std::sqrt(std::inner_product(any.begin(), any.end(), any.begin(), 0.0));
  problem.radius = std::pow(10.0, 2.5 * uniform(random) - 2.0) / (norm > 0.0 ? norm : 1.0);
  return problem;
}

// The optimum by trying every support and every sign pattern: each candidate is feasible, and one of them is optimal.
long double brute_force(const Problem& problem) {
  const std::size_t n = problem.columns.size();
  long double best = problem.null_objective();
  std::size_t patterns = 1;
  for (std::size_t j = 0; j < n; ++j) patterns *= 3;
  for (std::size_t pattern = 1; pattern < patterns; ++pattern) {
    std::vector<std::size_t> support;
    std::vector<long double> signs;
    for (std::size_t j = 0, rest = pattern; j < n; ++j, rest /= 3) {
      if (rest % 3 == 0) continue;
      support.push_back(j);
      signs.push_back(rest % 3 == 1 ? 1.0L : -1.0L);
    }
    const std::size_t m = support.size();
    std::vector<std::vector<long double>> system(
        m, std::vector<long double>(m + 2, 0.0L));  // columns scaled to norm 1: [G | c | s]
    std::vector<long double> norms(m, 0.0L);
    for (std::size_t k = 0; k < m; ++k) {
      for (const double v : problem.columns[support[k]]) norms[k] += static_cast<long double>(v) * v;
      norms[k] = std::sqrt(norms[k]);
    }
    if (std::any_of(norms.begin(), norms.end(), [](long double v) { return v == 0.0L; })) continue;
    for (std::size_t k = 0; k < m; ++k) {
      for (std::size_t i = 0; i < problem.y.size(); ++i) {
        const long double a = problem.columns[support[k]][i] / norms[k];
        for (std::size_t l = 0; l < m; ++l) system[k][l] += a * problem.columns[support[l]][i] / norms[l];
        system[k][m] += a * problem.y[i];
      }
      system[k][m + 1] = signs[k] / norms[k];
    }
    if (!wolfpack::testing::eliminate(system)) continue;
    long double sc = -problem.radius;
    long double ss = 0.0L;
    for (std::size_t k = 0; k < m; ++k) {
      sc += signs[k] / norms[k] * system[k][m] / system[k][k];
      ss += signs[k] / norms[k] * system[k][m + 1] / system[k][k];
    }
    const long double lambda = std::max(0.0L, sc / ss);
    Iterate candidate;
    long double norm = 0.0L;
    for (std::size_t k = 0; k < m; ++k) {
      const long double x = (system[k][m] - lambda * system[k][m + 1]) / system[k][k] / norms[k];
      norm += std::fabs(x);
      candidate.columns.push_back(static_cast<Index>(support[k]));
      candidate.weights.push_back(static_cast<double>(x));
    }
    if (norm <= problem.radius * (1.0L + 1e-13L)) best = std::min(best, evaluate(problem, candidate).objective);
  }
  return best;
}

class RandomProblems : public ::testing::TestWithParam<int> {};

TEST_P(RandomProblems, ReachTheOptimumWhateverTheBatches) {
  std::mt19937_64 random(1000 + static_cast<unsigned>(GetParam()));
  for (int trial = 0; trial < 60; ++trial) {
    const Problem problem = random_problem(static_cast<Kind>(GetParam()), random);
    SCOPED_TRACE(::testing::Message() << "trial " << trial << " rows " << problem.y.size() << " columns "
                                      << problem.columns.size());
    const Iterate last = propose_in_batches(problem, random);
    const Exact exact = evaluate(problem, last);
    const double f0 = problem.null_objective();
    EXPECT_NEAR(static_cast<double>(exact.objective), last.objective,
                1e-14 * norm(problem.y) * magnitude(problem, last));
    EXPECT_LE(static_cast<double>(exact.gap), 1e-9 * f0 + rounding_of_gap(problem, last));
    if (problem.columns.size() <= 6) {
      EXPECT_LE(last.objective, static_cast<double>(brute_force(problem)) + 1e-9 * f0);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(AllKinds, RandomProblems, ::testing::Range(0, static_cast<int>(Kind::count)));

TEST(RandomProblem, GivesTheSameBitsForTheSameProposals) {
  std::mt19937_64 random(3);
  for (int trial = 0; trial < 20; ++trial) {
    const Problem problem = random_problem(Kind::mixed, random);
    EXPECT_EQ(solve(problem).iterate().weights, solve(problem).iterate().weights);
  }
}

}  // namespace
}  // namespace wolfpack::frank_wolfe
