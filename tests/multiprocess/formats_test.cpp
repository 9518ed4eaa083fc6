// The same problem in every format that the program reads, gzipped or not, gives the same answer; and the diabetes data
// give R's.
#include <array>
#include <cmath>
#include <filesystem>
#include <numeric>
#include <sstream>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "tests/support/lasso_instances.hpp"
#include "tests/support/lasso_run.hpp"
#include "tests/support/npy_bytes.hpp"
#include "tests/support/slow_lasso.hpp"

namespace wolfpack::testing {
namespace {

/// Entries are multiples of 1/64: float32 and few digits of text hold them exactly.
LassoInstance coarse_instance() {
  auto instance = random_instance("coarse", 20, 13, 1.5, 41, 0.6);
  for_each_entry(instance, [](double& value, std::size_t) { value = std::round(value * 64) / 64; });
  for (double& value : instance.target) value = std::round(value * 64) / 64;
  instance.rows.back().back() = 1.0;  // every format says that the last column is there
  return instance;
}

template <class Number>
std::string matrix_npy(const LassoInstance& instance, bool fortran_order) {
  const std::size_t d = instance.rows.size(), n = instance.columns();
  std::vector<Number> values;
  for (std::size_t k = 0; k < d * n; ++k)
    values.push_back(static_cast<Number>(fortran_order ? instance.rows[k % d][k / d] : instance.rows[k / n][k % n]));
  return npy_bytes(fmt::format("{{'descr': '<f{}', 'fortran_order': {}, 'shape': ({}, {}), }}\n", sizeof(Number),
                               fortran_order ? "True" : "False", d, n),
                   bytes_of(values));
}

std::string vector_npy(const std::vector<double>& values, const std::string& second_dimension) {
  return npy_bytes(
      fmt::format("{{'descr': '<f8', 'fortran_order': False, 'shape': ({},{}), }}\n", values.size(), second_dimension),
      bytes_of(values));
}

std::string target_text(const LassoInstance& instance) {
  std::string text = "# a comment\n";
  for (const double value : instance.target) text += fmt::format("{}\n", value);
  return text;
}

/// With the target as the column "what is sought", in the middle.
std::string csv_text(const LassoInstance& instance) {
  const std::size_t middle = instance.columns() / 2;
  std::string text;
  for (std::size_t j = 0; j < instance.columns(); ++j)
    text +=
        fmt::format("{}c{}{}", j == middle ? "\"what is sought\"," : "", j, j + 1 == instance.columns() ? "\n" : ",");
  for (std::size_t i = 0; i < instance.rows.size(); ++i)
    for (std::size_t j = 0; j < instance.columns(); ++j)
      text += fmt::format("{}{}{}", j == middle ? fmt::format("{},", instance.target[i]) : "", instance.rows[i][j],
                          j + 1 == instance.columns() ? "\n" : ",");
  return text;
}

std::string matrix_market_text(const LassoInstance& instance) {
  std::string entries;
  std::size_t count = 0;
  for (std::size_t j = 0; j < instance.columns(); ++j)
    for (std::size_t i = 0; i < instance.rows.size(); ++i)
      if (instance.rows[i][j] != 0) {
        entries += fmt::format("{} {} {}\n", i + 1, j + 1, instance.rows[i][j]);
        ++count;
      }
  return fmt::format("%%MatrixMarket matrix coordinate real general\n% a comment\n{} {} {}\n", instance.rows.size(),
                     instance.columns(), count) +
         entries;
}

class Formats : public ::testing::Test {
 protected:
  /// Solves the file, plain and gzipped, and compares with what the slow solver says.
  void expect_same_answer(const std::string& name, const std::string& bytes,
                          const std::vector<std::string>& target) const {
    for (const bool gzipped : {false, true}) {
      SCOPED_TRACE(gzipped ? name + ".gz" : name);
      const std::string path = gzipped ? scratch_.write_gzipped(name + ".gz", bytes) : scratch_.write(name, bytes);
      std::vector<std::string> arguments{"--data", path, "--beta", "1.5", "--workers", "2", "--tolerance", "1e-10"};
      arguments.insert(arguments.end(), target.begin(), target.end());
      const LassoRun run = run_lasso(arguments);
      ASSERT_EQ(run.outcome.exit_status, 0) << run.outcome.err;
      EXPECT_EQ(run.result.at("rows"), 20);
      EXPECT_EQ(run.result.at("columns"), 13);
      std::vector<double> x(13, 0.0);
      for (const auto& [index, value] : run.coefficients) x.at(static_cast<std::size_t>(index)) = value;
      EXPECT_NEAR(slow_.objective(x), known_.objective, 1e-9 * slow_.objective({}));
    }
  }

  LassoInstance instance_ = coarse_instance();
  SlowLasso slow_{instance_};
  SlowSolution known_ = slow_.solve();
  ScratchDirectory scratch_;
  std::vector<std::string> text_target_{"--target", scratch_.write("y.txt", target_text(instance_))};
};

TEST_F(Formats, Svmlight) {
  expect_same_answer("a.libsvm", to_svmlight(instance_), {});
  expect_same_answer("a.svm", to_svmlight(instance_), {});
  expect_same_answer("a.LIBSVM", to_svmlight(instance_), text_target_);
}

TEST_F(Formats, Npy) {
  for (const bool fortran_order : {false, true}) {
    expect_same_answer("a.npy", matrix_npy<double>(instance_, fortran_order), text_target_);
    expect_same_answer("a.npy", matrix_npy<float>(instance_, fortran_order), text_target_);
  }
}

TEST_F(Formats, NpyTargets) {
  const std::string matrix = matrix_npy<double>(instance_, true);
  expect_same_answer("a.npy", matrix, {"--target", scratch_.write("y.npy", vector_npy(instance_.target, ""))});
  expect_same_answer("a.npy", matrix, {"--target", scratch_.write("y1.npy", vector_npy(instance_.target, " 1"))});
  expect_same_answer("a.npy", matrix,
                     {"--target", scratch_.write_gzipped("y.npy.gz", vector_npy(instance_.target, ""))});
}

TEST_F(Formats, MatrixMarket) { expect_same_answer("a.mtx", matrix_market_text(instance_), text_target_); }

TEST_F(Formats, Csv) { expect_same_answer("a.csv", csv_text(instance_), {"--target", "what is sought"}); }

std::vector<double> numbers_of(const std::string& path) {
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

/// Efron, Hastie, Johnstone and Tibshirani (2004); the residual sums of squares at these norms are those of R's lars.
/// Columns are centred and of unit norm.
TEST(DiabetesRun, MeetsThePathOfLars) {
  const std::string folder = "/usr/lib/python3/dist-packages/sklearn/datasets/data/";
  if (!std::filesystem::exists(folder + "diabetes_data_raw.csv.gz"))
    GTEST_SKIP() << folder << " is absent: install python3-sklearn";
  const std::vector<double> raw = numbers_of(folder + "diabetes_data_raw.csv.gz");
  std::vector<double> y = numbers_of(folder + "diabetes_target.csv.gz");
  ASSERT_EQ(raw.size(), 4420u);
  ASSERT_EQ(y.size(), 442u);
  centre(y);
  std::vector<double> by_columns;
  for (std::size_t j = 0; j < 10; ++j) {
    std::vector<double> column;
    for (std::size_t i = 0; i < 442; ++i) column.push_back(raw[i * 10 + j]);
    centre(column);
    const double norm = std::sqrt(std::inner_product(column.begin(), column.end(), column.begin(), 0.0));
    for (const double value : column) by_columns.push_back(value / norm);
  }
  const ScratchDirectory scratch;
  const std::string data = scratch.write(
      "x.npy", npy_bytes("{'descr': '<f8', 'fortran_order': True, 'shape': (442, 10), }\n", bytes_of(by_columns)));
  const std::string target = scratch.write("y.npy", vector_npy(y, ""));

  struct Knot {
    const char* l1_norm;
    double rss;
    std::size_t nonzeros;
    const char* workers;
    const char* staleness;
  };
  for (const Knot& knot : {Knot{"60.12148", 2510460.82, 1, "1", "bsp"}, Knot{"663.67728", 1700362.50, 3, "2", "3"},
                           Knot{"888.91037", 1527165.21, 4, "3", "bsp"}, Knot{"1440.78451", 1324122.18, 7, "4", "asp"},
                           Knot{"1914.56407", 1275357.11, 8, "5", "0"}, Knot{"3459.97763", 1263985.79, 10, "2", "1"}}) {
    SCOPED_TRACE(knot.l1_norm);
    const LassoRun run = run_lasso({"--data", data, "--target", target, "--beta", knot.l1_norm, "--workers",
                                    knot.workers, "--staleness", knot.staleness, "--tolerance", "1e-10"});
    ASSERT_EQ(run.outcome.exit_status, 0) << run.outcome.err;
    // The norm is given to 5 decimals and lambda, the slope of 1/2 RSS, is below 950: so exact is the sum of squares.
    EXPECT_NEAR(2 * run.result.at("objective").get<double>(), knot.rss, 0.02);
    std::size_t nonzeros = 0;  // at a knot the next variable may have entered already, with next to nothing
    for (const auto& coefficient : run.coefficients) nonzeros += std::abs(coefficient.value) > 1e-2;
    EXPECT_LE(nonzeros, knot.nonzeros);
  }
}

}  // namespace
}  // namespace wolfpack::testing
