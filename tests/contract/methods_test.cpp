// Every method as whole jobs, in this process: it ends, within its certified tolerance, at any number of workers and
// any staleness that it allows; what it claims is true; at staleness 0 the bits are the same every time.
#include <ostream>
#include <vector>

#include <gtest/gtest.h>

#include "base/status.hpp"
#include "experiments/solve_lasso.hpp"
#include "tests/support/lasso_instances.hpp"
#include "tests/support/slow_lasso.hpp"

namespace wolfpack {
namespace {

using frank_wolfe::Method;
using frank_wolfe::SolveStatus;
using frank_wolfe::StepSize;
using testing::LassoInstance;
using testing::SlowLasso;

struct MethodCase {
  const char* name;
  Method method;
  double tolerance;  ///< that a small random problem reaches soon
  StepSize step = StepSize::line_search;
};
void PrintTo(const MethodCase& method, std::ostream* out) { *out << method.name; }

const MethodCase kMethods[] = {
    {"corrective", Method::corrective, 1e-8},
    {"line_search", Method::line_search, 2e-2},
    {"bellet", Method::bellet, 2e-2},
    {.name = "bellet_open_loop", .method = Method::bellet, .tolerance = 5e-2, .step = StepSize::open_loop},
    {"tran", Method::tran, 2e-2},
    {"away", Method::away, 1e-6},
    {"pairwise", Method::pairwise, 1e-6},
};

struct Columns {
  explicit Columns(const LassoInstance& instance) : rows(instance.rows.size()), count(instance.columns()) {
    for (std::size_t j = 0; j < count; ++j)
      for (std::size_t i = 0; i < rows; ++i) values.push_back(instance.rows[i][j]);
  }
  [[nodiscard]] DenseView<double> view() const {
    return {values.data(), static_cast<Index>(rows), static_cast<Index>(count), static_cast<Index>(rows)};
  }
  std::size_t rows, count;
  std::vector<double> values;
};

std::vector<LassoInstance> instances() {
  return {testing::random_instance("wide", 20, 60, 1.0, 51), testing::random_instance("tall", 60, 12, 0.3, 52),
          testing::random_instance("sparse", 40, 60, 1.5, 53, 0.1)};
}

class Methods : public ::testing::TestWithParam<MethodCase> {
 protected:
  [[nodiscard]] LassoOptions options(const LassoInstance& instance) const {
    return {.beta = instance.beta,
            .method = GetParam().method,
            .step = GetParam().step,
            .tolerance = GetParam().tolerance,
            .time_limit_seconds = 60.0};
  }
  [[nodiscard]] static Solution solve(const LassoInstance& instance, const LassoOptions& options) {
    const Columns columns(instance);
    return solve_lasso(columns.view(), instance.target, options);
  }
  [[nodiscard]] std::vector<Staleness> allowed() const {
    if (traits(GetParam().method).bulk_synchronous) return {kBulkSynchronous};
    return {kBulkSynchronous, Staleness{3}, kAsynchronous};
  }
};

void expect_true(const LassoInstance& instance, const SlowLasso& slow, const testing::SlowSolution& known,
                 const Solution& solution) {
  std::vector<double> x(instance.columns(), 0.0);
  double norm = 0.0;
  for (std::size_t k = 0; k < solution.columns.size(); ++k) {
    x[static_cast<std::size_t>(solution.columns[k])] = solution.weights[k];
    norm += std::abs(solution.weights[k]);
  }
  const double slack = 1e-10 * slow.objective({});
  EXPECT_LE(norm, instance.beta);
  EXPECT_NEAR(slow.objective(x), solution.objective, slack) << "the coefficients alone must say the objective";
  EXPECT_LE(solution.objective - known.objective, solution.gap + slack) << "the certificate is wrong";
  EXPECT_GE(solution.objective, known.objective - known.gap - slack) << "better than the optimum?";
}

TEST_P(Methods, EndWithinTheirCertifiedTolerance) {
  for (const LassoInstance& instance : instances()) {
    const SlowLasso slow(instance);
    const auto known = slow.solve();
    for (const std::size_t workers : {1u, 2u, 3u}) {
      // Several workers overwrite each other's steps with tran: it ends all the same, but where, nobody knows.
      const bool is_sure = GetParam().method != Method::tran || workers == 1;
      for (const Staleness staleness : allowed()) {
        SCOPED_TRACE(::testing::Message()
                     << instance.name << ", " << workers << " workers, staleness " << staleness.value);
        LassoOptions with = options(instance);
        with.workers = workers;
        with.staleness = staleness;
        if (!is_sure) with.max_clock = 300;
        const Solution solution = solve(instance, with);
        expect_true(instance, slow, known, solution);
        if (is_sure) {
          EXPECT_EQ(solution.status, SolveStatus::converged);
        }
        if (solution.status == SolveStatus::converged) {
          EXPECT_LE(solution.gap, with.tolerance * slow.objective({}));
        }
        EXPECT_LT(solution.objective, slow.objective({}));
      }
    }
  }
}

TEST_P(Methods, GiveTheSameBitsEveryTimeUnderBsp) {
  const LassoInstance instance = testing::random_instance("random", 20, 60, 1.0, 54);
  LassoOptions with = options(instance);
  with.workers = 3;
  with.staleness = kBulkSynchronous;
  with.tolerance = 0.0;
  with.max_clock = 40;
  const Solution first = solve(instance, with);
  ASSERT_FALSE(first.columns.empty());
  for (int run = 0; run < 3; ++run) {
    const Solution again = solve(instance, with);
    EXPECT_EQ(again.columns, first.columns);
    EXPECT_EQ(again.weights, first.weights);
    EXPECT_EQ(again.objective, first.objective);
    EXPECT_EQ(again.gap, first.gap);
  }
}

/// At tolerance 0 nothing but standing still ends such a run.
TEST_P(Methods, StallWhereNothingCanChangeAnyMore) {
  const LassoInstance vertex{"vertex", {{1, 0, 0.5, 0}, {0, 1, 0.5, 0}}, {9, 0.25}, 1.0};
  const LassoInstance zeros{"nothing but zeros", {{0, 0}, {0, 0}}, {1, 2}, 1.0};
  const LassoInstance one{"one column", {{1}, {2}}, {1, 1}, 0.25};
  for (const LassoInstance& instance : {vertex, zeros, one}) {
    for (const Staleness staleness : allowed()) {
      SCOPED_TRACE(::testing::Message() << instance.name << ", staleness " << staleness.value);
      LassoOptions with = options(instance);
      with.workers = 2;
      with.staleness = staleness;
      with.tolerance = 0.0;
      const Solution solution = solve(instance, with);
      EXPECT_TRUE(solution.status == SolveStatus::stalled || solution.status == SolveStatus::converged)
          << to_string(solution.status);
      EXPECT_LE(solution.gap, 1e-10 * SlowLasso(instance).objective({}));
    }
  }
}

TEST_P(Methods, HonourALimitOfClocks) {
  const LassoInstance instance = testing::random_instance("random", 20, 60, 1.0, 55);
  LassoOptions with = options(instance);
  with.workers = 3;
  with.tolerance = 0.0;
  with.max_clock = 2;
  const Solution solution = solve(instance, with);
  EXPECT_EQ(solution.status, SolveStatus::clock_limit);
  EXPECT_FALSE(solution.columns.empty());
}

TEST_P(Methods, HonourATimeLimitThoughTheyCouldGoOn) {
  if (GetParam().method == Method::corrective) GTEST_SKIP() << "it stalls at the optimum within milliseconds";
  const LassoInstance instance = testing::random_instance("random", 100, 400, 3.0, 56);
  LassoOptions with = options(instance);
  with.workers = 2;
  with.tolerance = 0.0;
  with.time_limit_seconds = 0.05;
  const Solution solution = solve(instance, with);
  const bool may_be_done = GetParam().method == Method::away || GetParam().method == Method::pairwise;
  if (!may_be_done || solution.status != SolveStatus::stalled) {
    EXPECT_EQ(solution.status, SolveStatus::time_limit);
  }
  EXPECT_LT(solution.seconds, 5.0);
}

INSTANTIATE_TEST_SUITE_P(InProcess, Methods, ::testing::ValuesIn(kMethods),
                         [](const auto& method) { return std::string(method.param.name); });

TEST(MethodsOfTheLibrary, RefuseWhatDoesNotGoWithThem) {
  const LassoInstance instance = testing::random_instance("random", 4, 6, 1.0, 57);
  const Columns columns(instance);
  const auto refused = [&](const LassoOptions& options) {
    EXPECT_THROW((void)solve_lasso(columns.view(), instance.target, options), InputError);
  };
  refused({.method = Method::bellet, .staleness = Staleness{3}});
  refused({.method = Method::bellet, .staleness = kAsynchronous});
  refused({.method = Method::away, .top_k = 2});
  refused({.method = Method::pairwise, .step = StepSize::open_loop});
  EXPECT_NO_THROW((void)solve_lasso(columns.view(), instance.target, {.method = Method::bellet, .max_clock = 3}));
}

}  // namespace
}  // namespace wolfpack
