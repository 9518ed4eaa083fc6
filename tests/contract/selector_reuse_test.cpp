// One selector for one run after another: what the first found of its own problem is no part of the second.
#include <cmath>
#include <vector>

#include <gtest/gtest.h>

#include "cpu/atom_selector.hpp"
#include "frank_wolfe/solve.hpp"
#include "runtime/job.hpp"
#include "runtime/threads_launcher.hpp"
#include "tests/support/lasso_instances.hpp"
#include "tests/support/slow_lasso.hpp"
#include "transport/threads_transport.hpp"

namespace wolfpack::frank_wolfe {
namespace {

SolveResult solve_by(AtomSelector& selector, const std::vector<double>& y, const SolveOptions& options) {
  SolveResult result;
  runtime::run_threads(1, [&](transport::Bootstrap& bootstrap) {
    const auto transport = transport::make_threads_transport();
    runtime::Job job(
        bootstrap, *transport,
        {.rows = {lasso_model_row(selector.columns(), y, 1, options)}, .shard_help = shard_help(bootstrap.size())});
    result = solve(job, selector, 0, y, options);
    job.close();
  });
  return result;
}

TEST(SelectorReuse, ASecondRunHasTheAnswerOfAFreshSelector) {
  int screened = 0;
  for (unsigned seed = 0; seed < 8; ++seed) {
    const auto instance = testing::random_instance("random", 30, 200, 1.0, 71 + seed);
    DenseMatrix<double> matrix{30, 200, {}};
    for (std::size_t j = 0; j < 200; ++j)
      for (std::size_t i = 0; i < 30; ++i) matrix.values.push_back(instance.rows[i][j]);
    const Matrix stored(std::move(matrix));
    double largest = 0.0;
    for (Index j = 0; j < 200; ++j) {
      double score = 0.0;
      for (std::size_t i = 0; i < 30; ++i)
        score +=
            std::get<DenseMatrix<double>>(stored).values[static_cast<std::size_t>(j) * 30 + i] * instance.target[i];
      largest = std::max(largest, std::abs(score));
    }
    const SolveOptions first{.path = {.terms = {l1_penalty(0.5 * largest)}}, .tolerance = 1e-10};
    const SolveOptions second{.path = {.terms = {l1_penalty(0.01 * largest)}}, .tolerance = 1e-8};
    std::vector<double> other(instance.target.rbegin(), instance.target.rend());

    const auto reused = cpu::make_cpu_atom_selector(view(stored));
    ASSERT_EQ(solve_by(*reused, instance.target, first).status, SolveStatus::converged);
    // What the run left behind: columns that a request of the same problem does not look at.
    screened += reused
                    ->select({.dual = other,
                              .count = 1,
                              .excluded = {},
                              .screening = Screening{.radius = 0.0, .level = 0.0, .problem = 0}})
                    .columns_screened > 0;
    const SolveResult again = solve_by(*reused, other, second);
    const auto fresh = cpu::make_cpu_atom_selector(view(stored));
    const SolveResult expected = solve_by(*fresh, other, second);
    ASSERT_EQ(again.status, SolveStatus::converged);
    double null_objective = 0.0;
    for (const double y : other) null_objective += 0.5 * y * y;
    EXPECT_NEAR(again.iterate.objective, expected.iterate.objective, 2e-8 * null_objective);
    EXPECT_EQ(again.iterate.columns, expected.iterate.columns);
  }
  EXPECT_GT(screened, 0) << "the first runs screened nothing out: this tests nothing";
}

}  // namespace
}  // namespace wolfpack::frank_wolfe
