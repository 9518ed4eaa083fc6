// The corrective step against closed forms, against brute force over supports and signs, and by the duality gap in long
// double.
#include "frank_wolfe/corrective_step.hpp"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <numeric>
#include <random>
#include <stdexcept>
#include <vector>

#include <gtest/gtest.h>

#include "tests/support/gauss_jordan.hpp"

namespace wolfpack::frank_wolfe {
namespace {

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

CorrectiveStep step_for(const Problem& problem) { return {LeastSquares(problem.y), l1_constraint(problem.radius)}; }

CorrectiveStep solve(const Problem& problem) {
  CorrectiveStep step = step_for(problem);
  const std::vector<Proposal> all = problem.proposals();
  for (int round = 0; round < 10 && step.advance(all); ++round) {
  }
  return step;
}

double weight_of(const Iterate& iterate, Index column) {
  for (std::size_t k = 0; k < iterate.columns.size(); ++k) {
    if (iterate.columns[k] == column) return iterate.weights[k];
  }
  return 0.0;
}

struct Exact {
  long double objective;
  long double gap;
};

// Objective and Frank-Wolfe gap of an iterate over all columns, in long double from the data: f - f* <= gap.
Exact evaluate(const Problem& problem, const Iterate& iterate) {
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

void expect_feasible(const Iterate& iterate, double radius) {
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
Iterate propose_in_batches(const Problem& problem, std::mt19937_64& random) {
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
    if (!testing::eliminate(system)) continue;
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

TEST(CorrectiveStep, GivesTheSameBitsForTheSameProposals) {
  std::mt19937_64 random(3);
  for (int trial = 0; trial < 20; ++trial) {
    const Problem problem = random_problem(Kind::mixed, random);
    EXPECT_EQ(solve(problem).iterate().weights, solve(problem).iterate().weights);
  }
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
