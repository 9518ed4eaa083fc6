// solve_lasso() with a penalty, and solve_lasso_path(): the library's calls for what the program does along a path.
#include <limits>
#include <vector>

#include <gtest/gtest.h>

#include "base/status.hpp"
#include "experiments/solve_lasso.hpp"
#include "tests/support/lasso_instances.hpp"
#include "tests/support/slow_lasso.hpp"

namespace wolfpack::testing {
namespace {

class SolveLassoPath : public ::testing::Test {
 protected:
  SolveLassoPath() {
    for (std::size_t j = 0; j < instance_.columns(); ++j)
      for (const auto& row : instance_.rows) values_.push_back(row[j]);
  }
  [[nodiscard]] DenseView<double> matrix() const { return {values_.data(), 30, 160, 30}; }

  LassoInstance instance_ = random_instance("wide", 30, 160, 1.5, 121);
  std::vector<double> values_;
};

TEST_F(SolveLassoPath, APenaltyHasTheSolutionOfTheBoundThatItBelongsTo) {
  for (const std::size_t workers : {1u, 3u}) {
    const Solution bound =
        solve_lasso(matrix(), instance_.target, {.beta = 1.5, .workers = workers, .threads = 2, .tolerance = 1e-12});
    ASSERT_GT(bound.lambda, 0.0);
    EXPECT_EQ(bound.loss, bound.objective);
    const Solution penalty =
        solve_lasso(matrix(), instance_.target, {.lambda = bound.lambda, .workers = workers, .tolerance = 1e-12});
    EXPECT_EQ(penalty.lambda, bound.lambda);
    EXPECT_NEAR(penalty.loss, bound.loss, 1e-6 * bound.loss);
    EXPECT_NEAR(penalty.objective, bound.loss + bound.lambda * 1.5, 1e-6 * bound.loss);
  }
}

TEST_F(SolveLassoPath, PointsAreTheSolutionsOfTheSingleProblems) {
  const double largest = SlowLasso(instance_).largest_lambda();
  const auto points = solve_lasso_path(matrix(), instance_.target, frank_wolfe::automatic_path(10, 0.05),
                                       {.workers = 2, .tolerance = 1e-11});
  ASSERT_EQ(points.size(), 10u);
  EXPECT_NEAR(points[0].lambda, largest, 1e-12 * largest);
  EXPECT_TRUE(points[0].columns.empty());
  EXPECT_NEAR(points[9].lambda, 0.05 * largest, 1e-12 * largest);
  for (const Solution& point : points) {
    const Solution alone =
        solve_lasso(matrix(), instance_.target, {.lambda = point.lambda, .workers = 2, .tolerance = 1e-11});
    EXPECT_EQ(point.status, frank_wolfe::SolveStatus::converged);
    EXPECT_NEAR(point.objective, alone.objective, 1e-9 * points[0].objective);
  }
}

TEST_F(SolveLassoPath, ALimitLeavesThePointsSoFar) {
  const auto points = solve_lasso_path(matrix(), instance_.target, frank_wolfe::automatic_path(50, 1e-3),
                                       {.tolerance = 1e-11, .max_clock = 8});
  ASSERT_LT(points.size(), 50u);
  EXPECT_EQ(points.back().status, frank_wolfe::SolveStatus::clock_limit);
}

TEST_F(SolveLassoPath, RefusesWhatIsNoProblem) {
  for (const double lambda : {-1.0, std::numeric_limits<double>::quiet_NaN(), std::numeric_limits<double>::infinity()})
    EXPECT_THROW((void)solve_lasso(matrix(), instance_.target, {.lambda = lambda}), InputError);
  for (const double beta :
       {0.0, -1.0, std::numeric_limits<double>::quiet_NaN(), std::numeric_limits<double>::infinity()})
    EXPECT_THROW((void)solve_lasso(matrix(), instance_.target, {.beta = beta}), InputError);
  EXPECT_THROW((void)solve_lasso(matrix(), instance_.target, {.threads = 0}), InputError);
  EXPECT_THROW((void)solve_lasso(matrix(), instance_.target, {.lambda = 1.0, .method = frank_wolfe::Method::away}),
               InputError);
  EXPECT_THROW((void)solve_lasso_path(matrix(), instance_.target, {}), InputError);
}

}  // namespace
}  // namespace wolfpack::testing
