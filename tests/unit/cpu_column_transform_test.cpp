#include <cmath>
#include <limits>
#include <random>
#include <stdexcept>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "base/status.hpp"
#include "cpu/atom_selector.hpp"
#include "cpu/column_transform.hpp"
#include "cpu/reference_atom_selector.hpp"
#include "tests/unit/cpu_problems.hpp"

namespace wolfpack::cpu {
namespace {

double norm(const std::vector<double>& values) {
  long double square = 0.0L;
  for (const double value : values) square += static_cast<long double>(value) * value;
  return static_cast<double>(std::sqrt(square));
}

TEST(CpuColumnTransform, HasMeansAndDeviationsOfAHandSizedExample) {
  // (1, 3): mean 2, deviation 1. (0, 4): mean 2, deviation 2. (5, 5) and (0, 0) are constant.
  for (const Matrix& matrix : all_storages(2, 4, {1, 3, 0, 4, 5, 5, 0, 0})) {
    const ColumnTransform both = column_transform(view(matrix), true, true);
    EXPECT_EQ(both.means, (std::vector<double>{2, 2, 5, 0}));
    EXPECT_EQ(both.scales, (std::vector<double>{1, 2, 0, 0}));
    EXPECT_TRUE(column_transform(view(matrix), true, false).scales.empty());
    const ColumnTransform scaled = column_transform(view(matrix), false, true);
    EXPECT_TRUE(scaled.means.empty());
    EXPECT_EQ(scaled.scales, both.scales);  // deviations from the mean even where nothing is centred
    EXPECT_TRUE(column_transform(view(matrix), false, false).scales.empty());
  }
}

TEST(CpuColumnTransform, KeepsDigitsThatALargeMeanWouldDrown) {
  std::vector<double> values;
  for (int i = 0; i < 100; ++i) values.push_back(1e9 + (i % 2 == 0 ? 0.25 : -0.25));
  EXPECT_EQ(column_transform(view(dense<double>(100, 1, values)), true, true).scales[0], 0.25);
}

TEST(CpuColumnTransform, FindsConstantColumnsExactly) {
  for (const double value : {0.1, -1e-300, 1e300, 3.0}) {
    const std::vector<double> values(77, value);
    const ColumnTransform transform = column_transform(view(dense<double>(77, 1, values)), true, true);
    EXPECT_EQ(transform.means[0], value);
    EXPECT_EQ(transform.scales[0], 0.0);
  }
}

TEST(CpuColumnTransform, ScalesBeyondFloat64SquaresAreRefusedAndNotTakenForConstants) {
  const auto refused = [](const std::vector<double>& column, bool centre, bool standardize) {
    const auto rows = static_cast<Index>(column.size());
    std::vector<double> values(column.size());  // column 7 + 0 is a good one
    values.back() = 1.0;
    values.insert(values.end(), column.begin(), column.end());
    for (const Matrix& matrix : {Matrix(dense<double>(rows, 2, values)), Matrix(sparse<double>(rows, 2, values))}) {
      try {
        check_scale(column_transform(view(matrix), centre, standardize), 7);
        return std::string();
      } catch (const InputError& error) {
        EXPECT_NE(std::string(error.what()).find("column 8"), std::string::npos) << error.what();
        EXPECT_NE(std::string(error.what()).find("accepted"), std::string::npos) << error.what();
      }
    }
    return std::string("refused");
  };
  for (const double scale : {1e-320, 1e-170, 1e-145, 1e145, 1e160, 1e170, 1e300}) {
    EXPECT_EQ(refused({scale, 3 * scale, 0, -scale}, false, true), "refused") << scale;
    EXPECT_EQ(refused({scale, 3 * scale, 2 * scale, 4 * scale}, true, true), "refused") << scale;
  }
  EXPECT_EQ(refused({1e145, 1e145, 1e145}, true, false), "refused");
  EXPECT_EQ(refused({1e-130, 0, 3e-130}, true, true), "");
  EXPECT_EQ(refused({1e130, 0, 3e130}, true, true), "");
  EXPECT_EQ(refused({1e-300, 1, 2}, true, true), "") << "a tiny value in a normal column";
  EXPECT_EQ(refused({1e-170, 1e-170}, false, true), "") << "constant";
}

TEST(CpuColumnTransform, EveryStorageSelectsLikeTheReferenceOfTransformedColumns) {
  std::mt19937_64 generator(5);
  const Index rows = 50;
  const Index columns = 80;
  const auto values = hard_columns(rows, columns, true, generator);
  DualWalk duals(rows, generator);
  for (const Matrix& matrix : all_storages(rows, columns, values)) {
    for (const int which : {1, 2, 3}) {
      SCOPED_TRACE(testing::Message() << "storage " << matrix.index() << ", transform " << which);
      const ColumnTransform transform = column_transform(view(matrix), (which & 1) != 0, (which & 2) != 0);
      const auto selector = make_cpu_atom_selector(view(matrix), {.threads = 1, .transform = transform});
      const auto reference = make_reference_atom_selector(view(matrix), transform);
      const SelectionRequest request{.dual = duals.dual(), .level = 1e-6, .count = 80, .excluded = {}};
      const SelectedAtoms actual = selector->select(request);
      const SelectedAtoms expected = reference->select(request);
      ASSERT_EQ(actual.atoms.size(), expected.atoms.size());
      std::vector<double> scores(static_cast<std::size_t>(columns));
      for (const ScoredAtom& atom : expected.atoms) scores[static_cast<std::size_t>(atom.column)] = atom.score;
      // What cancels is the stored column, before it is centred.
      const auto stored = make_reference_atom_selector(view(matrix));
      for (const ScoredAtom& atom : actual.atoms) {
        const auto j = static_cast<std::size_t>(atom.column);
        const double scale = transform.scales.empty() ? 1.0 : transform.scales[j];
        const double size = norm(stored->column(atom.column).values) / scale * norm(duals.dual());
        EXPECT_NEAR(atom.score, scores[j], 50.0 * std::numeric_limits<double>::epsilon() * size);
      }
      EXPECT_NEAR(actual.largest_score, expected.largest_score, 1e-10 * expected.largest_score);
      EXPECT_NEAR(selector->largest_norm(), reference->largest_norm(), 1e-10 * reference->largest_norm());
      for (Index j = 0; j < columns; ++j) {
        EXPECT_EQ(selector->column(j).sparse, matrix.index() >= 2 && which == 2);
        EXPECT_EQ(selector->column(j).values, reference->column(j).values);
        if (which == 3 && transform.scales[static_cast<std::size_t>(j)] > 0.0) {
          EXPECT_NEAR(norm(selector->column(j).values), std::sqrt(50.0), 1e-9);
        }
      }
    }
  }
}

TEST(CpuColumnTransform, ConstantColumnsAreNeverProposed) {
  const std::vector<double> constant(33, 0.1);
  std::mt19937_64 generator(7);
  DualWalk duals(33, generator);
  for (const Matrix& matrix : all_storages(33, 1, constant)) {
    for (const bool standardize : {false, true}) {
      const auto selector = make_cpu_atom_selector(
          view(matrix), {.threads = 1, .transform = column_transform(view(matrix), true, standardize)});
      for (int pass = 0; pass < 3; ++pass, duals.step()) {
        const SelectedAtoms best = selector->select({.dual = duals.dual(), .excluded = {}});
        EXPECT_TRUE(best.atoms.empty());
        EXPECT_EQ(best.largest_score, 0.0);
      }
      EXPECT_EQ(selector->largest_norm(), 0.0);
      EXPECT_EQ(norm(selector->column(0).values), 0.0);
    }
  }
}

TEST(CpuColumnTransform, OfAnotherNumberOfColumnsIsRefused) {
  const Matrix matrix = dense<double>(1, 2, {1, 2});
  EXPECT_THROW(static_cast<void>(make_cpu_atom_selector(view(matrix), {.threads = 1, .transform = {{1.0}, {}}})),
               std::invalid_argument);
}

}  // namespace
}  // namespace wolfpack::cpu
