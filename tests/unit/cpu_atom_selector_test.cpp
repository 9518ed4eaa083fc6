#include <algorithm>
#include <cmath>
#include <limits>
#include <random>
#include <stdexcept>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "cpu/atom_selector.hpp"
#include "cpu/reference_atom_selector.hpp"
#include "tests/unit/cpu_problems.hpp"

namespace wolfpack::cpu {
namespace {

// The same numbers in all four storages; about `density` of them are not zero. With `integers` every product and sum is
// exact, so that answers must be equal to the bit, ties included.
struct Problem {
  std::vector<Matrix> storages;
  std::vector<double> dual;
};

Problem random_problem(Index rows, Index columns, double density, bool integers, unsigned seed) {
  std::mt19937_64 generator(seed);
  std::uniform_real_distribution<double> uniform(0.0, 1.0);
  const auto draw = [&] {
    const double value = 2.0 * uniform(generator) - 1.0;
    return integers ? std::round(3.0 * value) : static_cast<double>(static_cast<float>(value));
  };
  std::vector<double> values;
  for (Index i = 0; i < rows * columns; ++i) values.push_back(uniform(generator) < density ? draw() : 0.0);
  Problem problem{all_storages(rows, columns, values), {}};
  for (Index i = 0; i < rows; ++i) problem.dual.push_back(draw());
  return problem;
}

double norm(const std::vector<double>& values) {
  long double square = 0.0L;
  for (const double value : values) square += static_cast<long double>(value) * value;
  return static_cast<double>(std::sqrt(square));
}

void expect_equal(const SelectedAtoms& actual, const SelectedAtoms& expected) {
  EXPECT_EQ(column_numbers(actual), column_numbers(expected));
  for (std::size_t k = 0; k < std::min(actual.atoms.size(), expected.atoms.size()); ++k) {
    EXPECT_EQ(actual.atoms[k].score, expected.atoms[k].score);
  }
  EXPECT_EQ(actual.largest_score, expected.largest_score);
  EXPECT_EQ(actual.columns_evaluated, expected.columns_evaluated);
  EXPECT_EQ(actual.bytes_read, expected.bytes_read);
}

TEST(CpuAtomSelector, ChoosesBySizeOfTheScoreInAHandSizedExample) {
  // Columns (1, 0), (0, -2), (1, 1) against w = (3, 2): scores 3, -4, 5.
  const auto selector = make_cpu_atom_selector(DenseMatrix<double>{2, 3, {1, 0, 0, -2, 1, 1}});
  const std::vector<double> dual{3.0, 2.0};
  const SelectedAtoms best = selector->select({.dual = dual, .count = 2, .excluded = {}});
  ASSERT_EQ(column_numbers(best), (std::vector<Index>{2, 1}));
  EXPECT_EQ(best.atoms[0].score, 5.0);
  EXPECT_EQ(best.atoms[1].score, -4.0);
  EXPECT_EQ(best.largest_score, 5.0);
  EXPECT_EQ(best.columns_evaluated, 3);
  EXPECT_EQ(best.bytes_read, 48U);
}

TEST(CpuAtomSelector, EqualsTheReferenceToTheBitWhereSumsAreExact) {
  unsigned seed = 0;
  for (const Index rows : {0, 1, 2, 7, 33, 130}) {
    for (const Index columns : {0, 1, 2, 3, 5, 41}) {
      for (const double density : {0.05, 1.0}) {
        const Problem problem = random_problem(rows, columns, density, true, ++seed);
        const std::vector<Index> excluded = columns > 2 ? std::vector<Index>{0, 2, columns - 1} : std::vector<Index>{};
        for (const Matrix& matrix : problem.storages) {
          const auto reference = make_reference_atom_selector(view(matrix));
          for (const std::size_t count : {0UL, 1UL, 4UL, 1000UL}) {
            for (const double level : {0.0, 3.0}) {
              SCOPED_TRACE(testing::Message() << rows << " x " << columns << ", storage " << matrix.index()
                                              << ", count " << count << ", level " << level);
              const SelectionRequest request{
                  .dual = problem.dual, .level = level, .count = count, .excluded = excluded};
              expect_equal(make_cpu_atom_selector(view(matrix))->select(request), reference->select(request));
            }
          }
        }
      }
    }
  }
}

TEST(CpuAtomSelector, AgreesWithTheReferenceToFloat64RoundingOnRandomReals) {
  const Index rows = 391;
  const Problem problem = random_problem(rows, 157, 0.7, false, 42);
  for (const Matrix& matrix : problem.storages) {
    SCOPED_TRACE(testing::Message() << "storage " << matrix.index());
    const auto selector = make_cpu_atom_selector(view(matrix));
    const auto reference = make_reference_atom_selector(view(matrix));
    const SelectionRequest request{.dual = problem.dual, .count = 157, .excluded = {}};
    const SelectedAtoms actual = selector->select(request);
    const SelectedAtoms expected = reference->select(request);
    ASSERT_EQ(column_numbers(actual), column_numbers(expected));
    const double rounding = static_cast<double>(rows) * std::numeric_limits<double>::epsilon() *
                            reference->largest_norm() * norm(problem.dual);
    for (std::size_t k = 0; k < actual.atoms.size(); ++k) {
      EXPECT_NEAR(actual.atoms[k].score, expected.atoms[k].score, rounding);
    }
    EXPECT_NEAR(actual.largest_score, expected.largest_score, rounding);
  }
}

TEST(CpuAtomSelector, LaterPassesEqualTheFirstWhichAlsoComputesNorms) {
  const Problem problem = random_problem(77, 60, 0.6, false, 5);
  for (const Matrix& matrix : problem.storages) {
    const auto selector = make_cpu_atom_selector(view(matrix));
    const SelectionRequest request{.dual = problem.dual, .count = 60, .excluded = {}};
    const SelectedAtoms first = selector->select(request);
    expect_equal(selector->select(request), first);
  }
}

TEST(CpuAtomSelector, DuplicatesOfAColumnTieAndTheSmallerColumnComesFirst) {
  const Index rows = 53;
  const Problem problem = random_problem(rows, 1, 1.0, false, 6);
  const auto& one = std::get<DenseMatrix<double>>(problem.storages[1]).values;
  std::vector<double> values;
  for (int copy = 0; copy < 11; ++copy) {
    const double sign = copy % 3 == 1 ? -1.0 : 1.0;
    for (const double value : one) values.push_back(sign * value);
  }
  for (const Matrix& matrix : all_storages(rows, 11, values)) {
    SCOPED_TRACE(testing::Message() << "storage " << matrix.index());
    const auto selector = make_cpu_atom_selector(view(matrix));
    const SelectedAtoms best = selector->select({.dual = problem.dual, .count = 4, .excluded = {}});
    ASSERT_EQ(column_numbers(best), (std::vector<Index>{0, 1, 2, 3}));
    EXPECT_EQ(best.atoms[1].score, -best.atoms[0].score);
    EXPECT_EQ(best.atoms[3].score, best.atoms[0].score);
  }
}

TEST(CpuAtomSelector, TellsFloat32ColumnsApartThatFloat32SumsWouldNot) {
  // Both scores round to 2^24 in float32; only float64 sees that the second column's is larger by one.
  const auto selector = make_cpu_atom_selector(DenseMatrix<float>{2, 2, {16777216.0F, 0.0F, 16777216.0F, 1.0F}});
  const std::vector<double> dual{1.0, 1.0};
  const SelectedAtoms best = selector->select({.dual = dual, .count = 1, .excluded = {}});
  EXPECT_EQ(column_numbers(best), (std::vector<Index>{1}));
  EXPECT_EQ(best.largest_score, 16777217.0);
}

TEST(CpuAtomSelector, ExcludedColumnsAndTheLevelNarrowTheProposalsButNotTheLargestScore) {
  const auto selector = make_cpu_atom_selector(DenseMatrix<float>{1, 4, {9.0F, -5.0F, 4.0F, 5.0F}});
  const std::vector<double> dual{1.0};
  const std::vector<Index> excluded{0, 1};
  const SelectedAtoms best = selector->select({.dual = dual, .level = 4.0, .count = 4, .excluded = excluded});
  EXPECT_EQ(column_numbers(best), (std::vector<Index>{3}));  // a score equal to the level is not above it
  EXPECT_EQ(best.largest_score, 9.0);
}

TEST(CpuAtomSelector, NeverProposesAColumnOfScoreZero) {
  for (const Matrix& matrix : all_storages(2, 3, {0, 0, 1, -1, 0, 0})) {
    const auto selector = make_cpu_atom_selector(view(matrix));
    const std::vector<double> dual{2.0, 2.0};
    const SelectedAtoms best = selector->select({.dual = dual, .count = 3, .excluded = {}});
    EXPECT_TRUE(best.atoms.empty());
    EXPECT_EQ(best.largest_score, 0.0);
  }
}

TEST(CpuAtomSelector, ServesViewsWithAStride) {
  const std::vector<float> memory{1, 2, 99, 99, 3, 4, 99, 99};
  const auto selector = make_cpu_atom_selector(DenseView<float>{memory.data(), 2, 2, 4});
  const std::vector<double> dual{1.0, 1.0};
  const SelectedAtoms best = selector->select({.dual = dual, .count = 2, .excluded = {}});
  ASSERT_EQ(column_numbers(best), (std::vector<Index>{1, 0}));
  EXPECT_EQ(best.atoms[0].score, 7.0);
  EXPECT_EQ(selector->column(1).values, (std::vector<double>{3.0, 4.0}));
}

TEST(CpuAtomSelector, GivesColumnsInFloat64AsTheyAreStored) {
  for (Matrix& matrix : all_storages(3, 2, {0, 0, 0, 0.5, 0, -2})) {
    const bool is_sparse = matrix.index() >= 2;
    const auto selector = make_cpu_atom_selector(std::move(matrix));
    const Column column = selector->column(1);
    EXPECT_EQ(column.sparse, is_sparse);
    EXPECT_EQ(column.rows, is_sparse ? (std::vector<std::int32_t>{0, 2}) : std::vector<std::int32_t>{});
    EXPECT_EQ(column.values, is_sparse ? (std::vector<double>{0.5, -2}) : (std::vector<double>{0.5, 0, -2}));
    EXPECT_EQ(selector->column(0).values.size(), is_sparse ? 0U : 3U);
  }
}

TEST(CpuAtomSelector, LargestNormIsATightUpperBoundBeforeAndAfterAPass) {
  for (const double scale : {1.0, 1e30, 1e-30}) {
    Problem problem = random_problem(391, 40, 0.5, false, 7);
    const auto& stored = std::get<DenseMatrix<double>>(problem.storages[1]).values;
    std::vector<double> values(stored.begin(), stored.end());
    for (double& value : values) value = static_cast<double>(static_cast<float>(value * scale));
    for (const Matrix& matrix : all_storages(391, 40, values)) {
      const auto before = make_cpu_atom_selector(view(matrix));
      const auto after = make_cpu_atom_selector(view(matrix));
      static_cast<void>(after->select({.dual = problem.dual, .excluded = {}}));
      double exact = 0.0;
      for (Index j = 0; j < 40; ++j) exact = std::max(exact, norm(before->column(j).values));
      EXPECT_GE(before->largest_norm(), exact);
      EXPECT_LE(before->largest_norm(), exact * (1.0 + 1e-12));
      EXPECT_EQ(after->largest_norm(), before->largest_norm());
    }
  }
}

TEST(CpuAtomSelector, NormsSurviveSquaresThatFloat64CannotHold) {
  for (const double scale : {1e200, 1e-200}) {
    for (Matrix& matrix : std::vector<Matrix>{dense<double>(2, 2, {3 * scale, 4 * scale, 0, 0}),
                                              sparse<double>(2, 2, {3 * scale, 4 * scale, 0, 0})}) {
      const auto selector = make_cpu_atom_selector(std::move(matrix));
      EXPECT_NEAR(selector->largest_norm() / scale, 5.0, 1e-14);
      EXPECT_GE(selector->largest_norm(), 5.0 * scale * (1.0 - 1e-16));
    }
  }
}

TEST(CpuAtomSelector, ScoresKeepFloat64AccuracyAtScalesThatFloat32SumsCannotHold) {
  for (const auto& [entry, weight] :
       {std::pair{1e30, 1e30}, {1e-30, 1e-30}, {1e-30, 1e200}, {1e38, 1e3}, {1e-44, 1.0}}) {
    const auto stored = static_cast<float>(entry);
    const std::vector<double> dual{weight, weight};
    const auto selector = make_cpu_atom_selector(DenseMatrix<float>{2, 2, {stored, 0.0F, stored, stored}});
    const SelectedAtoms best = selector->select({.dual = dual, .count = 2, .excluded = {}});
    ASSERT_EQ(column_numbers(best), (std::vector<Index>{1, 0}));
    EXPECT_EQ(best.atoms[0].score, 2.0 * static_cast<double>(stored) * weight);
    EXPECT_EQ(best.largest_score, best.atoms[0].score);
  }
}

TEST(CpuAtomSelector, AScoreThatOverflowsBothWaysClaimsNoFiniteBound) {
  const auto selector = make_cpu_atom_selector(DenseMatrix<double>{2, 2, {1e200, 1e200, 1.0, 1.0}});
  const std::vector<double> dual{1e200, -1e200};
  const SelectedAtoms best = selector->select({.dual = dual, .count = 2, .excluded = {}});
  EXPECT_EQ(best.largest_score, std::numeric_limits<double>::infinity());
}

TEST(CpuAtomSelector, RefusesADualVectorOfAnotherLength) {
  for (Matrix& matrix : all_storages(3, 2, {1, 2, 3, 4, 5, 6})) {
    const auto selector = make_cpu_atom_selector(std::move(matrix));
    const std::vector<double> too_short(2);
    const std::vector<double> too_long(4);
    EXPECT_THROW(static_cast<void>(selector->select({.dual = too_short, .excluded = {}})), std::invalid_argument);
    EXPECT_THROW(static_cast<void>(selector->select({.dual = too_long, .excluded = {}})), std::invalid_argument);
  }
}

TEST(CpuAtomSelector, RefusesMatricesThatContradictThemselves) {
  const std::vector<float> memory(6);
  EXPECT_THROW(static_cast<void>(make_cpu_atom_selector(DenseView<float>{memory.data(), 3, 2, 2})),
               std::invalid_argument);
  const auto refuses = [](SparseMatrix<double> matrix) {
    EXPECT_THROW(static_cast<void>(make_cpu_atom_selector(std::move(matrix))), std::invalid_argument);
  };
  refuses({2, 2, {0, 1}, {0}, {1.0}});             // a start too few
  refuses({2, 1, {0, 2}, {0}, {1.0}});             // more values promised than there are
  refuses({2, 1, {0, 1}, {2}, {1.0}});             // a row out of range
  refuses({2, 1, {0, 2}, {1, 1}, {1.0, 1.0}});     // a row twice
  refuses({2, 2, {0, 2, 1}, {0, 1}, {1.0, 1.0}});  // starts that fall
  refuses({2, 1, {0, 2}, {0, 1}, {1.0}});          // an index without its value
}

TEST(CpuAtomSelector, NamesTheFirstColumnOutOfScale) {
  const std::vector<double> dual{1.0, 1.0};
  const auto first_of = [&](const std::vector<double>& values, ColumnTransform transform = {}) {
    const auto columns = static_cast<Index>(values.size() / 2);
    const Matrix stored = dense<double>(2, columns, values);
    const auto selector = make_cpu_atom_selector(view(stored), {.transform = std::move(transform)});
    (void)selector->select({.dual = dual, .count = 1, .excluded = {}});
    return selector->column_out_of_scale();
  };
  EXPECT_FALSE(first_of({1, 2, 0, 0, 1e-300, 1, 1e-130, 0, 1e130, 1}).has_value()) << "tiny values in normal columns";
  ASSERT_TRUE(first_of({1, 2, 0, 1e160, 1e-170, 0}).has_value());
  EXPECT_EQ(first_of({1, 2, 0, 1e160, 1e-170, 0})->column, 1);
  EXPECT_NEAR(first_of({1, 2, 0, 1e160, 1e-170, 0})->norm / 1e160, 1.0, 1e-12);
  EXPECT_EQ(first_of({1, 2, 0, 0, 1e-170, 0}).value().column, 2);
  // What is centred is the difference of larger numbers, to which it is exact.
  EXPECT_EQ(first_of({1, 2, 1e150, -1e150}, {.means = {1.5, 1e150}, .scales = {}}).value().column, 1);
  EXPECT_FALSE(first_of({1e150, -1e150}, {.means = {}, .scales = {1e150}}).has_value());
}

}  // namespace
}  // namespace wolfpack::cpu
