// Whole LASSO problems with atoms chosen on a GPU: the CPU's answer, to the certificate. Built twice, as
// atom_selector_test.cpp is.

#include <cmath>
#include <random>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "base/status.hpp"
#include "experiments/solve_lasso.hpp"
#include "gpu/devices.hpp"
#include "tests/unit/cpu_problems.hpp"

namespace wolfpack::gpu {
namespace {

struct Problem {
  Index rows, columns;
  std::vector<double> values, target;
};

Problem gaussian(Index rows, Index columns, bool pixels, unsigned seed) {
  std::mt19937_64 generator(seed);
  std::normal_distribution<double> normal;
  Problem problem{rows, columns, {}, {}};
  for (Index k = 0; k < rows * columns; ++k) {
    const double value = normal(generator);
    problem.values.push_back(pixels ? std::round(64.0 * std::abs(value))
                                    : static_cast<double>(static_cast<float>(value)));
  }
  for (Index i = 0; i < rows; ++i) {
    double sum = 0.1 * normal(generator);
    for (Index j = 0; j < 10; ++j) sum += problem.values[static_cast<std::size_t>(7 * j * rows + i)];
    problem.target.push_back(sum);
  }
  return problem;
}

TEST(GpuSolve, ReachesTheOptimumOfTheCpuOnEveryStorage) {
  if (const std::string reason = why_no_device(); !reason.empty()) GTEST_SKIP() << reason;
  for (const bool pixels : {false, true}) {
    const Problem problem = gaussian(60, 800, pixels, 3);
    double null_objective = 0.0;
    for (const double y : problem.target) null_objective += 0.5 * y * y;
    for (const Matrix& matrix : cpu::all_storages(problem.rows, problem.columns, problem.values)) {
      for (const std::size_t workers : {1UL, 2UL}) {
        SCOPED_TRACE(testing::Message() << "pixels " << pixels << ", storage " << matrix.index() << ", workers "
                                        << workers);
        const LassoOptions on_cpu{.beta = 8.0, .workers = workers, .tolerance = 1e-9};
        LassoOptions on_gpu = on_cpu;
        on_gpu.device = LassoDevice::gpu;
        const Solution gpu = solve_lasso(view(matrix), problem.target, on_gpu);
        const Solution cpu = solve_lasso(view(matrix), problem.target, on_cpu);
        ASSERT_EQ(gpu.status, frank_wolfe::SolveStatus::converged);
        EXPECT_NEAR(gpu.objective, cpu.objective, 2e-9 * null_objective);
        EXPECT_LE(gpu.gap, 1e-9 * null_objective);
        EXPECT_GT(gpu.columns.size(), 5U);
      }
    }
  }
}

TEST(GpuSolve, SaysWhyThereIsNone) {
  if (why_no_device().empty()) GTEST_SKIP() << "there is one";
  const DenseMatrix<double> matrix{1, 1, {1.0}};
  const std::vector<double> target{1.0};
  try {
    (void)solve_lasso(matrix.view(), target, {.device = LassoDevice::gpu});
    FAIL() << "solved without a GPU";
  } catch (const InputError& error) {
    EXPECT_EQ(error.what(), "device is gpu: " + why_no_device() + "; accepted: cpu");
  }
}

}  // namespace
}  // namespace wolfpack::gpu
