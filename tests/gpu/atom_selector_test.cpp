// The GPU backend against the oracle of the contract.
#include <algorithm>
#include <cmath>
#include <limits>
#include <random>
#include <stdexcept>
#include <vector>

#include <gtest/gtest.h>

#include "tests/gpu/selectors.hpp"

namespace wolfpack::gpu {
namespace {

using GpuAtomSelector = OnGpu;

TEST_F(GpuAtomSelector, ChoosesBySizeOfTheScoreInAHandSizedExample) {
  // Columns (1, 0), (0, -2), (1, 1) against w = (3, 2): scores 3, -4, 5.
  const Matrix matrix = DenseMatrix<double>{2, 3, {1, 0, 0, -2, 1, 1}};
  const auto selector = selector_of(matrix);
  const std::vector<double> dual{3.0, 2.0};
  for (int pass = 0; pass < 3; ++pass) {
    const SelectedAtoms best = selector->select({.dual = dual, .count = 2, .excluded = {}});
    ASSERT_EQ(column_numbers(best), (std::vector<Index>{2, 1}));
    EXPECT_EQ(best.atoms[0].score, 5.0);
    EXPECT_EQ(best.atoms[1].score, -4.0);
    EXPECT_EQ(best.largest_score, 5.0);
    EXPECT_EQ(best.columns_evaluated, 3);
  }
  EXPECT_NEAR(selector->largest_norm(), 2.0, 1e-12);
  EXPECT_GE(selector->largest_norm(), 2.0);
}

// Where all products and sums are exact, answers are equal to the bit, ties included.
TEST_F(GpuAtomSelector, EqualsTheReferenceToTheBitWhereSumsAreExact) {
  unsigned seed = 0;
  for (const Index rows : {0, 1, 3, 33, 130, 397}) {
    for (const Index columns : {0, 1, 2, 3, 41}) {
      std::mt19937_64 generator(++seed);
      const double density = seed % 2 == 0 ? 0.05 : 1.0;
      std::vector<double> values, dual;
      const auto draw = [&] { return static_cast<double>(generator() % 7) - 3.0; };
      for (Index k = 0; k < rows * columns; ++k)
        values.push_back(std::uniform_real_distribution<double>(0.0, 1.0)(generator) < density ? draw() : 0.0);
      for (Index i = 0; i < rows; ++i) dual.push_back(draw());
      const std::vector<Index> excluded = columns > 2 ? std::vector<Index>{0, 2, columns - 1} : std::vector<Index>{};
      for (const Matrix& matrix : all_storages(rows, columns, values)) {
        const auto reference = cpu::make_reference_atom_selector(view(matrix));
        const auto selector = selector_of(matrix);
        for (const double level : {0.0, 3.0}) {
          for (const std::size_t count : {0UL, 1UL, 4UL, 1000UL}) {
            SCOPED_TRACE(testing::Message() << rows << " x " << columns << ", storage " << matrix.index() << ", count "
                                            << count << ", level " << level);
            const SelectionRequest request{.dual = dual, .level = level, .count = count, .excluded = excluded};
            const SelectedAtoms actual = selector->select(request);
            const SelectedAtoms expected = reference->select(request);
            ASSERT_EQ(column_numbers(actual), column_numbers(expected));
            for (std::size_t k = 0; k < actual.atoms.size(); ++k)
              EXPECT_EQ(actual.atoms[k].score, expected.atoms[k].score);
            EXPECT_GE(actual.largest_score, expected.largest_score);
            EXPECT_LE(actual.largest_score, std::max(expected.largest_score, level));
          }
        }
      }
    }
  }
}

TEST_F(GpuAtomSelector, KeepsTheNarrowestTypeThatHoldsTheNumbers) {
  const auto storage = [](const Matrix& matrix) { return make_gpu_atom_selector(view(matrix)).storage; };
  EXPECT_EQ(storage(dense<double>(1, 2, {255.0, -0.5})), "dense bfloat16");
  EXPECT_EQ(storage(dense<float>(1, 2, {257.0, 1.0})), "dense float32");
  EXPECT_EQ(storage(dense<double>(1, 2, {257.0, 1.0})), "dense float32");
  EXPECT_EQ(storage(dense<double>(1, 2, {0.1, 1.0})), "dense float64");
  EXPECT_EQ(storage(dense<double>(1, 1, {1e300})), "dense float64");
  EXPECT_EQ(storage(sparse<double>(1, 2, {0.5, 1.0})), "sparse float32");
  EXPECT_EQ(storage(sparse<double>(1, 2, {0.1, 1.0})), "sparse float64");
}

TEST_F(GpuAtomSelector, GivesColumnsBackAsTheyCame) {
  std::mt19937_64 generator(4);
  for (const bool whole : {false, true}) {
    std::vector<double> values = hard_columns(37, 20, false, generator);
    if (whole)
      for (double& value : values) value = std::round(std::fmod(value, 100.0));
    for (const Matrix& matrix : all_storages(37, 20, values)) {
      const auto reference = cpu::make_reference_atom_selector(view(matrix));
      const auto selector = selector_of(matrix);
      const std::vector<double> dual(37, 1.0);
      (void)selector->select({.dual = dual, .count = 5, .excluded = {}});  // five of them come with the answer
      for (Index j = 0; j < 20; ++j) {
        const Column column = selector->column(j);
        const Column expected = reference->column(j);
        EXPECT_EQ(column.sparse, expected.sparse);
        EXPECT_EQ(column.rows, expected.rows);
        EXPECT_EQ(column.values, expected.values);
      }
    }
  }
}

TEST_F(GpuAtomSelector, GivesCentredAndScaledColumnsAndTheirNorms) {
  std::mt19937_64 generator(5);
  const std::vector<double> values = hard_columns(37, 30, true, generator);
  for (const Matrix& matrix : all_storages(37, 30, values)) {
    for (const int which : {1, 2, 3}) {
      SCOPED_TRACE(testing::Message() << "storage " << matrix.index() << ", transform " << which);
      const auto transform = cpu::column_transform(view(matrix), (which & 1) != 0, (which & 2) != 0);
      const auto reference = cpu::make_reference_atom_selector(view(matrix), transform);
      const auto selector = selector_of(matrix, transform);
      EXPECT_NEAR(selector->largest_norm() / reference->largest_norm(), 1.0, 1e-9);
      for (Index j = 0; j < 30; ++j) {
        EXPECT_EQ(selector->column(j).sparse, reference->column(j).sparse);
        EXPECT_EQ(selector->column(j).values, reference->column(j).values);
      }
    }
  }
}

TEST_F(GpuAtomSelector, BoundsTheLargestNormBeforeAndAfterAPass) {
  std::mt19937_64 generator(6);
  const std::vector<double> values = hard_columns(50, 30, false, generator);
  for (const Matrix& matrix : all_storages(50, 30, values)) {
    const double largest = cpu::make_reference_atom_selector(view(matrix))->largest_norm();
    const auto before = selector_of(matrix);
    EXPECT_GE(before->largest_norm(), largest * (1.0 - 1e-15));
    EXPECT_LE(before->largest_norm(), largest * (1.0 + 1e-12));
    const auto after = selector_of(matrix);
    const std::vector<double> dual(50, 1.0);
    (void)after->select({.dual = dual, .excluded = {}});
    EXPECT_EQ(after->largest_norm(), before->largest_norm());
  }
  const Matrix huge = dense<double>(2, 2, {3e200, 4e200, 3e-200, 4e-200});  // whose squares float64 does not hold
  EXPECT_NEAR(selector_of(huge)->largest_norm() / 5e200, 1.0, 1e-12);
  const Matrix tiny = dense<double>(2, 1, {3e-200, 4e-200});
  EXPECT_NEAR(selector_of(tiny)->largest_norm() / 5e-200, 1.0, 1e-12);
}

TEST_F(GpuAtomSelector, DuplicatesOfAColumnTieAndTheSmallerColumnComesFirst) {
  std::mt19937_64 generator(8);
  std::normal_distribution<double> normal;
  std::vector<double> values, dual;
  for (Index i = 0; i < 53; ++i) values.push_back(static_cast<double>(static_cast<float>(normal(generator))));
  for (Index i = 0; i < 53; ++i) dual.push_back(normal(generator));
  for (int copy = 1; copy < 70; ++copy)
    for (Index i = 0; i < 53; ++i) values.push_back((copy % 3 == 1 ? -1.0 : 1.0) * values[static_cast<std::size_t>(i)]);
  for (const Matrix& matrix : all_storages(53, 70, values)) {
    const auto selector = selector_of(matrix);
    for (int pass = 0; pass < 2; ++pass) {
      const SelectedAtoms best = selector->select({.dual = dual, .count = 4, .excluded = {}});
      EXPECT_EQ(column_numbers(best), (std::vector<Index>{0, 1, 2, 3}));
      for (const ScoredAtom& atom : best.atoms) EXPECT_EQ(std::abs(atom.score), best.largest_score);
    }
  }
}

// More contenders than the device ranks: the host does.
TEST_F(GpuAtomSelector, RanksAnyNumberOfContenders) {
  const Index columns = 3000;
  const Matrix matrix = DenseMatrix<float>{4, columns, LargeArray<float>(static_cast<std::size_t>(4 * columns), 1.0F)};
  const auto selector = selector_of(matrix);
  const std::vector<double> dual(4, 0.25);
  for (int pass = 0; pass < 2; ++pass) {
    const SelectedAtoms best = selector->select({.dual = dual, .count = 2000, .excluded = {}});
    ASSERT_EQ(best.atoms.size(), 2000U);
    for (Index k = 0; k < 2000; ++k) EXPECT_EQ(best.atoms[static_cast<std::size_t>(k)].column, k);
    EXPECT_EQ(best.largest_score, 1.0);
    EXPECT_EQ(selector->column(1999).values, std::vector<double>(4, 1.0));
  }
}

TEST_F(GpuAtomSelector, CountsExcludedColumnsInTheLargestScoreAndForgetsThemAfterwards) {
  const Matrix matrix = DenseMatrix<double>{2, 3, {3, 0, 0, 2, 1, 0}};
  const auto selector = selector_of(matrix);
  const std::vector<double> dual{1.0, 1.0};
  const auto best_without = [&](std::vector<Index> excluded) {
    const SelectedAtoms best = selector->select({.dual = dual, .count = 1, .excluded = excluded});
    EXPECT_EQ(best.largest_score, 3.0);
    return best.atoms.empty() ? Index{-1} : best.atoms[0].column;
  };
  EXPECT_EQ(best_without({0}), 1);
  EXPECT_EQ(best_without({0, 1}), 2);
  EXPECT_EQ(best_without({1}), 0);
  EXPECT_EQ(best_without({0, 1, 2}), -1);
  EXPECT_EQ(best_without({}), 0);
}

TEST_F(GpuAtomSelector, ColumnsThatAreNotFiniteHaveNoBound) {
  for (const double bad : {kInfinity, std::numeric_limits<double>::quiet_NaN()}) {
    const auto selector = selector_of(dense<double>(2, 3, {1, 0, bad, 1, 0, 1}));
    const std::vector<double> dual{1.0, 1.0};
    for (int pass = 0; pass < 3; ++pass)
      EXPECT_EQ(selector->select({.dual = dual, .level = 100.0, .count = 3, .excluded = {}}).largest_score, kInfinity);
    EXPECT_EQ(selector->largest_norm(), kInfinity);
  }
}

// Sums that leave the range of float32 on the way are found in float64.
TEST_F(GpuAtomSelector, EstimatesThatOverflowOrUnderflowAreEvaluated) {
  const double large = std::ldexp(1.0, 127), small = std::ldexp(1.0, -140);
  const Matrix matrix = dense<double>(3, 4, {large, large, -large, large, large, large, small, 0, 0, 0, small, small});
  for (const double scale : {1.0, 1e-300, 1e250}) {
    const auto selector = selector_of(matrix);
    const auto reference = cpu::make_reference_atom_selector(view(matrix));
    const std::vector<double> dual{scale, scale, scale};
    for (int pass = 0; pass < 2; ++pass) {
      const SelectedAtoms best = selector->select({.dual = dual, .count = 4, .excluded = {}});
      const SelectedAtoms expected = reference->select({.dual = dual, .count = 4, .excluded = {}});
      ASSERT_EQ(column_numbers(best), column_numbers(expected)) << scale;
      for (std::size_t k = 0; k < best.atoms.size(); ++k)
        EXPECT_NEAR(best.atoms[k].score / expected.atoms[k].score, 1.0, 1e-14);
    }
  }
}

// Columns that stay on the host are read from there: the answers are the same, wherever the border lies.
// A few long columns among short ones, in any of a warp's groups. Levels just below the score of each: an estimate that
// misses a part of the column loses it.
TEST_F(GpuAtomSelector, SharesLongSparseColumnsAmongManyThreads) {
  constexpr Index kRows = 1500;
  for (const Index columns : {1000, 150}) {  // groups of 4 and of 16 threads
    std::mt19937_64 generator(17);
    std::vector<double> values(static_cast<std::size_t>(kRows * columns), 0.0), dual;
    for (Index j = 0; j < columns; ++j) {
      const Index nonzeros = j % 211 == 3 ? kRows : j % 97 == 5 ? 600 : j % 4;
      for (Index k = 0; k < nonzeros; ++k)
        values[static_cast<std::size_t>(j * kRows + k * kRows / nonzeros)] =
            static_cast<double>(generator() % 15) - 7.0;
    }
    for (Index i = 0; i < kRows; ++i) dual.push_back(static_cast<double>(generator() % 7) - 3.0);
    for (const Matrix& matrix : {sparse<float>(kRows, columns, values), sparse<double>(kRows, columns, values)}) {
      const auto selector = selector_of(matrix);
      const auto reference = cpu::make_reference_atom_selector(view(matrix));
      EXPECT_NEAR(selector->largest_norm() / reference->largest_norm(), 1.0, 1e-12);
      const SelectedAtoms best = reference->select({.dual = dual, .count = 8, .excluded = {}});
      for (const ScoredAtom& atom : best.atoms) {
        const SelectionRequest request{.dual = dual, .level = std::abs(atom.score) - 0.5, .count = 20, .excluded = {}};
        EXPECT_EQ(column_numbers(selector->select(request)), column_numbers(reference->select(request)));
      }
    }
  }
}

TEST_F(GpuAtomSelector, TakesOnlyItsOwnColumnsOfASparseMatrix) {
  std::mt19937_64 generator(16);
  const auto whole = std::get<SparseMatrix<float>>(sparse<float>(30, 80, hard_columns(30, 80, true, generator)));
  const auto half = [&](Index first) {
    SparseView<float> view = whole.view();
    view.columns = 40;
    view.column_starts = view.column_starts.subspan(static_cast<std::size_t>(first), 41);
    return view;
  };
  const std::vector<double> dual(30, 1.0);
  std::uint64_t values = 0;
  for (const Index first : {0, 40}) {
    const auto reference = cpu::make_reference_atom_selector(half(first));
    const GpuSelector gpu = make_gpu_atom_selector(half(first));
    EXPECT_EQ(gpu.pinned_bytes, 0U);
    values += gpu.device_bytes;
    const std::uint64_t limit = (std::uint64_t{64} << 20) + gpu.device_bytes / 2;
    const GpuSelector far =
        make_gpu_atom_selector(half(first), {.lack = LackOfMemory::keep_on_host, .memory_limit = limit});
    const SelectionRequest request{.dual = dual, .count = 10, .excluded = {}};
    for (AtomSelector* selector : {gpu.selector.get(), far.selector.get()}) {
      EXPECT_EQ(column_numbers(selector->select(request)), column_numbers(reference->select(request)));
      for (Index j = 0; j < 40; ++j) EXPECT_EQ(selector->column(j).values, reference->column(j).values);
    }
  }
  EXPECT_LT(values, make_gpu_atom_selector(whole.view()).device_bytes + 5'000);
}

TEST_F(GpuAtomSelector, AnEstimateThatOverflowedSurpassesNobody) {
  const double large = std::ldexp(1.0, 127), small = std::ldexp(1.0, -10);
  const Matrix matrix = dense<float>(3, 2, {large, large, -large, 1.9 * large, 0, 0});
  const auto selector = selector_of(matrix);
  const std::vector<double> dual{small, small, small};
  for (int pass = 0; pass < 3; ++pass) {
    const SelectedAtoms best = selector->select({.dual = dual, .count = 1, .excluded = {}});
    EXPECT_EQ(column_numbers(best), std::vector<Index>{1});
    EXPECT_NEAR(best.largest_score / (1.9 * large * small), 1.0, 1e-6);
  }
}

TEST_F(GpuAtomSelector, TellsScoresApartWhateverTheirSize) {
  std::mt19937_64 generator(15);
  std::normal_distribution<double> normal;
  std::vector<double> values;
  for (int k = 0; k < 20 * 2000; ++k) values.push_back(static_cast<double>(static_cast<float>(normal(generator))));
  const Matrix matrix = dense<float>(20, 2000, values);
  for (const double scale : {1e-200, 1e-44, 1.0, 1e200}) {
    const auto selector = selector_of(matrix);
    std::vector<double> dual(20, scale);
    for (int pass = 0; pass < 2; ++pass) {
      const SelectedAtoms best = selector->select({.dual = dual, .count = 3, .excluded = {}});
      EXPECT_EQ(best.atoms.size(), 3U);
      if (pass == 1) {
        EXPECT_LT(best.bytes_read, 80U * (2000 + 40)) << scale;  // few contenders are read again
      }
    }
  }
}

TEST_F(GpuAtomSelector, ReadsFromTheHostWhatTheDeviceHasNoRoomFor) {
  std::mt19937_64 generator(12);
  for (const bool whole : {false, true}) {
    std::vector<double> values = hard_columns(45, 60, true, generator);
    if (whole)
      for (double& value : values) value = std::round(std::fmod(value, 100.0));
    std::vector<double> dual(45);
    for (double& value : dual) value = std::normal_distribution<double>()(generator);
    for (const Matrix& matrix : all_storages(45, 60, values)) {
      const GpuSelector all_near = make_gpu_atom_selector(view(matrix));
      EXPECT_EQ(all_near.pinned_bytes, 0U);
      bool was_mixed = false;
      for (std::uint64_t room = 0; room < all_near.device_bytes; room += all_near.device_bytes / 7) {
        const std::uint64_t limit = (std::uint64_t{64} << 20) + room;
        const GpuSelector far =
            make_gpu_atom_selector(view(matrix), {.lack = LackOfMemory::keep_on_host, .memory_limit = limit});
        was_mixed = was_mixed || (far.pinned_bytes > 0 && far.device_bytes > 0);
        for (int pass = 0; pass < 2; ++pass) {
          const SelectionRequest request{.dual = dual, .count = 60, .excluded = {}};
          const SelectedAtoms actual = far.selector->select(request);
          const SelectedAtoms expected = all_near.selector->select(request);
          ASSERT_EQ(column_numbers(actual), column_numbers(expected));
          for (std::size_t k = 0; k < actual.atoms.size(); ++k)
            EXPECT_EQ(actual.atoms[k].score, expected.atoms[k].score);
        }
        for (Index j = 0; j < 60; ++j) EXPECT_EQ(far.selector->column(j).values, all_near.selector->column(j).values);
        if (far.pinned_bytes > 0) {
          EXPECT_THROW((void)make_gpu_atom_selector(view(matrix), {.memory_limit = limit}), OutOfDeviceMemory);
        }
      }
      EXPECT_TRUE(was_mixed);
    }
  }
}

TEST_F(GpuAtomSelector, RefusesADualVectorOfAnotherLength) {
  const auto selector = selector_of(dense<float>(2, 1, {1, 2}));
  const std::vector<double> dual{1.0};
  EXPECT_THROW((void)selector->select({.dual = dual, .excluded = {}}), std::invalid_argument);
}

TEST_F(GpuAtomSelector, RefusesAViewThatContradictsItself) {
  const std::vector<Index> starts{0, 2};
  const std::vector<std::int32_t> rows{0, 5};
  const std::vector<float> values{1.0F, 2.0F};
  EXPECT_THROW((void)make_gpu_atom_selector(SparseView<float>{3, 1, starts, rows, values}), std::invalid_argument);
}

}  // namespace
}  // namespace wolfpack::gpu
