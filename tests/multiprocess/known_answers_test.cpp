// The program finds the optimum, whatever the problem looks like, however many workers there are and however stale they
// read, and what its files say is true: against a slow solver that shares no code with it.
#include <algorithm>
#include <array>
#include <cmath>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/lasso_instances.hpp"
#include "tests/support/lasso_run.hpp"
#include "tests/support/slow_lasso.hpp"

namespace wolfpack::testing {
namespace {

constexpr std::size_t kMostWorkers = 8;
constexpr std::array<const char*, 5> kStalenesses{"bsp", "0", "3", "10", "asp"};

class KnownAnswers : public ::testing::TestWithParam<std::size_t> {
 protected:
  LassoInstance instance_ = awkward_instances()[GetParam()];
  SlowLasso slow_{instance_};
  ScratchDirectory scratch_;
  std::string data_ = scratch_.write("data.libsvm", to_svmlight(instance_));

  LassoRun run(std::size_t workers, const std::string& staleness, const std::string& tolerance = "1e-6",
               const std::string& transport = "shm") const {
    return run_lasso({"--data", data_, "--beta", fmt::format("{:.17g}", instance_.beta), "--workers",
                      std::to_string(workers), "--staleness", staleness, "--tolerance", tolerance, "--transport",
                      transport});
  }
  void expect_found_and_certified(const SlowSolution& known, std::size_t workers, const std::string& transport) const;
};

double sum_of_sizes(const std::vector<Coefficient>& coefficients) {
  double sum = 0.0;
  for (const auto& coefficient : coefficients) sum += std::abs(coefficient.value);
  return sum;
}

/// However the printed numbers are added up, they do not exceed beta by one bit.
void expect_feasible(std::vector<Coefficient> coefficients, double beta) {
  EXPECT_LE(sum_of_sizes(coefficients), beta) << "in the file's order";
  std::sort(coefficients.begin(), coefficients.end(),
            [](const auto& a, const auto& b) { return std::abs(a.value) < std::abs(b.value); });
  EXPECT_LE(sum_of_sizes(coefficients), beta) << "small ones first";
  std::reverse(coefficients.begin(), coefficients.end());
  EXPECT_LE(sum_of_sizes(coefficients), beta) << "large ones first";
}

void KnownAnswers::expect_found_and_certified(const SlowSolution& known, std::size_t workers,
                                              const std::string& transport) const {
  const std::string staleness = kStalenesses[(workers + GetParam()) % kStalenesses.size()];
  SCOPED_TRACE(fmt::format("{}, {} workers, staleness {}, {}", instance_.name, workers, staleness, transport));
  const double null_objective = slow_.objective({});
  ASSERT_LE(known.gap, 1e-8 * null_objective) << "the slow solver is not good enough to judge";
  // Rounding of the slow answer, of a printed number, and of sums in another order.
  const double slack = 1e-9 * null_objective;
  const LassoRun solved = run(workers, staleness, "1e-6", transport);
  ASSERT_EQ(solved.outcome.exit_status, 0) << solved.outcome.err;
  const auto& result = solved.result;
  const double gap = result.at("gap").get<double>();

  std::vector<double> x(instance_.columns(), 0.0);
  Index previous = -1;
  for (const auto& [index, value] : solved.coefficients) {
    ASSERT_GT(index, previous) << "columns are in order, each once";
    ASSERT_LT(index, static_cast<Index>(x.size()));
    EXPECT_NE(value, 0.0);
    x[static_cast<std::size_t>(index)] = value;
    previous = index;
  }
  const double objective = slow_.objective(x);
  EXPECT_NEAR(objective, result.at("objective").get<double>(), slack)
      << "the coefficients alone must say the objective";
  EXPECT_LE(objective - known.objective, 1e-6 * null_objective + slack) << "the optimum is " << known.objective;
  EXPECT_LE(objective - known.objective, gap + slack) << "the certificate is wrong";
  EXPECT_GE(objective, known.objective - known.gap - slack) << "better than the optimum?";
  expect_feasible(solved.coefficients, instance_.beta);

  EXPECT_EQ(result.at("status"), "converged");
  EXPECT_GE(gap, 0.0);
  EXPECT_LE(result.at("relative_gap").get<double>(), 1e-6);
  EXPECT_DOUBLE_EQ(result.at("relative_gap").get<double>(), null_objective > 0 ? gap / null_objective : 0.0);
  EXPECT_DOUBLE_EQ(result.at("null_objective").get<double>(), null_objective);
  EXPECT_EQ(result.at("nonzeros"), solved.coefficients.size());
  EXPECT_EQ(result.at("workers"), workers);
  EXPECT_NEAR(result.at("l1_norm").get<double>(), sum_of_sizes(solved.coefficients), 1e-14 * instance_.beta);
  EXPECT_EQ(solved.outcome.err, "");
  EXPECT_EQ(solved.outcome.out, "");
}

TEST_P(KnownAnswers, AreFoundAndCertifiedByAnyNumberOfWorkersAtAnyStaleness) {
  const SlowSolution known = slow_.solve();
  for (std::size_t workers = 1; workers <= kMostWorkers; ++workers) expect_found_and_certified(known, workers, "shm");
}

/// Beside shared memory, which the test before this is about.
TEST_P(KnownAnswers, AreFoundAndCertifiedOverAnyTransport) {
  const SlowSolution known = slow_.solve();
  for (const std::string& transport : kTransports)
    for (const std::size_t workers : {1u, 3u, 8u})
      if (transport != "shm") expect_found_and_certified(known, workers, transport);
}

TEST_P(KnownAnswers, AreTheSameBytesUnderBspOverAnyTransport) {
  const std::size_t workers = 2 + GetParam() % 4;
  const LassoRun first = run(workers, "bsp");
  ASSERT_EQ(first.outcome.exit_status, 0) << first.outcome.err;
  for (const std::string& transport : kTransports) {
    const LassoRun other = run(workers, "0", "1e-6", transport);
    ASSERT_EQ(other.outcome.exit_status, 0) << other.outcome.err;
    EXPECT_EQ(other.result.at("transport"), transport);
    EXPECT_EQ(first.coefficients_text, other.coefficients_text);
    for (const char* number : {"objective", "gap", "clocks"})  // 17 digits: the same bits
      EXPECT_EQ(first.result.at(number), other.result.at(number)) << number;
  }
}

/// There is no such certificate in floating point: the run must notice, or prove the impossible, but end.
TEST_P(KnownAnswers, EndAtToleranceZero) {
  const LassoRun solved = run(2, GetParam() % 2 == 0 ? "bsp" : "3", "0");
  const std::string status = solved.result.at("status");
  EXPECT_THAT(status, ::testing::AnyOf("converged", "stalled"));
  EXPECT_EQ(solved.outcome.exit_status, status == "converged" ? 0 : 3);
  EXPECT_LE(solved.result.at("relative_gap").get<double>(), 1e-9);
  if (status == "converged") {
    EXPECT_EQ(solved.result.at("gap"), 0.0);
  }
  expect_feasible(solved.coefficients, instance_.beta);
}

INSTANTIATE_TEST_SUITE_P(OfAwkwardInstances, KnownAnswers, ::testing::Range<std::size_t>(0, awkward_instances().size()),
                         [](const auto& instance) {
                           std::string name = awkward_instances()[instance.param].name;
                           std::replace(name.begin(), name.end(), ' ', '_');
                           return name;
                         });

/// One column is solved by hand: x = clamp(a'y / a'a).
TEST(ClosedForm, OneColumn) {
  const auto instance = random_instance("one column", 7, 1, 0.05, 31);
  double ay = 0.0, aa = 0.0;
  for (std::size_t i = 0; i < 7; ++i) {
    ay += instance.rows[i][0] * instance.target[i];
    aa += instance.rows[i][0] * instance.rows[i][0];
  }
  ASSERT_GT(std::abs(ay / aa), 0.05) << "the constraint is to be active";
  const ScratchDirectory scratch;
  const LassoRun solved =
      run_lasso({"--data", scratch.write("a.libsvm", to_svmlight(instance)), "--beta", "0.05", "--workers", "3"});
  ASSERT_EQ(solved.coefficients.size(), 1u);
  EXPECT_NEAR(solved.coefficients[0].value, std::copysign(0.05, ay), 1e-15);
}

/// Orthogonal columns are solved by hand too: soft thresholding, here y = (5, 3, 1), beta 4, lambda 2.
TEST(ClosedForm, OrthogonalColumns) {
  const ScratchDirectory scratch;
  const std::string data = scratch.write("a.libsvm", "5 1:1\n3 2:1\n1 3:1\n");
  const LassoRun solved = run_lasso({"--data", data, "--beta", "4", "--workers", "2", "--tolerance", "1e-12"});
  ASSERT_EQ(solved.outcome.exit_status, 0);
  ASSERT_EQ(solved.coefficients.size(), 2u) << solved.coefficients_text;
  EXPECT_NEAR(solved.coefficients[0].value, 3.0, 1e-12);
  EXPECT_NEAR(solved.coefficients[1].value, 1.0, 1e-12);
  EXPECT_NEAR(solved.result.at("objective").get<double>(), 0.5 * (4 + 4 + 1), 1e-11);
}

}  // namespace
}  // namespace wolfpack::testing
