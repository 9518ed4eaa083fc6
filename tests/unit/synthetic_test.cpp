#include "experiments/data/synthetic.hpp"

#include <cmath>
#include <numeric>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "experiments/data/svmlight.hpp"
#include "tests/support/matrices.hpp"
#include "tests/support/scratch_directory.hpp"

namespace wolfpack::data {
namespace {

using ::testing::StartsWith;
using namespace wolfpack::testing;

double norm(const std::vector<double>& x) { return std::sqrt(std::inner_product(x.begin(), x.end(), x.begin(), 0.0)); }

std::vector<double> product(const SyntheticInstance& instance) {
  const NumberRows rows = to_rows(instance.matrix.view());
  std::vector<double> y;
  for (const auto& row : rows)
    y.push_back(std::inner_product(row.begin(), row.end(), instance.coefficients.begin(), 0.0));
  return y;
}

TEST(Synthetic, HasTheDensityUnitColumnsAndEmptyColumnsOfThePaper) {
  const SyntheticInstance instance =
      make_synthetic({.rows = 1000, .columns = 10000, .density = 0.001, .nonzeros = 100, .noise = 0.0, .seed = 1});
  const SparseMatrix<double>& a = instance.matrix;
  EXPECT_EQ(a.values.size(), 10000u) << "density * rows * columns";
  Index empty = 0;
  for (std::size_t j = 0; j < 10000; ++j) {
    const std::vector<double> column(a.values.begin() + a.column_starts[j], a.values.begin() + a.column_starts[j + 1]);
    if (column.empty()) {
      ++empty;
    } else {
      EXPECT_NEAR(norm(column), 1.0, 1e-15);
    }
  }
  EXPECT_NEAR(static_cast<double>(empty) / 10000, std::exp(-1.0), 0.02);
  EXPECT_TRUE(std::ranges::all_of(a.values, [](double x) { return x > 0.0 && x <= 1.0; }));
}

TEST(Synthetic, CoefficientsAreNonNegativeAndSumToOne) {
  const SyntheticInstance instance =
      make_synthetic({.rows = 50, .columns = 400, .density = 0.1, .nonzeros = 30, .noise = 0.0, .seed = 2});
  EXPECT_EQ(std::ranges::count_if(instance.coefficients, [](double x) { return x > 0.0; }), 30);
  EXPECT_EQ(std::ranges::count_if(instance.coefficients, [](double x) { return x < 0.0; }), 0);
  EXPECT_NEAR(std::accumulate(instance.coefficients.begin(), instance.coefficients.end(), 0.0), 1.0, 1e-14);
}

TEST(Synthetic, TheTargetIsExplainedUpToNoiseOfTheGivenLength) {
  SyntheticOptions options{.rows = 60, .columns = 200, .density = 0.2, .nonzeros = 20, .noise = 0.0, .seed = 3};
  const SyntheticInstance exact = make_synthetic(options);
  std::vector<double> difference = product(exact);
  for (std::size_t i = 0; i < difference.size(); ++i) difference[i] -= exact.target[i];
  EXPECT_LT(norm(difference), 1e-15);

  options.noise = 0.1;
  const SyntheticInstance noisy = make_synthetic(options);
  EXPECT_EQ(noisy.matrix.values, exact.matrix.values) << "noise changes the target only";
  EXPECT_EQ(noisy.coefficients, exact.coefficients);
  difference = noisy.target;
  for (std::size_t i = 0; i < difference.size(); ++i) difference[i] -= exact.target[i];
  EXPECT_NEAR(norm(difference), 0.1, 1e-14);
}

TEST(Synthetic, TheSeedDecidesEveryBit) {
  const SyntheticOptions options{.rows = 40, .columns = 90, .density = 0.3, .nonzeros = 9, .noise = 0.5, .seed = 4};
  const SyntheticInstance first = make_synthetic(options), second = make_synthetic(options);
  EXPECT_EQ(first.matrix.row_indices, second.matrix.row_indices);
  EXPECT_EQ(first.matrix.values, second.matrix.values);
  EXPECT_EQ(first.target, second.target);
  SyntheticOptions other = options;
  other.seed = 5;
  EXPECT_NE(make_synthetic(other).target, first.target);
}

TEST(Synthetic, TheStreamOfNumbersStaysWhatItWas) {
  // Published instances are named by their seed: a change here breaks them.
  const SyntheticInstance instance =
      make_synthetic({.rows = 2, .columns = 2, .density = 0.5, .nonzeros = 1, .noise = 0.25, .seed = 42});
  EXPECT_EQ(instance.matrix.column_starts, (std::vector<Index>{0, 0, 2}));
  EXPECT_EQ(instance.matrix.row_indices, (LargeArray<std::int32_t>{0, 1}));
  EXPECT_DOUBLE_EQ(instance.target[0], 1.0303405094188931);
  EXPECT_DOUBLE_EQ(instance.target[1], -0.067387595312534937);
}

TEST(Synthetic, DenseAndSmallestInstancesWork) {
  const SyntheticInstance dense =
      make_synthetic({.rows = 7, .columns = 5, .density = 1.0, .nonzeros = 5, .noise = 0.0, .seed = 6});
  EXPECT_EQ(dense.matrix.values.size(), 35u);
  EXPECT_EQ(std::ranges::count(dense.coefficients, 0.0), 0);
  EXPECT_EQ(make_synthetic({.rows = 7, .columns = 5, .density = 0.9, .nonzeros = 1, .noise = 0.0, .seed = 6})
                .matrix.values.size(),
            32u);
  const SyntheticInstance one =
      make_synthetic({.rows = 1, .columns = 1, .density = 1.0, .nonzeros = 1, .noise = 0.0, .seed = 7});
  EXPECT_EQ(one.matrix.values, LargeArray<double>{1.0});
  EXPECT_EQ(one.target, std::vector<double>{1.0});
}

TEST(Synthetic, SurvivesTheFile) {
  const ScratchDirectory scratch;
  const SyntheticInstance instance =
      make_synthetic({.rows = 30, .columns = 100, .density = 0.01, .nonzeros = 10, .noise = 0.1, .seed = 8});
  const std::string path = scratch.path("instance.libsvm.gz");
  write_svmlight(path, instance.matrix.view(), instance.target);
  const Dataset data = Dataset::open({.data = path, .target = ""});
  EXPECT_EQ(data.columns(), 100);
  EXPECT_EQ(data.target(), instance.target);
  EXPECT_EQ(std::get<SparseMatrix<double>>(data.load({0, 100})).values, instance.matrix.values);
}

TEST(Synthetic, RefusesOptionsByName) {
  const auto refusal = [](SyntheticOptions options) {
    return input_error([&] { static_cast<void>(make_synthetic(options)); });
  };
  EXPECT_THAT(refusal({.rows = 0}), StartsWith("--rows: 0 is out of range; expected 1 .. 2147483647"));
  EXPECT_THAT(refusal({.rows = Index{1} << 31}), StartsWith("--rows: 2147483648 is out of range"));
  EXPECT_THAT(refusal({.columns = -1}), StartsWith("--columns: -1 is out of range"));
  for (const double density : {0.0, -0.5, 1.5, std::nan("")})
    EXPECT_THAT(refusal({.density = density}), StartsWith("--density: "));
  EXPECT_THAT(refusal({.rows = 10, .columns = 100, .density = 1e-9}),
              StartsWith("--density: 1e-09 leaves no entry in 10 x 100"));
  EXPECT_THAT(refusal({.rows = 2147483647, .columns = 2147483647, .density = 1}),
              StartsWith("--density: 1 makes 4.61"));
  EXPECT_EQ(refusal({.columns = 50}), "--nonzeros: 100 is out of range; expected 1 .. 50, the number of columns");
  EXPECT_THAT(refusal({.nonzeros = 0}), StartsWith("--nonzeros: 0 is out of range"));
  for (const double noise : {-1.0, std::nan(""), HUGE_VAL})
    EXPECT_THAT(refusal({.noise = noise}), StartsWith("--noise: "));
}

}  // namespace
}  // namespace wolfpack::data
