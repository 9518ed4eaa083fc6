// What the library makes of data at the ends of float64, and what it says of lambda and the gap there.
#include <cmath>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "base/status.hpp"
#include "experiments/solve_lasso.hpp"
#include "tests/support/lasso_instances.hpp"

namespace wolfpack {
namespace {

using frank_wolfe::Method;
using frank_wolfe::SolveStatus;

struct Problem {
  Index rows = 0, columns = 0;
  std::vector<double> values, target;
  [[nodiscard]] DenseView<double> view() const { return {values.data(), rows, columns, rows}; }
  [[nodiscard]] double null_objective() const {
    double sum = 0.0;
    for (const double y : target) sum += 0.5 * y * y;
    return sum;
  }
};

Problem random_problem(std::size_t rows, std::size_t columns, unsigned seed) {
  const auto instance = testing::random_instance("random", rows, columns, 1.0, seed);
  Problem problem{static_cast<Index>(rows), static_cast<Index>(columns), {}, instance.target};
  for (std::size_t j = 0; j < columns; ++j)
    for (std::size_t i = 0; i < rows; ++i) problem.values.push_back(instance.rows[i][j]);
  return problem;
}

std::string complaint(const Problem& problem, const LassoOptions& options = {}) {
  try {
    (void)solve_lasso(problem.view(), problem.target, options);
    return "";
  } catch (const InputError& error) {
    return error.what();
  }
}

TEST(SolveLassoScale, RefusesTargetsWhoseSquaresAreNoNumber) {
  for (const double scale : {1e154, 1e300, 1e-170, 5e-324}) {
    Problem problem{2, 2, {1, 0, 0, 1}, {scale, scale}};
    for (const std::size_t workers : {1u, 2u})
      EXPECT_NE(complaint(problem, {.workers = workers}).find("target"), std::string::npos) << scale;
  }
  EXPECT_EQ(complaint({2, 2, {1, 0, 0, 1}, {0, 0}}), "") << "nothing but zeros";
  EXPECT_EQ(complaint({2, 2, {1, 0, 0, 1}, {1, 1e-320}}), "") << "a tiny value in a normal target";
}

TEST(SolveLassoScale, RefusesColumnsOutOfScaleAndNamesTheFirst) {
  for (const double scale : {1e160, 1e300, 1e-160, 1e-310}) {
    Problem problem = random_problem(6, 40, 61);
    for (const Index j : {17, 38})
      for (Index i = 0; i < 6; ++i) problem.values[static_cast<std::size_t>(j * 6 + i)] *= scale;
    for (const std::size_t workers : {1u, 2u, 3u})
      for (const Method method : {Method::corrective, Method::line_search, Method::tran})
        EXPECT_NE(complaint(problem, {.workers = workers, .method = method}).find("column 17:"), std::string::npos)
            << scale << ", " << workers;
    EXPECT_NE(complaint(problem, {.lambda = 0.1}).find("accepted"), std::string::npos);
  }
  Problem tiny_values = random_problem(6, 40, 62);
  for (Index j = 0; j < 40; ++j) tiny_values.values[static_cast<std::size_t>(j * 6)] = 1e-300;
  EXPECT_EQ(complaint(tiny_values), "");
}

/// At the ends of what is accepted, which is a scaled problem like any other.
TEST(SolveLassoScale, SolvesWhatItAccepts) {
  const Problem plain = random_problem(10, 30, 63);
  for (const double of_columns : {1e-138, 1.0, 1e138}) {
    for (const double of_target : {1e-138, 1.0, 1e138}) {
      Problem scaled = plain;
      for (double& value : scaled.values) value *= of_columns;
      for (double& value : scaled.target) value *= of_target;
      const Solution expected = solve_lasso(plain.view(), plain.target, {.beta = 0.5});
      const Solution solution = solve_lasso(scaled.view(), scaled.target, {.beta = 0.5 * of_target / of_columns});
      EXPECT_EQ(solution.status, SolveStatus::converged) << of_columns << " " << of_target;
      EXPECT_NEAR(solution.objective / of_target / of_target, expected.objective, 1e-6 * plain.null_objective());
      EXPECT_NEAR(solution.lambda / of_columns / of_target / expected.lambda, 1.0, 1e-3);
    }
  }
}

TEST(SolveLassoScale, EveryMethodTellsTheMultiplierOfTheBound) {
  for (unsigned seed = 0; seed < 4; ++seed) {
    const Problem problem = random_problem(20, 60, 64 + seed);
    double largest_norm = 0.0;
    for (Index j = 0; j < 60; ++j) {
      double square = 0.0;
      for (Index i = 0; i < 20; ++i) square += std::pow(problem.values[static_cast<std::size_t>(j * 20 + i)], 2);
      largest_norm = std::max(largest_norm, std::sqrt(square));
    }
    for (const double beta : {1e-300, 0.1, 0.5}) {
      const Solution exact = solve_lasso(problem.view(), problem.target, {.beta = beta, .tolerance = 1e-12});
      ASSERT_GT(exact.lambda, 0.0) << beta;
      for (const Method method :
           {Method::corrective, Method::line_search, Method::away, Method::pairwise, Method::bellet, Method::tran}) {
        for (const std::size_t workers : {1u, 2u}) {
          if (method == Method::tran && workers > 1) continue;
          const Solution solution = solve_lasso(
              problem.view(), problem.target, {.beta = beta, .workers = workers, .method = method, .tolerance = 1e-4});
          ASSERT_EQ(solution.status, SolveStatus::converged);
          EXPECT_GT(solution.lambda, 0.0) << to_string(method);
          const double error = largest_norm * (std::sqrt(2 * solution.gap) + std::sqrt(2 * exact.gap));
          EXPECT_NEAR(solution.lambda, exact.lambda, error + 1e-9 * exact.lambda) << to_string(method) << " " << beta;
        }
      }
    }
  }
}

TEST(SolveLassoScale, AnIdleBoundHasTheMultiplierZeroWithEveryMethod) {
  for (unsigned seed = 0; seed < 4; ++seed) {
    const Problem problem = random_problem(40, 6, 68 + seed);
    for (const Method method :
         {Method::corrective, Method::line_search, Method::away, Method::pairwise, Method::bellet}) {
      const Solution solution = solve_lasso(problem.view(), problem.target,
                                            {.beta = 50.0, .method = method, .tolerance = 1e-3, .max_clock = 20'000});
      EXPECT_EQ(solution.lambda, 0.0) << to_string(method) << ", " << to_string(solution.status);
    }
  }
}

/// The fit of more rows than columns is not exact: there the dual problem has no point but 0 that rounding lets one
/// see.
TEST(SolveLassoScale, WithoutAPenaltyOnlyAnExactFitIsCertified) {
  const Problem tall = random_problem(40, 6, 72);
  for (const Solution& solution :
       {solve_lasso(tall.view(), tall.target, {.lambda = 0.0}), solve_lasso(tall.view(), tall.target, {.beta = 1e300})})
    EXPECT_EQ(solution.status, SolveStatus::stalled);
  const Problem wide = random_problem(6, 40, 73);
  const Solution exact = solve_lasso(wide.view(), wide.target, {.lambda = 0.0});
  EXPECT_EQ(exact.status, SolveStatus::converged);
  EXPECT_LE(exact.gap, 1e-6 * wide.null_objective());
}

}  // namespace
}  // namespace wolfpack
