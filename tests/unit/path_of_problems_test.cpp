// Penalties, and one problem after another from the same active set: each as good as if it were solved alone, judged by
// the duality gap in long double.
#include <algorithm>
#include <cmath>
#include <numeric>
#include <random>
#include <vector>

#include <gtest/gtest.h>

#include "frank_wolfe/corrective_step.hpp"
#include "frank_wolfe/l1_penalty.hpp"
#include "tests/support/slow_lasso.hpp"
#include "tests/support/step_rules.hpp"

namespace wolfpack::frank_wolfe {
namespace {

using testing::LassoInstance;
using testing::RuleProblem;

double null_objective(const RuleProblem& problem) {
  return 0.5 * std::inner_product(problem.y.begin(), problem.y.end(), problem.y.begin(), 0.0);
}

/// Proposes everything in random batches until nothing moves any more.
void propose_all(CorrectiveStep& step, const RuleProblem& problem, std::mt19937_64& random) {
  std::vector<std::size_t> order(problem.columns.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  bool moved = true;
  for (int sweep = 0; sweep < 50 && moved; ++sweep) {
    moved = false;
    std::shuffle(order.begin(), order.end(), random);
    for (std::size_t begin = 0; begin < order.size();) {
      const std::size_t end = std::min(order.size(), begin + 1 + random() % 40);
      std::vector<Proposal> batch;
      for (; begin < end; ++begin) batch.push_back(problem.proposal(order[begin]));
      moved |= step.advance(batch);
    }
  }
  EXPECT_FALSE(moved) << "fifty sweeps over all columns did not settle";
}

struct Exact {
  long double loss, norm, largest_score, inner, square, along;  // along: y'w
};

Exact exact(const RuleProblem& problem, const Iterate& iterate) {
  std::vector<long double> w(problem.y.begin(), problem.y.end());
  Exact at{};
  for (std::size_t k = 0; k < iterate.columns.size(); ++k) {
    at.norm += std::fabs(static_cast<long double>(iterate.weights[k]));
    const auto& a = problem.columns[static_cast<std::size_t>(iterate.columns[k])];
    for (std::size_t i = 0; i < a.size(); ++i) w[i] -= static_cast<long double>(iterate.weights[k]) * a[i];
  }
  for (std::size_t i = 0; i < w.size(); ++i) {
    at.square += w[i] * w[i];
    at.along += problem.y[i] * w[i];
  }
  at.loss = at.square / 2;
  at.inner = at.along - at.square;
  for (const auto& a : problem.columns) {
    long double score = 0;
    for (std::size_t i = 0; i < a.size(); ++i) score += a[i] * w[i];
    at.largest_score = std::max(at.largest_score, std::fabs(score));
  }
  return at;
}

/// P - D of the penalised form, D at the best multiple of w that is feasible.
double penalised_gap(const Exact& at, double lambda) {
  long double scale = at.square > 0 ? at.along / at.square : 0;
  if (at.largest_score > lambda) scale = std::min(scale, lambda / at.largest_score);
  const long double dual = scale * at.along - scale * scale * at.square / 2;
  return static_cast<double>(at.loss + lambda * at.norm - dual);
}

/// What rounding may make of a score: eps ||a|| (||y|| + sum |x_k| ||a_k||); times the norm of x, of a gap.
double rounding(const RuleProblem& problem, const Exact& at) {
  double largest = 0.0;
  for (const auto& a : problem.columns)
    largest = std::max(largest, std::sqrt(std::inner_product(a.begin(), a.end(), a.begin(), 0.0)));
  const double norm = static_cast<double>(at.norm);
  return 1e-13 * (1.0 + norm * largest) * (std::sqrt(2 * null_objective(problem)) + norm * largest);
}

std::vector<LassoInstance> instances() {
  auto all = testing::awkward_instances();
  all.push_back(testing::random_instance("many at once", 60, 200, 1.0, 21));
  return all;
}

TEST(Penalty, TheGapIsThatOfTheBestFeasibleMultiple) {
  const L1Penalty penalty(2.0);
  EXPECT_EQ(penalty.value(std::vector<double>{1.5, -0.5}), 4.0);
  // y = (3, 0), A = I, alpha = 0: w = y, scores 3 and 0; the best multiple is 2 / 3, of which the dual objective is 4.
  EXPECT_NEAR(penalty.excess({.inner = 0.0, .squared_norm = 9.0}, 3.0), 4.5 - 4.0, 1e-14);
  // alpha = (1, 0): w = (2, 0) is optimal, so loss + lambda ||alpha|| - the bound is 0.
  EXPECT_NEAR(2.0 - penalty.excess({.inner = 2.0, .squared_norm = 4.0}, 2.0), 2.0 + 2.0, 1e-14);
  EXPECT_EQ(penalty.excess({.inner = 0.0, .squared_norm = 0.0}, 0.0), 0.0);
  EXPECT_THROW(L1Penalty(-1.0), InputError);
  EXPECT_THROW(L1Penalty(std::nan("")), InputError);
}

TEST(Penalty, IsSolvedToRoundingOnAwkwardProblems) {
  std::mt19937_64 random(3);
  for (const LassoInstance& instance : instances()) {
    const double largest = testing::SlowLasso(instance).largest_lambda();
    for (const bool sparse : {false, true}) {
      const RuleProblem problem = testing::rule_problem(instance, sparse);
      for (const double ratio : {1.5, 0.5, 0.1, 1e-3}) {
        SCOPED_TRACE(::testing::Message() << instance.name << ", sparse " << sparse << ", lambda / max " << ratio);
        const double lambda = ratio * largest;
        CorrectiveStep step(LeastSquares(problem.y), l1_penalty(lambda));
        propose_all(step, problem, random);
        const Exact at = exact(problem, step.iterate());
        EXPECT_LE(penalised_gap(at, lambda), 1e-12 * null_objective(problem) + rounding(problem, at));
        EXPECT_NEAR(step.iterate().objective, static_cast<double>(at.loss + lambda * at.norm),
                    1e-12 * null_objective(problem) + rounding(problem, at));
        EXPECT_GE(step.iterate().level, lambda);
        if (ratio > 1.0) {
          EXPECT_TRUE(step.iterate().columns.empty());
        }
      }
    }
  }
}

/// Solves `terms` one after another from one active set, and each alone.
void expect_a_path_equals_its_problems(const RuleProblem& problem, const std::vector<L1Term>& terms,
                                       std::mt19937_64& random) {
  CorrectiveStep path(LeastSquares(problem.y), terms.front());
  for (const L1Term& term : terms) {
    path.restate(term);
    propose_all(path, problem, random);
    CorrectiveStep alone(LeastSquares(problem.y), term);
    propose_all(alone, problem, random);
    const Exact at = exact(problem, path.iterate());
    EXPECT_NEAR(path.iterate().objective, alone.iterate().objective,
                1e-11 * null_objective(problem) + rounding(problem, at))
        << (term.is_penalty() ? "lambda " : "beta ") << term.value;
    if (!term.is_penalty()) {
      EXPECT_LE(static_cast<double>(at.norm), term.value);
    }
  }
}

TEST(Path, OfPenaltiesOrConstraintsEqualsItsProblemsSolvedAlone) {
  std::mt19937_64 random(4);
  for (const LassoInstance& instance : instances()) {
    SCOPED_TRACE(instance.name);
    const RuleProblem problem = testing::rule_problem(instance);
    const double largest = testing::SlowLasso(instance).largest_lambda();
    std::vector<L1Term> penalties, constraints;
    for (const double ratio : {0.9, 0.5, 0.2, 0.05, 0.3, 0.01, 1.1}) penalties.push_back(l1_penalty(ratio * largest));
    for (const double ratio : {0.1, 0.4, 1.0, 2.0, 0.7, 0.05})
      constraints.push_back(l1_constraint(ratio * instance.beta));
    expect_a_path_equals_its_problems(problem, penalties, random);
    expect_a_path_equals_its_problems(problem, constraints, random);
  }
}

/// The two forms have the same solutions: beta is the norm of the one, lambda the level of the other.
TEST(Path, ThePenalisedSolutionIsTheConstrainedOneOfItsNorm) {
  std::mt19937_64 random(5);
  const LassoInstance instance = testing::random_instance("wide", 30, 160, 1.5, 31);
  const RuleProblem problem = testing::rule_problem(instance);
  const double largest = testing::SlowLasso(instance).largest_lambda();
  for (const double ratio : {0.7, 0.3, 0.1, 0.01}) {
    CorrectiveStep penalised(LeastSquares(problem.y), l1_penalty(ratio * largest));
    propose_all(penalised, problem, random);
    double norm = 0.0;
    for (const double weight : penalised.iterate().weights) norm += std::fabs(weight);
    CorrectiveStep constrained(LeastSquares(problem.y), l1_constraint(norm));
    propose_all(constrained, problem, random);
    EXPECT_NEAR(constrained.iterate().level, ratio * largest, 1e-10 * largest);
    EXPECT_NEAR(constrained.iterate().loss, penalised.iterate().loss, 1e-10 * null_objective(problem));
    EXPECT_EQ(constrained.iterate().columns, penalised.iterate().columns);
  }
}

TEST(Path, ARuleForOneProblemRefusesAnother) {
  const RuleProblem problem{.columns = {{1, 0}}, .y = {2, 1}, .radius = 2.0};
  struct Fixed final : StepRule {
    Iterate now;
    bool advance(std::span<const Proposal>) override { return false; }
    [[nodiscard]] const Iterate& iterate() const override { return now; }
  } fixed;
  EXPECT_THROW(fixed.restate(l1_penalty(1.0)), RuntimeFailure);
}

}  // namespace
}  // namespace wolfpack::frank_wolfe
