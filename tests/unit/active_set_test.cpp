#include "frank_wolfe/active_set.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <random>
#include <span>
#include <vector>

#include <gtest/gtest.h>

namespace wolfpack::frank_wolfe {
namespace {

// Columns that depend on each other may look independent by their rounding errors; but more than d never are.
TEST(ActiveSet, NeverGivesWeightToMoreColumnsThanThereAreRows) {
  constexpr std::size_t kRows = 50, kColumns = 150;
  constexpr double kDensity = 0.05;
  for (unsigned seed = 0; seed < 200; ++seed) {
    std::mt19937_64 random(seed);
    std::normal_distribution<double> normal;
    std::uniform_real_distribution<double> uniform;
    std::vector<double> target(kRows);
    for (double& y : target) y = normal(random);
    std::vector<Column> columns(kColumns);
    for (Column& column : columns)
      for (std::size_t i = 0; i < kRows; ++i)
        column.values.push_back(uniform(random) < kDensity ? normal(random) : 0.0);
    std::shuffle(columns.begin(), columns.end(), random);

    ActiveSet set(target, l1_constraint(100.0));
    for (std::size_t first = 0; first < kColumns;) {
      std::vector<const Column*> batch;
      for (std::size_t left = 1 + random() % 20; left > 0 && first < kColumns; --left) {
        const Column& column = columns[first++];
        if (std::any_of(column.values.begin(), column.values.end(), [](double x) { return x != 0.0; }))
          batch.push_back(&column);
      }
      set.add(batch);
      (void)set.solve();
      (void)set.drop_zeros();
      EXPECT_LE(set.size(), static_cast<Index>(kRows)) << "seed " << seed;
    }
  }
}

struct SmallIntegers {
  std::vector<Column> columns;
  std::vector<double> target;
  double largest_score = 0.0;
};

// Columns of -1, 0 and 1, and a sum of three of them: many weights vanish at the same step.
SmallIntegers small_integers(std::mt19937_64& random) {
  SmallIntegers problem;
  problem.target.assign(2 + random() % 8, 0.0);
  problem.columns.resize(2 + random() % 8);
  for (Column& column : problem.columns)
    for (std::size_t i = 0; i < problem.target.size(); ++i)
      column.values.push_back(static_cast<double>(random() % 3) - 1.0);
  for (int k = 0; k < 3; ++k) {
    const Column& column = problem.columns[random() % problem.columns.size()];
    for (std::size_t i = 0; i < problem.target.size(); ++i) problem.target[i] += column.values[i];
  }
  for (const Column& column : problem.columns) {
    const double score = std::inner_product(column.values.begin(), column.values.end(), problem.target.begin(), 0.0);
    problem.largest_score = std::max(problem.largest_score, std::fabs(score));
  }
  return problem;
}

// Of two weights that vanish together rounding may leave one beyond zero. It happens once in some 50,000 problems.
TEST(ActiveSet, LeavesNoWeightBeyondZero) {
  for (unsigned seed = 0; seed < 50'000; ++seed) {
    std::mt19937_64 random(seed);
    const SmallIntegers problem = small_integers(random);
    if (problem.largest_score == 0.0) continue;
    std::vector<const Column*> columns;
    for (const Column& column : problem.columns)
      if (std::any_of(column.values.begin(), column.values.end(), [](double x) { return x != 0.0; }))
        columns.push_back(&column);
    const bool is_constrained = random() % 2 == 0;
    const auto any_term = [&] {
      const double share = std::pow(10.0, -static_cast<double>(random() % 12) * (random() % 2 == 0 ? 0.1 : 1.0));
      if (!is_constrained) return l1_penalty(problem.largest_score * share);
      return l1_constraint(std::pow(10.0, static_cast<double>(random() % 12) - 7.0));
    };
    ActiveSet set(problem.target, any_term());
    std::span<const Column* const> left(columns);
    for (int step = 0; step < 12; ++step) {
      const std::size_t some = left.empty() ? 0 : std::min(1 + random() % columns.size(), left.size());
      set.add(left.first(some));
      left = left.subspan(some);
      (void)set.solve();
      for (std::size_t k = 0; k < set.weights().size() && set.level() > 1e-9 * problem.largest_score; ++k)
        EXPECT_GE(set.weights()[k] * set.scores()[k], 0.0) << "seed " << seed << ", step " << step << ", slot " << k;
      if (random() % 2 == 0) (void)set.drop_zeros();
      if (random() % 3 == 0) set.restate(any_term());
    }
  }
}

}  // namespace
}  // namespace wolfpack::frank_wolfe
