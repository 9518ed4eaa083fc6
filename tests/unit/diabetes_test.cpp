// The diabetes data of Efron, Hastie, Johnstone and Tibshirani (2004), 442 x 10, against the path that R's lars gives:
// the residual sum of squares at each ||alpha||_1 where a variable enters. The data come from Debian's python3-sklearn.
#include <array>
#include <cmath>
#include <filesystem>
#include <numeric>
#include <sstream>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <zlib.h>

#include "frank_wolfe/corrective_step.hpp"

namespace wolfpack::frank_wolfe {
namespace {

const std::filesystem::path kFolder = "/usr/lib/python3/dist-packages/sklearn/datasets/data";

std::vector<double> read_numbers(const std::string& path) {
  std::string text;
  gzFile file = gzopen(path.c_str(), "rb");
  std::array<char, 4096> buffer{};
  for (int got = 0; (got = gzread(file, buffer.data(), buffer.size())) > 0;)
    text.append(buffer.data(), static_cast<std::size_t>(got));
  gzclose(file);
  std::istringstream stream(text);
  std::vector<double> numbers;
  for (double value = 0.0; stream >> value;) numbers.push_back(value);
  return numbers;
}

void centre(std::vector<double>& values) {
  const double mean = std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
  for (double& value : values) value -= mean;
}

TEST(Diabetes, FollowsThePathOfLars) {
  const std::string data = kFolder / "diabetes_data_raw.csv.gz";
  if (!std::filesystem::exists(data)) GTEST_SKIP() << data << " is absent: install python3-sklearn";
  const std::vector<double> numbers = read_numbers(data);
  std::vector<double> y = read_numbers(kFolder / "diabetes_target.csv.gz");
  ASSERT_EQ(numbers.size(), 4420u);
  ASSERT_EQ(y.size(), 442u);
  centre(y);
  EXPECT_NEAR(std::inner_product(y.begin(), y.end(), y.begin(), 0.0), 2621009.124, 1e-3);

  std::vector<Proposal> all(10);
  for (std::size_t j = 0; j < 10; ++j) {
    std::vector<double>& column = all[j].column.values;
    for (std::size_t i = 0; i < 442; ++i) column.push_back(numbers[i * 10 + j]);
    centre(column);
    const double norm = std::sqrt(std::inner_product(column.begin(), column.end(), column.begin(), 0.0));
    for (double& value : column) value /= norm;
    all[j].index = static_cast<Index>(j);
  }
  struct Knot {
    double l1_norm;
    double rss;
  };
  for (const Knot knot : {Knot{60.12148, 2510460.82},
                          {663.67728, 1700362.50},
                          {888.91037, 1527165.21},
                          {1440.78451, 1324122.18},
                          {1914.56407, 1275357.11},
                          {3459.97763, 1263985.79}}) {
    CorrectiveStep step(LeastSquares(y), l1_constraint(knot.l1_norm));
    EXPECT_TRUE(step.advance(all));
    // The norm is given to 5 decimals and lambda, the slope of 1/2 RSS, is below 950: so exact is the sum of squares.
    EXPECT_NEAR(2.0 * step.iterate().objective, knot.rss, 0.02) << "||alpha||_1 = " << knot.l1_norm;
  }
}

}  // namespace
}  // namespace wolfpack::frank_wolfe
