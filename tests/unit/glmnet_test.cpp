// The lasso that glmnet's authors solved with CVX (their vignette, "Appendix 1"): QuickStartExample, 100 x 20, no
// intercept, no standardisation, 1/2 RSS + 4 ||alpha||_1. Data and answer come with Debian's r-cran-glmnet and are read
// by R.
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "frank_wolfe/corrective_step.hpp"

namespace wolfpack::frank_wolfe {
namespace {

const std::filesystem::path kFolder = "/usr/lib/R/site-library/glmnet/data/";

// x by columns, y, and CVX's coefficients.
std::vector<double> read_with_r() {
  const std::string folder = kFolder;
  const std::string command =
      "R_DEFAULT_PACKAGES=NULL Rscript -e 'load(\"" + folder + "QuickStartExample.rda\"); load(\"" + folder +
      "CVXResults.RData\"); cat(sprintf(\"%.17g\", c(QuickStartExample$x, QuickStartExample$y, beta_CVX)))'";
  std::vector<double> numbers;
  FILE* pipe = popen(command.c_str(), "r");
  if (pipe == nullptr) return numbers;
  for (double value = 0.0; std::fscanf(pipe, "%lf", &value) == 1;) numbers.push_back(value);
  pclose(pipe);
  return numbers;
}

TEST(Glmnet, AgreesWithCvxOnTheQuickStartExample) {
  if (!std::filesystem::exists(kFolder / "CVXResults.RData")) GTEST_SKIP() << "r-cran-glmnet is not installed";
  if (std::system("command -v Rscript > /dev/null") != 0)
    GTEST_SKIP() << "Rscript is not installed: r-base-core has it";
  const std::vector<double> numbers = read_with_r();
  ASSERT_EQ(numbers.size(), 2000u + 100u + 20u);
  const std::vector<double> expected(numbers.end() - 20, numbers.end());
  std::vector<Proposal> all(20);
  double radius = 0.0;
  for (std::size_t j = 0; j < 20; ++j) {
    const auto column = numbers.begin() + static_cast<std::ptrdiff_t>(100 * j);
    all[j] = {static_cast<Index>(j), 0.0, {false, {}, {column, column + 100}}};
    radius += std::fabs(expected[j]);
  }
  CorrectiveStep step(LeastSquares({numbers.begin() + 2000, numbers.begin() + 2100}), l1_constraint(radius));
  EXPECT_TRUE(step.advance(all));
  const Iterate& found = step.iterate();
  std::vector<double> alpha(20, 0.0);
  for (std::size_t k = 0; k < found.columns.size(); ++k)
    alpha[static_cast<std::size_t>(found.columns[k])] = found.weights[k];
  for (std::size_t j = 0; j < 20; ++j) EXPECT_NEAR(alpha[j], expected[j], 1e-8) << "coefficient " << j;
  EXPECT_NEAR(found.level, 4.0, 1e-6);
}

}  // namespace
}  // namespace wolfpack::frank_wolfe
