// --warm-start: the first iterate is optimal over the columns of earlier coefficients, so that fewer passes are needed
// for the same optimum.
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "tests/support/lasso_instances.hpp"
#include "tests/support/lasso_run.hpp"

namespace wolfpack::testing {
namespace {

using Texts = std::vector<std::string>;

class WarmStart : public ::testing::Test {
 protected:
  ScratchDirectory scratch_;
  std::string data_ = scratch_.write("wide.libsvm", to_svmlight(random_instance("wide", 60, 600, 3.0, 101)));
  std::string folder_ = scratch_.path("cold");

  [[nodiscard]] Texts arguments(const Texts& more) const {
    Texts all{"--data", data_, "--tolerance", "1e-10"};
    all.insert(all.end(), more.begin(), more.end());
    return all;
  }
};

TEST_F(WarmStart, FromItsOwnSolutionARunIsShorterAndEndsAtTheSameOptimum) {
  for (const Texts& problem : std::vector<Texts>{{"--beta", "3"}, {"--lambda", "2"}, {"--lambda-path", "3,2"}})
    for (const char* workers : {"1", "2"})
      for (const char* staleness : {"0", "3"}) {
        SCOPED_TRACE(problem[0] + ", workers " + workers + ", staleness " + staleness);
        Texts settings = arguments(problem);
        settings.insert(settings.end(), {"--workers", workers, "--staleness", staleness});
        Texts cold_command = settings;
        cold_command.insert(cold_command.begin(), "lasso");
        cold_command.insert(cold_command.end(), {"--quiet", "--output", folder_});
        ASSERT_EQ(run_program(cold_command).exit_status, 0);
        const RunFiles cold = read_run(folder_);
        for (const std::string& start : {folder_, folder_ + "/coefficients.csv"}) {
          Texts warm_command = settings;
          warm_command.insert(warm_command.end(), {"--warm-start", start});
          const LassoRun warm = run_lasso(warm_command);
          ASSERT_EQ(warm.outcome.exit_status, 0) << warm.outcome.err;
          EXPECT_EQ(warm.result.at("warm_start"), start);
          EXPECT_LT(warm.result.at("full_passes"), cold.result.at("full_passes"));
          EXPECT_NEAR(warm.result.at("objective").get<double>(), cold.result.at("objective").get<double>(),
                      1e-9 * cold.result.at("null_objective").get<double>());
        }
      }
}

/// Whatever the columns are: those of no solution, all of them, or none.
TEST_F(WarmStart, FromAnyColumnsTheOptimumIsTheSame) {
  const LassoRun cold = run_lasso(arguments({"--beta", "3", "--workers", "2"}));
  std::string all = "index,value\n";
  for (int j = 599; j >= 0; --j) all += fmt::format("{},1\n", j);  // in any order
  for (const std::string& start : {std::string("index,value\n"), std::string("index,value\n3,0\n4,0.0\n"),
                                   std::string("index,value\n599,-1e-300\n0,5\n"), all}) {
    const LassoRun warm =
        run_lasso(arguments({"--beta", "3", "--workers", "2", "--warm-start", scratch_.write("start.csv", start)}));
    ASSERT_EQ(warm.outcome.exit_status, 0) << warm.outcome.err;
    EXPECT_NEAR(warm.result.at("objective").get<double>(), cold.result.at("objective").get<double>(),
                1e-9 * cold.result.at("null_objective").get<double>());
  }
}

}  // namespace
}  // namespace wolfpack::testing
