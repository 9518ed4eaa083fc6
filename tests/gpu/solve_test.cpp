// Whole LASSO problems with atoms chosen on a GPU: the CPU's answer, to the certificate. Built twice, as
// atom_selector_test.cpp is.
#include "frank_wolfe/solve.hpp"

#include <memory>
#include <random>
#include <vector>

#include <gtest/gtest.h>

#include "cpu/atom_selector.hpp"
#include "experiments/data/dataset.hpp"
#include "experiments/solve_lasso.hpp"
#include "gpu/atom_selector.hpp"
#include "gpu/devices.hpp"
#include "runtime/job.hpp"
#include "runtime/threads_launcher.hpp"
#include "tests/unit/cpu_problems.hpp"
#include "transport/threads_transport.hpp"

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

/// The columns of a matrix of any storage, copied.
Matrix part(const Problem& problem, std::size_t storage, const data::ColumnRange& range) {
  const auto begin = problem.values.begin() + range.first * problem.rows;
  const std::vector<double> values(begin, begin + range.count * problem.rows);
  return std::move(cpu::all_storages(problem.rows, range.count, values)[storage]);
}

frank_wolfe::SolveResult solve_on_gpu(const Problem& problem, std::size_t storage, std::size_t workers,
                                      const frank_wolfe::SolveOptions& options) {
  frank_wolfe::SolveResult result;
  runtime::run_threads(workers, [&](transport::Bootstrap& bootstrap) {
    const auto transport = transport::make_threads_transport();
    runtime::Job job(bootstrap, *transport,
                     {.rows = {frank_wolfe::lasso_model_row(problem.columns, problem.target, workers, options)},
                      .shard_help = frank_wolfe::shard_help(workers)});
    const data::ColumnRange mine = data::partition(problem.columns, bootstrap.rank(), bootstrap.size());
    const Matrix matrix = part(problem, storage, mine);
    const GpuSelector gpu = make_gpu_atom_selector(view(matrix));
    auto solved = frank_wolfe::solve(job, *gpu.selector, mine.first, problem.target, options);
    job.close();
    if (bootstrap.rank().value == 0) result = std::move(solved);
  });
  return result;
}

TEST(GpuSolve, ReachesTheOptimumOfTheCpuOnEveryStorage) {
  if (const std::string reason = why_no_device(); !reason.empty()) GTEST_SKIP() << reason;
  for (const bool pixels : {false, true}) {
    const Problem problem = gaussian(60, 800, pixels, 3);
    double null_objective = 0.0;
    for (const double y : problem.target) null_objective += 0.5 * y * y;
    for (std::size_t storage = 0; storage < 4; ++storage) {
      for (const std::size_t workers : {1UL, 2UL}) {
        SCOPED_TRACE(testing::Message() << "pixels " << pixels << ", storage " << storage << ", workers " << workers);
        const frank_wolfe::SolveOptions options{
            .path = {.terms = {frank_wolfe::l1_constraint(8.0)}}, .tolerance = 1e-9, .staleness = kBulkSynchronous};
        const frank_wolfe::SolveResult gpu = solve_on_gpu(problem, storage, workers, options);
        const Matrix matrix = part(problem, storage, {0, problem.columns});
        const Solution cpu = solve_lasso(view(matrix), problem.target, {.beta = 8.0, .tolerance = 1e-9});
        ASSERT_EQ(gpu.status, frank_wolfe::SolveStatus::converged);
        EXPECT_NEAR(gpu.iterate.objective, cpu.objective, 2e-9 * null_objective);
        EXPECT_LE(gpu.points.back().gap, 1e-9 * null_objective);
      }
    }
  }
}

}  // namespace
}  // namespace wolfpack::gpu
