// Penalties and paths from the command line: a penalty and a bound are two sides of one problem, and a path's points
// are the single problems' solutions.
#include <algorithm>
#include <csignal>
#include <filesystem>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/lasso_instances.hpp"
#include "tests/support/lasso_run.hpp"
#include "tests/support/pace.hpp"

namespace wolfpack::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using Texts = std::vector<std::string>;

std::string exact(double value) { return fmt::format("{:.17g}", value); }

class Paths : public ::testing::Test {
 protected:
  LassoInstance instance_ = random_instance("wide", 30, 160, 1.5, 81);
  ScratchDirectory scratch_;
  std::string data_ = scratch_.write("wide.libsvm", to_svmlight(instance_));

  [[nodiscard]] LassoRun run(Texts problem, const std::string& workers = "2",
                             const std::string& tolerance = "1e-10") const {
    problem.insert(problem.end(), {"--data", data_, "--workers", workers, "--tolerance", tolerance});
    return run_lasso(problem);
  }

  /// 1/2 ||y - A alpha||^2 and max |a_j'(y - A alpha)|, from the file's coefficients alone.
  struct Values {
    double loss = 0.0, level = 0.0, l1_norm = 0.0;
  };
  [[nodiscard]] Values values(const std::vector<Coefficient>& coefficients) const {
    const std::vector<double> x = dense(coefficients, instance_.columns());
    std::vector<double> scores(x.size(), 0.0);
    Values out;
    for (std::size_t i = 0; i < instance_.rows.size(); ++i) {
      double residual = instance_.target[i];
      for (std::size_t j = 0; j < x.size(); ++j) residual -= instance_.rows[i][j] * x[j];
      out.loss += residual * residual / 2;
      for (std::size_t j = 0; j < x.size(); ++j) scores[j] += instance_.rows[i][j] * residual;
    }
    for (const double score : scores) out.level = std::max(out.level, std::abs(score));
    for (const double value : x) out.l1_norm += std::abs(value);
    return out;
  }
};

TEST_F(Paths, APenaltyAndABoundAreTwoSidesOfOneProblem) {
  for (const char* workers : {"1", "2", "3"}) {
    SCOPED_TRACE(workers);
    const LassoRun bound = run({"--beta", "1.5"}, workers);
    ASSERT_EQ(bound.outcome.exit_status, 0) << bound.outcome.err;
    EXPECT_EQ(bound.result.at("beta"), 1.5);
    EXPECT_EQ(bound.result.at("loss"), bound.result.at("objective"));
    const double lambda = bound.result.at("lambda").get<double>();
    EXPECT_NEAR(lambda, values(bound.coefficients).level, 1e-4 * lambda);

    const LassoRun penalty = run({"--lambda", exact(lambda)}, workers);
    ASSERT_EQ(penalty.outcome.exit_status, 0) << penalty.outcome.err;
    EXPECT_TRUE(penalty.result.at("beta").is_null());
    EXPECT_EQ(penalty.result.at("lambda"), lambda);
    EXPECT_NEAR(penalty.result.at("l1_norm").get<double>(), 1.5, 1e-5);
    EXPECT_NEAR(penalty.result.at("loss").get<double>(), bound.result.at("loss").get<double>(),
                2e-5 * bound.result.at("loss").get<double>());
    const Values found = values(penalty.coefficients);
    EXPECT_NEAR(penalty.result.at("loss").get<double>(), found.loss, 1e-12 * found.loss);
    EXPECT_NEAR(penalty.result.at("objective").get<double>(), found.loss + lambda * found.l1_norm, 1e-12 * found.loss);
    EXPECT_FALSE(penalty.result.contains("path"));
    EXPECT_TRUE(penalty.result.at("intercept").is_null());
    EXPECT_EQ(penalty.path_text, "");
  }
}

TEST_F(Paths, WithoutAPenaltyThereAreLeastSquares) {
  const LassoRun free = run({"--lambda", "0"});
  ASSERT_EQ(free.outcome.exit_status, 0) << free.outcome.err;
  EXPECT_LE(free.result.at("loss").get<double>(), 1e-9 * free.result.at("null_objective").get<double>());
}

TEST_F(Paths, WhereTheFitIsNotExactARunWithoutAPenaltySaysThatItCannotBeCertified) {
  const std::string tall = scratch_.write("tall.libsvm", to_svmlight(random_instance("tall", 30, 4, 1.0, 93)));
  for (const char* lambda : {"0", "1e-14"}) {
    const Outcome outcome = run_program({"lasso", "--data", tall, "--lambda", lambda, "--workers", "2"});
    EXPECT_EQ(outcome.exit_status, 3);
    EXPECT_THAT(outcome.err, ::testing::HasSubstr("0 is certified only where the fit is exact"));
  }
  // Where a run stalls since nothing is as exact as was asked for, that is not why.
  const Outcome exact = run_program({"lasso", "--data", tall, "--lambda", "0.5", "--tolerance", "0", "--workers", "2"});
  EXPECT_THAT(exact.err, ::testing::Not(::testing::HasSubstr("why stalled")));
}

/// Every point against the problem by itself, in an order that is none.
TEST_F(Paths, PointsAreTheSolutionsOfTheSingleProblems) {
  struct Case {
    const char *option, *single, *values;
    Texts each;
  };
  for (const Case& path : {Case{"--beta-path", "--beta", "0.3,2,0.7,0.7", {"0.3", "2", "0.7", "0.7"}},
                           Case{"--lambda-path", "--lambda", "9,1,4,1e6,0.5", {"9", "1", "4", "1e6", "0.5"}}})
    for (const char* workers : {"1", "2", "3"}) {
      SCOPED_TRACE(fmt::format("{} {}, {} workers", path.option, path.values, workers));
      const LassoRun together = run({path.option, path.values}, workers);
      ASSERT_EQ(together.outcome.exit_status, 0) << together.outcome.err;
      const auto& points = together.result.at("path");
      ASSERT_EQ(points.size(), path.each.size());
      const auto parts = split_path(together.path_text, points.size());
      EXPECT_EQ(parts.back(), together.coefficients_text) << "coefficients.csv has the last point";
      for (std::size_t k = 0; k < points.size(); ++k) {
        const LassoRun alone = run({path.single, path.each[k]}, workers);
        const double f0 = alone.result.at("null_objective").get<double>();
        EXPECT_EQ(points[k].at("status"), "converged");
        EXPECT_LE(points[k].at("relative_gap").get<double>(), 1e-10);
        EXPECT_NEAR(points[k].at("objective").get<double>(), alone.result.at("objective").get<double>(), 1e-9 * f0);
        EXPECT_EQ(points[k].at("beta"), alone.result.at("beta"));
        if (alone.result.at("beta").is_null()) {
          EXPECT_EQ(points[k].at("lambda"), alone.result.at("lambda"));
        }
        const auto coefficients = parse_coefficients(parts[k]);
        EXPECT_EQ(points[k].at("nonzeros"), coefficients.size());
        const auto x = dense(coefficients, 160), y = dense(alone.coefficients, 160);
        for (std::size_t j = 0; j < x.size(); ++j) EXPECT_NEAR(x[j], y[j], 2e-4) << "point " << k << ", column " << j;
      }
      for (const char* field : {"lambda", "beta", "objective", "loss", "l1_norm", "nonzeros", "gap"})
        EXPECT_EQ(together.result.at(field), points.back().at(field)) << field;
    }
}

TEST_F(Paths, AutomaticOnesGoDownAtEqualRatiosFromWhereZeroIsOptimal) {
  const double largest = values({}).level;
  for (const auto& [more, ratio] : {std::pair{Texts{}, 0.01}, std::pair{Texts{"--lambda-min-ratio", "0.2"}, 0.2}}) {
    Texts arguments{"--path", "12"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    const LassoRun path = run(arguments, "3");
    ASSERT_EQ(path.outcome.exit_status, 0) << path.outcome.err;
    EXPECT_EQ(path.result.at("lambda_min_ratio"), ratio);
    const auto& points = path.result.at("path");
    ASSERT_EQ(points.size(), 12u);
    EXPECT_EQ(points[0].at("nonzeros"), 0);
    for (std::size_t k = 0; k < 12; ++k) {
      const double lambda = largest * std::pow(ratio, static_cast<double>(k) / 11);
      EXPECT_NEAR(points[k].at("lambda").get<double>(), lambda, 1e-9 * lambda);
      EXPECT_NEAR(points[k].at("gap").get<double>(), 0.0, 1e-10 * path.result.at("null_objective").get<double>());
    }
  }
}

TEST_F(Paths, OfMoreRowsThanColumnsGoFurther) {
  const std::string tall = scratch_.write("tall.libsvm", to_svmlight(random_instance("tall", 120, 15, 0.4, 82)));
  const LassoRun path = run_lasso({"--data", tall, "--path", "3", "--workers", "2"});
  EXPECT_EQ(path.result.at("lambda_min_ratio"), 1e-4);
}

TEST_F(Paths, AreToldOnStandardErrorInTwentyLinesAtMost) {
  const Texts many{"lasso", "--data", data_, "--path", "50", "--workers", "2", "--tolerance", "1e-4"};
  const Outcome outcome = run_program(many);
  EXPECT_EQ(outcome.exit_status, 0);
  EXPECT_EQ(outcome.out, "");
  EXPECT_THAT(outcome.err, HasSubstr("20 of 50 points are shown"));
  EXPECT_THAT(outcome.err, HasSubstr("\n     49  ")) << "the last point is among them";
  Texts quiet = many;
  quiet.insert(quiet.end(), {"--quiet", "--json"});
  const Outcome silent = run_program(quiet);
  EXPECT_EQ(silent.err, "");
  EXPECT_EQ(nlohmann::json::parse(silent.out).at("path").size(), 50u);
}

TEST_F(Paths, LeaveNoPathBehindInAFolderThatIsUsedAgain) {
  const std::string folder = scratch_.path("run");
  const auto solve = [&](const Texts& problem) {
    Texts arguments{"lasso", "--data", data_, "--workers", "2", "--quiet", "--output", folder};
    arguments.insert(arguments.end(), problem.begin(), problem.end());
    EXPECT_EQ(run_program(arguments).exit_status, 0);
  };
  solve({"--path", "3"});
  EXPECT_TRUE(std::filesystem::exists(folder + "/path.csv"));
  solve({"--lambda", "2"});
  EXPECT_FALSE(std::filesystem::exists(folder + "/path.csv"));
}

TEST_F(Paths, MadeShortByALimitHaveThePointsSoFar) {
  const LassoRun path = run({"--path", "60", "--lambda-min-ratio", "1e-3", "--max-clock", "12"}, "2");
  EXPECT_EQ(path.outcome.exit_status, 3);
  EXPECT_EQ(path.result.at("status"), "clock_limit");
  const auto& points = path.result.at("path");
  ASSERT_GT(points.size(), 1u);
  ASSERT_LT(points.size(), 60u);
  for (std::size_t k = 0; k + 1 < points.size(); ++k) EXPECT_EQ(points[k].at("status"), "converged");
  EXPECT_EQ(points.back().at("status"), "clock_limit");
  EXPECT_EQ(split_path(path.path_text, points.size()).back(), path.coefficients_text);
}

TEST_F(Paths, ThatAreInterruptedHaveThePointsSoFar) {
  for (const char* staleness : {"0", "3"}) {
    const std::string folder = scratch_.path(std::string("interrupted-") + staleness);
    Process job(command_line({"lasso", "--data", data_, "--path", "200", "--workers", "2", "--staleness", staleness,
                              "--tolerance", "1e-10", "--straggler", "worker=1,slowdown=100000", "--quiet", "--output",
                              folder}));
    ASSERT_TRUE(eventually(20.0, [&] { return find_worker(job, 1).has_value(); }));
    ::usleep(static_cast<useconds_t>(1.5e6 * slowness()));
    ASSERT_TRUE(job.signal(SIGINT)) << "it was over already";
    const Outcome outcome = job.wait(20.0);
    EXPECT_EQ(outcome.exit_status, 3) << outcome.err;
    const RunFiles files = read_run(folder);
    EXPECT_EQ(files.result.at("status"), "interrupted");
    const auto& points = files.result.at("path");
    ASSERT_GE(points.size(), 1u);
    ASSERT_LT(points.size(), 200u);
    EXPECT_EQ(points.back().at("status"), "interrupted");
    EXPECT_EQ(split_path(files.path_text, points.size()).back(), files.coefficients_text);
    EXPECT_EQ(run_program({"report", folder}).exit_status, 0);
  }
}

TEST_F(Paths, AreReplayedToTheSameBits) {
  const std::string recording = scratch_.path("recording");
  const Texts problem{"--data", data_, "--path", "8", "--workers", "3", "--staleness", "3", "--intercept"};
  const auto with = [&](const Texts& more) {
    Texts all = problem;
    all.insert(all.end(), more.begin(), more.end());
    return run_lasso(all);
  };
  const LassoRun recorded = with({"--record", recording}), replayed = with({"--replay", recording});
  ASSERT_EQ(recorded.outcome.exit_status, 0) << recorded.outcome.err;
  ASSERT_EQ(replayed.outcome.exit_status, 0) << replayed.outcome.err;
  EXPECT_EQ(replayed.path_text, recorded.path_text);
  for (const auto& [change, named] : std::vector<std::pair<Texts, std::string>>{
           {{"--standardize"}, "--standardize"}, {{"--lambda-min-ratio", "0.5"}, "--lambda-min-ratio"}}) {
    Texts more = change;
    more.insert(more.end(), {"--replay", recording});
    const LassoRun other = with(more);
    EXPECT_EQ(other.outcome.exit_status, 2);
    EXPECT_THAT(other.outcome.err, HasSubstr(named));
  }
  const LassoRun other = run_lasso(
      {"--data", data_, "--lambda", "2", "--workers", "3", "--staleness", "3", "--intercept", "--replay", recording});
  EXPECT_EQ(other.outcome.exit_status, 2);
  EXPECT_THAT(other.outcome.err, HasSubstr("--lambda"));
}

TEST_F(Paths, HaveAReport) {
  for (const Texts& problem : std::vector<Texts>{{"--lambda", "3"}, {"--path", "10"}, {"--beta-path", "0.5,1,1.5"}}) {
    const std::string folder = scratch_.path("run");
    Texts arguments{"lasso", "--data", data_, "--workers", "2", "--quiet", "--output", folder};
    arguments.insert(arguments.end(), problem.begin(), problem.end());
    ASSERT_EQ(run_program(arguments).exit_status, 0);
    const Outcome outcome = run_program({"report", folder});
    ASSERT_EQ(outcome.exit_status, 0) << outcome.err;
    const std::string page = ScratchDirectory::read(folder + "/report.html");
    EXPECT_EQ(page.find("<h2>Path</h2>") == std::string::npos, problem[0] == "--lambda");
    EXPECT_EQ(page.find("+\u00a0λ‖α‖₁") == std::string::npos, problem[0] == "--beta-path");
    EXPECT_THAT(page, Not(HasSubstr("nan")));
  }
}

}  // namespace
}  // namespace wolfpack::testing
