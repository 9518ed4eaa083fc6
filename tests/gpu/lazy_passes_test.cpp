// Long walks of a selector that remembers, held against the oracle, which does not.
#include <algorithm>
#include <cmath>
#include <limits>
#include <random>
#include <set>
#include <vector>

#include <gtest/gtest.h>

#include "tests/gpu/selectors.hpp"

namespace wolfpack::gpu {
namespace {

using GpuLazyPasses = OnGpu;

double norm(const std::vector<double>& values) {
  double square = 0.0;
  for (const double value : values) square += value * value;
  return std::sqrt(square);
}

// How far float64 sums may be from each other.
double rounding(AtomSelector& reference, const std::vector<double>& dual) {
  return static_cast<double>(dual.size() + 4) * std::numeric_limits<double>::epsilon() * reference.largest_norm() *
         norm(dual);
}

// The atoms are the oracle's, but for which of two scores comes first, or is above the level, where rounding decides.
void expect_agree(const SelectedAtoms& actual, const SelectedAtoms& expected, const SelectionRequest& request,
                  double rounding) {
  const std::size_t common = std::min(actual.atoms.size(), expected.atoms.size());
  for (std::size_t k = 0; k < common; ++k)
    EXPECT_NEAR(std::abs(actual.atoms[k].score), std::abs(expected.atoms[k].score), 2 * rounding) << k;
  for (std::size_t k = common; k < actual.atoms.size(); ++k)
    EXPECT_LE(std::abs(actual.atoms[k].score), request.level + 2 * rounding);
  for (std::size_t k = common; k < expected.atoms.size(); ++k)
    EXPECT_LE(std::abs(expected.atoms[k].score), request.level + 2 * rounding);
  for (const ScoredAtom& atom : actual.atoms) {
    EXPECT_GT(std::abs(atom.score), request.level);
    EXPECT_FALSE(std::binary_search(request.excluded.begin(), request.excluded.end(), atom.column));
  }
  const std::vector<Index> numbers = column_numbers(actual);
  EXPECT_EQ(std::set<Index>(numbers.begin(), numbers.end()).size(), numbers.size());
  EXPECT_GE(actual.largest_score, expected.largest_score - rounding);
  EXPECT_LE(actual.largest_score, std::max(expected.largest_score, request.level) + rounding);
}

// By how much larger the numbers are that cancel in centred columns: the largest stored norm beside the largest norm,
// both scaled.
double cancellation(const Matrix& matrix, AtomSelector& centred) {
  const auto stored = cpu::make_reference_atom_selector(view(matrix));
  double most = 1.0;
  for (Index j = 0; j < centred.columns(); ++j) {
    const double scaled = norm(centred.column(j).values);
    if (scaled == 0.0) continue;
    const Column column = stored->column(j);
    double mean = 0.0;
    for (const double value : column.values) mean += value / static_cast<double>(centred.rows());
    std::vector<double> deviations(static_cast<std::size_t>(centred.rows()), -mean);
    for (std::size_t k = 0; k < column.values.size(); ++k)
      deviations[column.sparse ? static_cast<std::size_t>(column.rows[k]) : k] = column.values[k] - mean;
    const double scale = norm(deviations) / scaled;
    most = std::max(most, 2.0 * norm(column.values) / scale / centred.largest_norm());
  }
  return most;
}

// A selector that remembers, on a long walk, held against the oracle, which does not. Returns the share of columns it
// looked at.
double walk(const Matrix& matrix, int steps, std::mt19937_64& generator, bool centre = false,
            bool standardize = false) {
  const cpu::ColumnTransform transform = cpu::column_transform(view(matrix), centre, standardize);
  const auto lazy = selector_of(matrix, transform);
  const auto reference = cpu::make_reference_atom_selector(view(matrix), transform);
  const Index columns = lazy->columns();
  const double magnification = centre ? cancellation(matrix, *reference) : 1.0;
  DualWalk duals(lazy->rows(), generator);
  std::uniform_real_distribution<double> uniform(0.0, 1.0);
  Index evaluated = 0;
  for (int step = 0; step < steps; ++step, duals.step()) {
    SCOPED_TRACE(testing::Message() << "step " << step);
    const double off = magnification * rounding(*reference, duals.dual());
    const SelectedAtoms all =
        reference->select({.dual = duals.dual(), .count = static_cast<std::size_t>(columns), .excluded = {}});
    double level = uniform(generator) < 0.1 ? 0.0 : all.largest_score * 1.2 * uniform(generator);
    if (!all.atoms.empty() && generator() % 2 == 0)
      level = std::nextafter(std::abs(all.atoms[generator() % all.atoms.size()].score), 0.0);
    std::vector<Index> excluded;
    for (Index j = 0; j < columns; ++j)
      if (generator() % 9 == 0) excluded.push_back(j);
    const SelectionRequest request{.dual = duals.dual(),
                                   .level = level,
                                   .count = generator() % 30,
                                   .excluded = excluded,
                                   .candidates_only = generator() % 3 == 0};
    const SelectedAtoms actual = lazy->select(request);
    evaluated += actual.columns_evaluated;
    if (actual.largest_score == kInfinity && request.candidates_only) {
      for (const ScoredAtom& atom : actual.atoms) EXPECT_GT(std::abs(atom.score), level);
      continue;
    }
    expect_agree(actual, reference->select(request), request, off);
    if (level == 0.0) {
      EXPECT_EQ(actual.columns_evaluated, columns);
    }
  }
  return static_cast<double>(evaluated) / static_cast<double>(columns * steps);
}

TEST_F(GpuLazyPasses, LazyPassesAnswerLikeFullOnes) {
  double share = 0.0;
  int walks = 0;
  for (unsigned seed = 0; seed < 6; ++seed) {
    std::mt19937_64 generator(seed);
    const Index rows = 3 + static_cast<Index>(generator() % 200);
    const Index columns = seed % 2 == 0 ? 90 : 600;
    auto values = hard_columns(rows, columns, seed == 3, generator);
    if (seed == 4)
      for (double& value : values) value = std::round(std::fmod(value, 100.0));  // bfloat16
    const auto storages = all_storages(rows, columns, values);
    for (const Matrix& matrix : storages) {
      SCOPED_TRACE(testing::Message() << "seed " << seed << ", storage " << matrix.index());
      share += walk(matrix, 25, generator);
      ++walks;
    }
  }
  EXPECT_LT(share / walks, 0.8);  // else nothing lazy was put to the test
}

TEST_F(GpuLazyPasses, AnswerLikeFullOnesOfCentredAndScaledColumns) {
  std::mt19937_64 generator(31);
  const auto values = hard_columns(45, 200, false, generator);
  for (const Matrix& matrix : all_storages(45, 200, values)) {
    for (const int transform : {1, 2, 3}) {
      SCOPED_TRACE(testing::Message() << "storage " << matrix.index() << ", transform " << transform);
      walk(matrix, 20, generator, (transform & 1) != 0, (transform & 2) != 0);
    }
  }
}

TEST_F(GpuLazyPasses, LazyPassesAnswerLikeFullOnesWhenMoreDualVectorsPassThanAreKept) {
  std::mt19937_64 generator(9);
  walk(dense<double>(20, 300, hard_columns(20, 300, true, generator)), 200, generator);
}

// Levels that a column passes by less than float32 can tell: it must not be lost, neither by its estimate nor, at the
// same dual vector again, by what was remembered of it.
TEST_F(GpuLazyPasses, MissNothingThatEstimatesBlur) {
  std::mt19937_64 generator(21);
  std::normal_distribution<double> normal;
  for (const bool whole : {false, true}) {  // float32, bfloat16
    std::vector<double> values;
    for (int k = 0; k < 150 * 300; ++k)
      values.push_back(whole ? std::round(40.0 * normal(generator)) : static_cast<float>(normal(generator)));
    for (const Matrix& matrix : {dense<float>(150, 300, values), sparse<float>(150, 300, values)}) {
      const auto selector = selector_of(matrix);
      const auto reference = cpu::make_reference_atom_selector(view(matrix));
      std::vector<double> dual(150);
      for (int walk = 0; walk < 8; ++walk) {
        for (double& value : dual) value = normal(generator);
        const SelectedAtoms all = reference->select({.dual = dual, .count = 300, .excluded = {}});
        const double off = rounding(*reference, dual);
        for (int look = 0; look < 6; ++look) {
          const SelectionRequest request{.dual = dual,
                                         .level = std::abs(all.atoms[generator() % 100].score) - 5 * off,
                                         .count = 300,
                                         .excluded = {}};
          const SelectedAtoms actual = selector->select(request);
          const SelectedAtoms expected = reference->select(request);
          EXPECT_EQ(column_numbers(actual).size(), column_numbers(expected).size()) << "walk " << walk;
          expect_agree(actual, expected, request, off);
        }
      }
    }
  }
}

// The dual vector leaves (1, 0, 0) along the second axis, step by step. Column j lies on the third, with the norm at
// which its bound passes the level after 60 + j steps: so each is evaluated at a dual vector of its own, more of them
// than are kept. Then the dual vector turns to where all columns lie.
TEST_F(GpuLazyPasses, MissNothingWhoseDualVectorWasForgotten) {
  constexpr Index kColumns = 200;
  constexpr double kStep = 0.01;
  std::vector<double> values;
  for (Index j = 0; j < kColumns; ++j)
    values.insert(values.end(), {0.0, 0.0, 1.0 / (kStep * static_cast<double>(60 + j))});
  const Matrix matrix = dense<double>(3, kColumns, values);
  const auto selector = selector_of(matrix);
  std::set<Index> passes_that_looked;
  for (Index pass = 0; pass < 60 + kColumns; ++pass) {
    const std::vector<double> dual{1.0, kStep * static_cast<double>(pass), 0.0};
    const SelectedAtoms best = selector->select({.dual = dual, .level = 0.9, .count = 5, .excluded = {}});
    EXPECT_TRUE(best.atoms.empty());
    if (best.columns_evaluated > 0) passes_that_looked.insert(pass);
  }
  EXPECT_GT(passes_that_looked.size(), 70U);
  const std::vector<double> dual{0.0, 0.0, 100.0};
  const SelectedAtoms best = selector->select({.dual = dual, .level = 0.9, .count = kColumns, .excluded = {}});
  EXPECT_EQ(best.atoms.size(), static_cast<std::size_t>(kColumns));
}

TEST_F(GpuLazyPasses, QuickRoundsReadTheCandidatesOfTheLastThoroughPass) {
  std::mt19937_64 generator(11);
  const Index columns = 2000;
  const Matrix matrix = dense<float>(30, columns, hard_columns(30, columns, true, generator));
  const auto selector = selector_of(matrix);
  DualWalk duals(30, generator);
  const SelectionRequest quick{.dual = duals.dual(), .count = 10, .excluded = {}, .candidates_only = true};
  const SelectedAtoms thorough = selector->select(quick);  // nothing is known yet
  EXPECT_EQ(thorough.columns_evaluated, columns);
  EXPECT_LT(thorough.largest_score, kInfinity);
  for (int round = 0; round < 80; ++round) {  // more rounds than dual vectors are kept
    const SelectedAtoms best = selector->select(quick);
    EXPECT_GE(best.columns_evaluated, 256);
    EXPECT_LE(best.columns_evaluated, 400);
    EXPECT_EQ(best.largest_score, kInfinity);
    EXPECT_EQ(column_numbers(best), column_numbers(thorough));  // the best columns are among the candidates
  }
}

TEST_F(GpuLazyPasses, ScreensOutNoColumnThatTheInequalityKeeps) {
  for (unsigned seed = 0; seed < 4; ++seed) {
    std::mt19937_64 generator(seed);
    const Index rows = 40;
    const Index columns = 400;
    const auto values = hard_columns(rows, columns, seed % 2 == 0, generator);
    const Matrix matrix = seed < 2 ? dense<double>(rows, columns, values) : dense<float>(rows, columns, values);
    const auto lazy = selector_of(matrix);
    const auto reference = cpu::make_reference_atom_selector(view(matrix));
    DualWalk duals(rows, generator);
    for (std::uint64_t problem = 0; problem < 3; ++problem) {
      std::set<Index> may_go;
      Index screened = 0;
      for (int step = 0; step < 6; ++step, duals.step()) {
        const SelectedAtoms scores = reference->select({.dual = duals.dual(), .count = 400, .excluded = {}});
        const double largest = scores.largest_score;
        const Screening screening{
            .radius = 0.01 * largest / reference->largest_norm() * static_cast<double>(generator() % 20),
            .level = 0.1 * largest * static_cast<double>(generator() % 6),
            .problem = problem};
        std::vector<double> score_of(static_cast<std::size_t>(columns), 0.0);
        for (const ScoredAtom& atom : scores.atoms) score_of[static_cast<std::size_t>(atom.column)] = atom.score;
        const double off = rounding(*reference, duals.dual());
        for (Index j = 0; j < columns; ++j) {
          const double reach =
              std::abs(score_of[static_cast<std::size_t>(j)]) + norm(reference->column(j).values) * screening.radius;
          if (reach - off < screening.level) may_go.insert(j);
        }
        const SelectedAtoms selected = lazy->select({.dual = duals.dual(),
                                                     .level = 0.3 * largest,
                                                     .count = 5,
                                                     .excluded = {},
                                                     .candidates_only = step == 3,
                                                     .screening = screening});
        EXPECT_GE(selected.columns_screened, screened);
        screened = selected.columns_screened;
        EXPECT_LE(screened, static_cast<Index>(may_go.size()));
        if (problem == 0 && step == 0 && screening.level > 0.0) {
          EXPECT_GE(screened + 10, static_cast<Index>(may_go.size()));
        }
      }
      // What the oracle still lists is there; what is not is screened out, or zero.
      const SelectedAtoms all = reference->select({.dual = duals.dual(), .count = 400, .excluded = {}});
      const Screening nothing_more{.radius = 0.0, .level = 0.0, .problem = problem};
      const SelectedAtoms left =
          lazy->select({.dual = duals.dual(), .count = 400, .excluded = {}, .screening = nothing_more});
      EXPECT_EQ(left.columns_evaluated, columns - screened);
      std::set<Index> listed;
      for (const ScoredAtom& atom : left.atoms) listed.insert(atom.column);
      for (const ScoredAtom& atom : all.atoms)
        EXPECT_TRUE(listed.count(atom.column) == 1 || may_go.count(atom.column) == 1) << atom.column;
    }
  }
}

TEST_F(GpuLazyPasses, ColumnsScreenedOutComeBackWithARequestThatHasNoScreening) {
  const Matrix matrix = dense<double>(2, 3, {3, 0, 0, 1, 0.1, 0});
  const auto selector = selector_of(matrix);
  const std::vector<double> dual{1.0, 1.0}, other{0.0, 4.0};
  const Screening screening{.radius = 0.0, .level = 2.0, .problem = 0};
  EXPECT_EQ(selector->select({.dual = dual, .count = 3, .excluded = {}, .screening = screening}).columns_screened, 2);
  const SelectedAtoms all = selector->select({.dual = other, .count = 3, .excluded = {}});  // another run begins
  EXPECT_EQ(all.columns_screened, 0);
  EXPECT_EQ(all.largest_score, 4.0) << "of a column that the run before had screened out";
  EXPECT_EQ(selector->select({.dual = dual, .count = 3, .excluded = {}, .screening = screening}).columns_screened, 2);
}

TEST_F(GpuLazyPasses, NamesTheFirstColumnOutOfScale) {
  const std::vector<double> dual{1.0, 1.0};
  for (const auto& [values, first] : std::vector<std::pair<std::vector<double>, Index>>{
           {{1, 2, 0, 1e160, 1e-170, 0}, 1}, {{1, 2, 0, 0, 1e-170, 0}, 2}, {{1, 2, 1e-300, 1, 1e130, 0}, -1}}) {
    const Matrix matrix = dense<double>(2, 3, values);
    const auto selector = selector_of(matrix);
    (void)selector->select({.dual = dual, .count = 1, .excluded = {}});
    const auto found = selector->column_out_of_scale();
    EXPECT_EQ(found ? found->column : -1, first);
  }
}

}  // namespace
}  // namespace wolfpack::gpu
