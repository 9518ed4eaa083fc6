// --intercept and --standardize: coefficients of the data as they are, by the conditions that make them optimal and by
// glmnet.
#include <array>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "tests/support/lasso_instances.hpp"
#include "tests/support/lasso_run.hpp"
#include "tests/support/npy_bytes.hpp"

namespace wolfpack::testing {
namespace {

using Texts = std::vector<std::string>;

constexpr std::array<std::array<bool, 2>, 4> kScales{{{true, true}, {true, false}, {false, true}, {false, false}}};

Texts options(bool intercept, bool standardize) {
  Texts texts;
  if (intercept) texts.push_back("--intercept");
  if (standardize) texts.push_back("--standardize");
  return texts;
}

/// The whole matrix, so that it is stored dense.
std::string npy(const LassoInstance& instance) {
  std::vector<double> values;
  for (const auto& row : instance.rows) values.insert(values.end(), row.begin(), row.end());
  return npy_bytes(fmt::format("{{'descr': '<f8', 'fortran_order': False, 'shape': ({}, {}), }}\n",
                               instance.rows.size(), instance.columns()),
                   bytes_of(values));
}

std::string lines(const std::vector<double>& values) {
  std::string text;
  for (const double value : values) text += fmt::format("{:.17g}\n", value);
  return text;
}

/// Columns of different means and sizes, a third of the entries, and one column that is constant.
LassoInstance uneven_instance() {
  LassoInstance instance = random_instance("uneven", 60, 25, 1.0, 91, 0.35);
  for_each_entry(instance, [](double& value, std::size_t j) {
    if (value != 0) value = (value + 1.0 + 0.1 * static_cast<double>(j)) * std::pow(2.0, static_cast<double>(j % 5));
    if (j == 7) value = 3.0;
  });
  for (std::size_t i = 0; i < 60; ++i)
    instance.target[i] += 20.0 + instance.rows[i][2] - 0.5 * instance.rows[i][9] + 0.2 * instance.rows[i][20];
  return instance;
}

/// The column's standard deviation with 1 / n.
double deviation(const LassoInstance& instance, std::size_t j) {
  double sum = 0.0, squares = 0.0;
  for (const auto& row : instance.rows) sum += row[j];
  const double n = static_cast<double>(instance.rows.size()), mean = sum / n;
  for (const auto& row : instance.rows) squares += (row[j] - mean) * (row[j] - mean);
  return std::sqrt(squares / n);
}

/// By the conditions of Karush, Kuhn and Tucker for 1/2 ||y - b - A alpha||^2 + lambda sum_j s_j |alpha_j|.
void expect_optimal(const LassoInstance& instance, const LassoRun& run, double lambda, bool intercept,
                    bool standardize) {
  const auto x = dense(run.coefficients, instance.columns());
  const double b = intercept ? run.result.at("intercept").get<double>() : 0.0;
  if (!intercept) {
    EXPECT_TRUE(run.result.at("intercept").is_null());
  }
  std::vector<double> residual = instance.target;
  double loss = 0.0, sum = 0.0, norm = 0.0;
  for (std::size_t i = 0; i < residual.size(); ++i) {
    residual[i] -= b;
    for (std::size_t j = 0; j < x.size(); ++j) residual[i] -= instance.rows[i][j] * x[j];
    loss += residual[i] * residual[i] / 2;
    sum += residual[i];
  }
  if (intercept) {
    EXPECT_NEAR(sum, 0.0, 1e-8);
  }
  for (std::size_t j = 0; j < x.size(); ++j) {
    const double s = standardize ? deviation(instance, j) : 1.0;
    double score = 0.0;
    for (std::size_t i = 0; i < residual.size(); ++i) score += instance.rows[i][j] * residual[i];
    norm += s * std::abs(x[j]);
    if (x[j] != 0) {
      EXPECT_NEAR(score, std::copysign(lambda * s, x[j]), 1e-3 * lambda * s) << "column " << j;
    } else if (s > 1e-12) {
      EXPECT_LE(std::abs(score), lambda * s * (1 + 1e-3)) << "column " << j;
    }
  }
  EXPECT_NEAR(run.result.at("loss").get<double>(), loss, 1e-9 * loss);
  EXPECT_NEAR(run.result.at("objective").get<double>(), loss + lambda * norm, 1e-9 * loss);
  EXPECT_NEAR(run.result.at("l1_norm").get<double>(), norm, 1e-9 * norm);
}

TEST(OriginalScale, SolutionsAreOptimalForTheDataAsTheyAre) {
  const LassoInstance instance = uneven_instance();
  const ScratchDirectory scratch;
  const std::string sparse = scratch.write("a.libsvm", to_svmlight(instance)),
                    full = scratch.write("a.npy", npy(instance)),
                    target = scratch.write("y.txt", lines(instance.target));
  for (const auto& [intercept, standardize] : kScales)
    for (const char* workers : {"1", "2", "3"})
      for (const bool is_sparse : {true, false}) {
        SCOPED_TRACE(fmt::format("intercept {}, standardize {}, {} workers, sparse {}", intercept, standardize, workers,
                                 is_sparse));
        Texts arguments = options(intercept, standardize);
        arguments.insert(arguments.end(), {"--data", is_sparse ? sparse : full, "--lambda", "15", "--tolerance",
                                           "1e-12", "--workers", workers, "--threads", "2"});
        if (!is_sparse) arguments.insert(arguments.end(), {"--target", target});
        const LassoRun run = run_lasso(arguments);
        ASSERT_EQ(run.outcome.exit_status, 0) << run.outcome.err;
        EXPECT_EQ(run.result.at("storage"), is_sparse ? "sparse float64" : "dense float64");
        EXPECT_EQ(run.result.at("standardize"), standardize);
        EXPECT_EQ(run.result.at("threads_per_worker"), 2);
        expect_optimal(instance, run, 15.0, intercept, standardize);
        if (intercept || standardize) {
          EXPECT_EQ(dense(run.coefficients, 25)[7], 0.0) << "constant";
        }
      }
}

/// The penalty of a bound is the slope of its loss: of the scaled problem, whose norm is bounded.
TEST(OriginalScale, BoundsAreOnTheScaledCoefficients) {
  const LassoInstance instance = uneven_instance();
  const ScratchDirectory scratch;
  const LassoRun run = run_lasso({"--data", scratch.write("a.libsvm", to_svmlight(instance)), "--beta", "5",
                                  "--tolerance", "1e-12", "--workers", "2", "--intercept", "--standardize"});
  ASSERT_EQ(run.outcome.exit_status, 0) << run.outcome.err;
  double scaled = 0.0, original = 0.0;
  for (const auto& [index, value] : run.coefficients) {
    scaled += std::abs(value) * deviation(instance, static_cast<std::size_t>(index));
    original += std::abs(value);
  }
  EXPECT_NEAR(scaled, 5.0, 1e-9);
  EXPECT_NEAR(run.result.at("l1_norm").get<double>(), 5.0, 1e-9);
  EXPECT_NEAR(run.result.at("l1_norm_original").get<double>(), original, 1e-12);
}

TEST(OriginalScale, NullObjectiveIsThatOfTheCentredTarget) {
  const ScratchDirectory scratch;
  const LassoRun run = run_lasso({"--data", scratch.write("a.libsvm", "1 1:1\n3 2:1\n5 3:1\n"), "--lambda", "100",
                                  "--workers", "2", "--intercept"});
  EXPECT_EQ(run.result.at("null_objective"), 4.0);
  EXPECT_EQ(run.result.at("intercept"), 3.0);
  EXPECT_TRUE(run.coefficients.empty());
}

TEST(OriginalScale, WarmStartsFromConstantColumnsDoNoHarm) {
  const LassoInstance instance = uneven_instance();
  const ScratchDirectory scratch;
  const std::string data = scratch.write("a.libsvm", to_svmlight(instance));
  const LassoRun run =
      run_lasso({"--data", data, "--lambda", "15", "--tolerance", "1e-12", "--workers", "2", "--intercept",
                 "--standardize", "--warm-start", scratch.write("start.csv", "index,value\n7,1\n9,0.5\n")});
  ASSERT_EQ(run.outcome.exit_status, 0) << run.outcome.err;
  expect_optimal(instance, run, 15.0, true, true);
}

std::vector<double> r_numbers(const std::string& script) {
  std::vector<double> numbers;
  FILE* pipe = popen(("Rscript -e '" + script + "' 2> /dev/null").c_str(), "r");
  if (pipe == nullptr) return numbers;
  for (double value = 0.0; std::fscanf(pipe, "%lf", &value) == 1;) numbers.push_back(value);
  pclose(pipe);
  return numbers;
}

/// glmnet minimises 1 / (2 n) ||y - b - A alpha||^2 + lambda sum_j s_j |alpha_j|: its lambda is ours divided by n.
TEST(OriginalScale, PathsAreThoseOfGlmnet) {
  const std::string example = "/usr/lib/R/site-library/glmnet/data/QuickStartExample.rda";
  if (!std::filesystem::exists(example)) GTEST_SKIP() << "r-cran-glmnet is not installed";
  if (std::system("command -v Rscript > /dev/null") != 0)
    GTEST_SKIP() << "Rscript is not installed: r-base-core has it";
  const std::string load = "suppressMessages(library(glmnet)); load(\"" + example +
                           "\"); x <- QuickStartExample$x; y <- c(QuickStartExample$y); ";
  const std::vector<double> xy = r_numbers(load + "cat(sprintf(\"%.17g\", c(x, y)))");
  ASSERT_EQ(xy.size(), 2100u);
  const ScratchDirectory scratch;
  const std::string data =
      scratch.write("x.npy", npy_bytes("{'descr': '<f8', 'fortran_order': True, 'shape': (100, 20), }\n",
                                       bytes_of(std::vector<double>(xy.begin(), xy.begin() + 2000))));
  const std::string target = scratch.write("y.txt", lines({xy.begin() + 2000, xy.end()}));
  for (const auto& [intercept, standardize] : kScales) {
    SCOPED_TRACE(fmt::format("intercept {}, standardize {}", intercept, standardize));
    const auto fit =
        r_numbers(load + fmt::format("f <- glmnet(x, y, nlambda = 20, intercept = {}, standardize = {}, "
                                     "thresh = 1e-20, maxit = 1e7); cat(length(f$lambda), sprintf(\"%.17g\", "
                                     "c(f$lambda, f$a0, as.matrix(f$beta))))",
                                     intercept ? "TRUE" : "FALSE", standardize ? "TRUE" : "FALSE"));
    ASSERT_FALSE(fit.empty());
    const auto points = static_cast<std::size_t>(fit[0]);  // glmnet stops where little is left to explain
    ASSERT_GE(points, 8u);
    ASSERT_EQ(fit.size(), 1 + 22 * points);
    for (const char* workers : {"1", "2", "3"}) {
      Texts arguments = options(intercept, standardize);
      arguments.insert(arguments.end(), {"--data", data, "--target", target, "--path", "20", "--tolerance", "1e-13",
                                         "--workers", workers});
      const LassoRun run = run_lasso(arguments);
      ASSERT_EQ(run.outcome.exit_status, 0) << run.outcome.err;
      const auto parts = split_path(run.path_text, 20);
      for (std::size_t k = 0; k < points; ++k) {
        const auto& point = run.result.at("path")[k];
        EXPECT_NEAR(point.at("lambda").get<double>() / 100, fit[1 + k], 1e-9 * fit[1 + k]);
        EXPECT_NEAR(intercept ? point.at("intercept").get<double>() : 0.0, fit[1 + points + k], 1e-5) << "point " << k;
        const auto x = dense(parse_coefficients(parts[k]), 20);
        for (std::size_t j = 0; j < 20; ++j)
          EXPECT_NEAR(x[j], fit[1 + 2 * points + 20 * k + j], 1e-5) << "point " << k << ", column " << j;
      }
    }
  }
}

}  // namespace
}  // namespace wolfpack::testing
