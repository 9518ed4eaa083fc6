// The methods from the command line: what is accepted, what is recorded, and that each does what it is for.
#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/lasso_instances.hpp"
#include "tests/support/lasso_run.hpp"

namespace wolfpack::testing {
namespace {

using ::testing::HasSubstr;
using Texts = std::vector<std::string>;

class MethodsOfTheProgram : public ::testing::Test {
 protected:
  ScratchDirectory scratch_;
  std::string data_ = scratch_.write("data.libsvm", to_svmlight(random_instance("wide", 20, 60, 1.0, 71)));

  [[nodiscard]] LassoRun run(const std::string& method, Texts more) const {
    more.insert(more.begin(), {"--data", data_, "--beta", "1", "--workers", "3", "--method", method});
    return run_lasso(more);
  }
  void expect_refused(const std::string& method, const Texts& more, const Texts& says) const {
    Texts arguments{"lasso", "--data", data_, "--beta", "1", "--workers", "3", "--method", method};
    arguments.insert(arguments.end(), more.begin(), more.end());
    SCOPED_TRACE(fmt::format("{}", fmt::join(arguments, " ")));
    const Outcome outcome = run_program(arguments);
    EXPECT_EQ(outcome.exit_status, 2);
    EXPECT_EQ(std::count(outcome.err.begin(), outcome.err.end(), '\n'), 1) << outcome.err;
    EXPECT_THAT(outcome.err, HasSubstr("accepted"));
    for (const auto& text : says) EXPECT_THAT(outcome.err, HasSubstr(text));
  }
};

TEST_F(MethodsOfTheProgram, ConvergeAndAreRecorded) {
  struct Case {
    const char* method;
    const char* tolerance;
    int staleness;
  };
  for (const auto& [method, tolerance, staleness] :
       {Case{"corrective", "1e-6", 3}, Case{"line-search", "2e-2", 3}, Case{"bellet", "2e-2", 0},
        Case{"away", "1e-4", 3}, Case{"pairwise", "1e-4", 3}}) {
    SCOPED_TRACE(method);
    const LassoRun solved = run(method, {"--tolerance", tolerance});
    EXPECT_EQ(solved.outcome.exit_status, 0) << solved.outcome.err;
    EXPECT_EQ(solved.result.at("status"), "converged");
    EXPECT_EQ(solved.result.at("method"), method);
    EXPECT_EQ(solved.result.at("staleness"), staleness);
    EXPECT_LE(solved.result.at("relative_gap").get<double>(), std::stod(tolerance));
    EXPECT_EQ(solved.result.at("step").is_null(), std::string(method) != "bellet");
  }
}

/// ||w - w*|| <= sqrt(2 gap), and columns have norms of some sqrt(20).
TEST_F(MethodsOfTheProgram, AgreeOnTheMultiplierToTheAccuracyOfTheirCertificates) {
  const double expected = run("corrective", {"--tolerance", "1e-10"}).result.at("lambda");
  EXPECT_GT(expected, 0.0);
  for (const char* method : {"line-search", "bellet", "away", "pairwise"}) {
    const LassoRun solved = run(method, {"--tolerance", "1e-3"});
    const double gap = solved.result.at("gap");
    EXPECT_NEAR(solved.result.at("lambda").get<double>(), expected, 10.0 * std::sqrt(2.0 * gap)) << method;
    EXPECT_GT(solved.result.at("lambda").get<double>(), 0.0) << method;
  }
}

TEST_F(MethodsOfTheProgram, TheStepOfBelletIsAChoice) {
  for (const char* step : {"line-search", "open-loop"}) {
    const LassoRun solved = run("bellet", {"--step", step, "--staleness", "bsp", "--max-clock", "20", "--top-k", "1"});
    EXPECT_EQ(solved.outcome.exit_status, 3) << solved.outcome.err;
    EXPECT_EQ(solved.result.at("step"), step);
    EXPECT_EQ(solved.result.at("clocks"), 60);
    std::vector<double> objectives;  // of worker 0: a version a clock
    for (const auto& row : solved.trace)
      if (row.at("worker") == 0) objectives.push_back(row.at("objective").get<double>());
    EXPECT_EQ(std::is_sorted(objectives.rbegin(), objectives.rend()), std::string(step) == "line-search")
        << ::testing::PrintToString(objectives);
  }
}

/// The original: it runs, whatever becomes of it, and its certificate is as true as any.
TEST_F(MethodsOfTheProgram, TranRunsUnderAStragglerAndStopsAtItsLimit) {
  const LassoRun solved = run("tran", {"--staleness", "2", "--straggler", "worker=1,slowdown=5", "--max-clock", "50"});
  EXPECT_THAT(solved.outcome.exit_status, ::testing::AnyOf(0, 3)) << solved.outcome.err;
  EXPECT_EQ(solved.result.at("method"), "tran");
  EXPECT_FALSE(solved.coefficients.empty());
  EXPECT_LT(solved.result.at("objective"), solved.result.at("null_objective"));
  double norm = 0.0;
  for (const auto& coefficient : solved.coefficients) norm += std::abs(coefficient.value);
  EXPECT_LE(norm, 1.0);
}

TEST_F(MethodsOfTheProgram, RefuseWhatDoesNotGoWithThem) {
  expect_refused("bellet", {"--staleness", "3"}, {"--staleness 3", "bellet", "bsp"});
  expect_refused("bellet", {"--staleness", "asp"}, {"--staleness asp", "bellet", "bsp"});
  for (const char* method : {"line-search", "bellet", "tran", "away", "pairwise"})
    expect_refused(method, {"--top-k", "5"}, {"--top-k 5", method});
  expect_refused("pairwise", {"--step", "open-loop"}, {"--step open-loop", "pairwise", "line-search"});
  expect_refused("bellet", {"--step", "armijo"}, {"--step armijo", "open-loop"});
  expect_refused("newton", {}, {"--method newton", "corrective", "pairwise", "tran"});
}

}  // namespace
}  // namespace wolfpack::testing
