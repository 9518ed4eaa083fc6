// What every step rule beside the corrective one promises, on awkward and on random problems, proposed to by 1 to 3
// workers, fresh or stale: honest feasible iterates, descent, the proven rates, the optimum, and an end.
#include "tests/support/step_rules.hpp"

#include <functional>
#include <memory>
#include <string>

#include <gtest/gtest.h>

#include "frank_wolfe/away_step.hpp"
#include "frank_wolfe/bellet_step.hpp"
#include "frank_wolfe/line_search_step.hpp"
#include "frank_wolfe/pairwise_step.hpp"
#include "tests/support/slow_lasso.hpp"

namespace wolfpack::frank_wolfe {
namespace {

using testing::awkward_instances;
using testing::LassoInstance;
using testing::random_instance;
using testing::rule_problem;
using testing::RuleProblem;
using testing::SlowLasso;

struct RuleCase {
  const char* name;
  std::unique_ptr<StepRule> (*make)(const RuleProblem&);
  bool descends = true;
  bool is_linear = false;
  bool one_step_a_round = false;  // or one a proposal
};

void PrintTo(const RuleCase& rule, std::ostream* out) { *out << rule.name; }

template <class Rule, auto... kMore>
std::unique_ptr<StepRule> make(const RuleProblem& problem) {
  return std::make_unique<Rule>(LeastSquares(problem.y), L1Ball(problem.radius), kMore...);
}

const RuleCase kRules[] = {
    {"line_search", make<LineSearchStep>},
    {.name = "bellet", .make = make<BelletStep, StepSize::line_search>, .one_step_a_round = true},
    {.name = "bellet_open_loop",
     .make = make<BelletStep, StepSize::open_loop>,
     .descends = false,
     .one_step_a_round = true},
    {.name = "away", .make = make<AwayStep>, .is_linear = true},
    {.name = "pairwise", .make = make<PairwiseStep>, .is_linear = true},
};

/// C: the largest ||A (a - b)||^2 over the ball, at two of its vertices.
double curvature(const RuleProblem& problem) {
  double largest = 0.0;
  for (const auto& a : problem.columns) {
    for (const auto& b : problem.columns) {
      double plus = 0.0, minus = 0.0;
      for (std::size_t i = 0; i < a.size(); ++i) {
        plus += (a[i] + b[i]) * (a[i] + b[i]);
        minus += (a[i] - b[i]) * (a[i] - b[i]);
      }
      largest = std::max({largest, plus, minus});
    }
  }
  return largest * problem.radius * problem.radius;
}

constexpr std::size_t kMostRounds = 1000;

class StepRules : public ::testing::TestWithParam<RuleCase> {
 protected:
  /// Up to `rounds` rounds, with every iterate held to its promises; the objective after each round.
  std::vector<double> run(const RuleProblem& problem, std::size_t workers, std::size_t rounds,
                          const std::function<bool(const Iterate&)>& is_done = {}) {
    rule_ = GetParam().make(problem);
    double lowest = rule_->iterate().objective;
    const double rise = 1e-12 * lowest;
    std::vector<double> objectives;
    while (objectives.size() < rounds && !(is_done && is_done(rule_->iterate()))) {
      const Iterate before = rule_->iterate();
      const bool changed = rule_->advance(problem.best_of_each(before, workers));
      const Iterate& now = rule_->iterate();
      EXPECT_EQ(changed, !same_alpha(before, now));
      if (!changed) break;
      if (objectives.size() % 8 == 0) testing::expect_honest(problem, now);
      if (GetParam().descends) {
        EXPECT_LE(now.objective, lowest + rise);
      }
      lowest = std::min(lowest, now.objective);
      objectives.push_back(now.objective);
    }
    return objectives;
  }
  std::unique_ptr<StepRule> rule_;
};

TEST_P(StepRules, ReachTheOptimumOfEveryAwkwardProblemAsFarAsTheirRateGoes) {
  for (const LassoInstance& instance : awkward_instances()) {
    const SlowLasso slow(instance);
    const auto known = slow.solve();
    const double null_objective = slow.objective({});
    for (const std::size_t workers : {1u, 3u}) {
      SCOPED_TRACE(::testing::Message() << instance.name << ", " << workers << " workers");
      const RuleProblem problem = rule_problem(instance, workers == 3);
      const double enough = (GetParam().is_linear ? 1e-4 : 1e-2) * null_objective;
      const auto is_done = [&](const Iterate& now) { return testing::true_values(problem, now).gap <= enough; };
      const auto objectives = run(problem, workers, kMostRounds, is_done);
      const auto reached = testing::true_values(problem, rule_->iterate());
      const double promised = 2 * curvature(problem) / (static_cast<double>(objectives.size()) + 2);
      EXPECT_LE(reached.objective - known.objective, std::max(promised, enough) + 1e-9 * null_objective);
      EXPECT_GE(reached.objective, known.objective - known.gap - 1e-9 * null_objective);
      // Where 2 C / (k + 2) is no news yet after so many rounds (norms over eight orders, an idle constraint far away),
      // nothing is known of the gap.
      if (2 * curvature(problem) / kMostRounds < null_objective) {
        EXPECT_LE(reached.gap, enough + 1e-12 * null_objective) << "after " << objectives.size() << " rounds";
      }
    }
  }
}

/// Jaggi 2013, theorem 1: f_k - f* <= 2 C / (k + 2) after k steps, open loop or line search.
TEST_P(StepRules, KeepTheProvenRateFromTheFirstStepOn) {
  for (const unsigned seed : {21u, 22u, 23u}) {
    const LassoInstance instance = random_instance("random", 20, 60, 2.0, seed);
    const RuleProblem problem = rule_problem(instance);
    const auto known = SlowLasso(instance).solve();
    const double c = curvature(problem);
    const auto objectives = run(problem, 1, 300);
    ASSERT_GE(objectives.size(), 10u);
    for (std::size_t k = 1; k <= objectives.size(); ++k)
      ASSERT_LE(objectives[k - 1] - known.objective, 2 * c / (static_cast<double>(k) + 2)) << "after step " << k;
  }
}

/// Lacoste-Julien and Jaggi 2015, theorem 1, where A has full column rank.
TEST_P(StepRules, WithAwayOrPairwiseStepsTheErrorHalvesEveryFewRounds) {
  const LassoInstance instance = random_instance("well conditioned", 120, 12, 0.5, 24);
  const RuleProblem problem = rule_problem(instance);
  const double best = SlowLasso(instance).solve().objective;
  const auto objectives = run(problem, 2, 400);
  const double resolution = 1e-13 * objectives.front();
  std::size_t slow_spells = 0;
  for (std::size_t k = 0; k + 20 < objectives.size(); ++k)
    slow_spells += objectives[k] - best > resolution && objectives[k + 20] - best > 0.5 * (objectives[k] - best);
  if (GetParam().is_linear) {
    EXPECT_EQ(slow_spells, 0u);
    EXPECT_LE(objectives.back() - best, 1e-12 * best);
  } else {
    EXPECT_GT(slow_spells, 0u) << "a sublinear method: is this problem too easy to tell?";
  }
}

TEST_P(StepRules, StaleProposalsAreNeverHarmful) {
  const LassoInstance instance = random_instance("stale", 20, 60, 1.0, 25);
  const RuleProblem problem = rule_problem(instance);
  auto rule = GetParam().make(problem);
  std::vector<Iterate> past;
  double lowest = rule->iterate().objective;
  for (std::size_t round = 0; round < 300; ++round) {
    past.push_back(rule->iterate());
    const Iterate& read = past[past.size() - std::min<std::size_t>(past.size(), 1 + round % 12)];
    (void)rule->advance(problem.best_of_each(read, 3));
    testing::expect_honest(problem, rule->iterate());
    if (GetParam().descends) {
      ASSERT_LE(rule->iterate().objective, lowest * (1 + 1e-12)) << "round " << round;
    }
    lowest = std::min(lowest, rule->iterate().objective);
  }
  EXPECT_LE(testing::true_values(problem, rule->iterate()).gap, 0.1 * past.front().objective);
}

TEST_P(StepRules, OneColumnIsSolvedInOneRound) {
  if (!GetParam().descends) GTEST_SKIP() << "2 / (k + 2) overshoots";
  for (const double beta : {0.02, 1000.0}) {  // active and idle
    const LassoInstance instance = random_instance("one column", 50, 1, beta, 8);
    const RuleProblem problem = rule_problem(instance);
    const auto objectives = run(problem, 1, 2);
    ASSERT_FALSE(objectives.empty());
    EXPECT_LE(testing::true_values(problem, rule_->iterate()).gap, 1e-12 * problem.radius);
  }
}

TEST_P(StepRules, ZeroColumnsAreNoNews) {
  const RuleProblem problem{.columns = {{0, 0}, {1, 0}}, .y = {1, 1}, .radius = 1.0};
  auto rule = GetParam().make(problem);
  EXPECT_FALSE(rule->advance(std::vector{problem.proposal(0)}));
  EXPECT_TRUE(rule->iterate().columns.empty());
  EXPECT_EQ(rule->iterate().dual, problem.y);
}

TEST_P(StepRules, TheSameProposalsGiveTheSameBits) {
  const RuleProblem problem = rule_problem(testing::dependent_instance(26));
  (void)run(problem, 3, 60);
  const Iterate first = rule_->iterate();
  (void)run(problem, 3, 60);
  EXPECT_TRUE(same_alpha(first, rule_->iterate()));
  EXPECT_EQ(first.dual, rule_->iterate().dual);
}

/// Only what still moves the objective may go on: the rest must say that it stands still.
TEST_P(StepRules, StandStillAtAnOptimumThatIsAVertex) {
  const RuleProblem problem{.columns = {{1, 0}, {0.5, 0.5}, {0, 1}}, .y = {9, 0.5}, .radius = 1.0};
  const auto objectives = run(problem, 3, 1000);
  EXPECT_LT(objectives.size(), 30u);
  EXPECT_EQ(rule_->iterate().columns, std::vector<Index>{0});
}

INSTANTIATE_TEST_SUITE_P(Methods, StepRules, ::testing::ValuesIn(kRules),
                         [](const auto& rule) { return std::string(rule.param.name); });

}  // namespace
}  // namespace wolfpack::frank_wolfe
