// Long walks of a selector that remembers, held against selectors that know nothing: the answers must be the same.
#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>
#include <random>
#include <set>
#include <vector>

#include <gtest/gtest.h>

#include "cpu/atom_selector.hpp"
#include "cpu/reference_atom_selector.hpp"
#include "tests/unit/cpu_problems.hpp"

namespace wolfpack::cpu {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

std::vector<std::pair<Index, double>> listed(const SelectedAtoms& selected) {
  std::vector<std::pair<Index, double>> atoms;
  for (const ScoredAtom& atom : selected.atoms) atoms.emplace_back(atom.column, atom.score);
  return atoms;
}

double largest_score(AtomSelector& selector, const std::vector<double>& dual) {
  return selector.select({.dual = dual, .count = 0, .excluded = {}}).largest_score;
}

// A level that some columns pass and most do not, or none, or all.
double random_level(double largest, std::mt19937_64& generator) {
  const double kind = std::uniform_real_distribution<double>(0.0, 1.0)(generator);
  if (kind < 0.1) return 0.0;
  return largest * (kind < 0.2 ? 1.5 : kind < 0.3 ? 1.0 : kind);
}

std::vector<Index> random_columns(Index columns, std::mt19937_64& generator) {
  std::vector<Index> chosen;
  for (Index j = 0; j < columns; ++j) {
    if (generator() % 9 == 0) chosen.push_back(j);
  }
  return chosen;
}

struct Setting {
  const Matrix& matrix;
  bool centre = false;
  bool standardize = false;
  std::size_t threads = 1;
  QuantizedCopy quantized_copy = QuantizedCopy::never;

  [[nodiscard]] ColumnTransform transform() const { return column_transform(view(matrix), centre, standardize); }
  [[nodiscard]] std::unique_ptr<AtomSelector> fresh() const {
    return make_cpu_atom_selector(view(matrix), {.threads = 1, .transform = transform()});
  }
  [[nodiscard]] std::unique_ptr<AtomSelector> lazy() const {
    return make_cpu_atom_selector(view(matrix),
                                  {.threads = threads, .transform = transform(), .quantized_copy = quantized_copy});
  }
};

// How many columns the walk read, of all that full passes would have.
double walk(const Setting& setting, int steps, std::mt19937_64& generator) {
  const auto lazy = setting.lazy();
  const Index columns = lazy->columns();
  DualWalk duals(lazy->rows(), generator);
  Index evaluated = 0;
  for (int step = 0; step < steps; ++step, duals.step()) {
    const auto fresh = setting.fresh();
    const SelectedAtoms all =
        setting.fresh()->select({.dual = duals.dual(), .count = static_cast<std::size_t>(columns), .excluded = {}});
    const double largest = all.largest_score;
    // Often a level that some column passes by one bit: a bound that rounds down would lose it.
    double level = random_level(largest, generator);
    if (!all.atoms.empty() && generator() % 2 == 0)
      level = std::nextafter(std::abs(all.atoms[generator() % all.atoms.size()].score), 0.0);
    const std::vector<Index> excluded = random_columns(columns, generator);
    const SelectionRequest request{.dual = duals.dual(),
                                   .level = level,
                                   .count = generator() % 30,
                                   .excluded = excluded,
                                   .candidates_only = generator() % 3 == 0};
    const SelectedAtoms actual = lazy->select(request);
    const SelectedAtoms expected = fresh->select(request);
    evaluated += actual.columns_evaluated;
    if (actual.largest_score == kInfinity && request.candidates_only) {
      for (const ScoredAtom& atom : actual.atoms) EXPECT_GT(std::abs(atom.score), request.level);
      continue;
    }
    EXPECT_EQ(listed(actual), listed(expected)) << "step " << step;
    EXPECT_GE(actual.largest_score, largest);
    EXPECT_LE(actual.largest_score, std::max(largest, request.level));
    if (request.level == 0.0) {
      EXPECT_EQ(actual.columns_evaluated, columns);
    }
  }
  return static_cast<double>(evaluated) / static_cast<double>(columns * steps);
}

TEST(CpuLazyPasses, AnswerLikeFullOnesOnEveryStorageTransformAndNumberOfThreads) {
  double share = 0.0;
  int walks = 0;
  for (unsigned seed = 0; seed < 8; ++seed) {
    std::mt19937_64 generator(seed);
    const Index rows = 3 + static_cast<Index>(generator() % 60);
    const Index columns = seed % 2 == 0 ? 90 : 600;
    const auto values = hard_columns(rows, columns, seed == 3, generator);
    for (const Matrix& matrix : all_storages(rows, columns, values)) {
      for (const int transform : {0, 1, 2, 3}) {
        SCOPED_TRACE(testing::Message() << "seed " << seed << ", storage " << matrix.index() << ", transform "
                                        << transform);
        const std::size_t threads = 1 + (seed + matrix.index()) % 3;
        for (const QuantizedCopy copy : {QuantizedCopy::never, QuantizedCopy::always}) {
          if (copy == QuantizedCopy::always && matrix.index() >= 2) continue;  // sparse: there is none
          share += walk({matrix, (transform & 1) != 0, (transform & 2) != 0, threads, copy}, 40, generator);
          ++walks;
        }
      }
    }
  }
  EXPECT_LT(share / walks, 0.8);  // else nothing lazy was put to the test
}

TEST(CpuLazyPasses, AnswerLikeFullOnesWhenMoreDualVectorsPassThanAreKept) {
  std::mt19937_64 generator(9);
  const Matrix matrix = dense<double>(20, 300, hard_columns(20, 300, true, generator));
  walk({matrix}, 400, generator);
}

TEST(CpuLazyPasses, ReadFewColumnsWhereTheDualVectorMovesLittle) {
  std::mt19937_64 generator(3);
  const Matrix matrix = dense<float>(100, 500, hard_columns(100, 500, true, generator));
  const auto selector = make_cpu_atom_selector(view(matrix));
  DualWalk duals(100, generator);
  std::vector<double> dual = duals.dual();
  const SelectedAtoms first = selector->select({.dual = dual, .level = 1.0, .excluded = {}});
  EXPECT_EQ(first.columns_evaluated, 500);
  const double level = 0.5 * first.largest_score;
  for (int step = 0; step < 5; ++step) {
    for (double& value : dual) value *= 1.0 + 1e-3 * std::sin(1e3 * value);
    const SelectedAtoms later = selector->select({.dual = dual, .level = level, .excluded = {}});
    EXPECT_LT(later.columns_evaluated, 150);
    EXPECT_GT(later.columns_evaluated, 0);
    EXPECT_EQ(later.bytes_read, 400U * static_cast<unsigned>(later.columns_evaluated));
  }
}

TEST(CpuLazyPasses, ReportTheLevelWhereAColumnWasLeftOut) {
  const auto selector = make_cpu_atom_selector(DenseMatrix<double>{2, 2, {3, 0, 0, 1}});
  const std::vector<double> dual{1.0, 1.0};
  EXPECT_EQ(selector->select({.dual = dual, .level = 4.0, .excluded = {}}).largest_score, 3.0);  // all were read
  const SelectedAtoms lazy = selector->select({.dual = dual, .level = 4.0, .excluded = {}});
  EXPECT_EQ(lazy.columns_evaluated, 0);
  EXPECT_EQ(lazy.largest_score, 4.0);
  EXPECT_EQ(selector->select({.dual = dual, .level = 2.0, .excluded = {}}).largest_score, 3.0);
}

TEST(CpuLazyPasses, ReadColumnsThatAreNotFiniteEveryTime) {
  for (const double bad : {kInfinity, std::numeric_limits<double>::quiet_NaN()}) {
    const auto copy = std::isnan(bad) ? QuantizedCopy::always : QuantizedCopy::never;
    const auto selector =
        make_cpu_atom_selector(DenseMatrix<double>{2, 3, {1, 0, bad, 1, 0, 1}}, {.quantized_copy = copy});
    const std::vector<double> dual{1.0, 1.0};
    for (int pass = 0; pass < 3; ++pass) {
      const SelectedAtoms best = selector->select({.dual = dual, .level = 100.0, .count = 3, .excluded = {}});
      EXPECT_EQ(best.largest_score, kInfinity);
    }
    EXPECT_EQ(selector->largest_norm(), kInfinity);
  }
}

TEST(CpuQuickRounds, ReadTheCandidatesOfTheLastThoroughPassAlone) {
  std::mt19937_64 generator(11);
  const Index columns = 2000;
  const Matrix matrix = dense<float>(30, columns, hard_columns(30, columns, true, generator));
  const auto selector = make_cpu_atom_selector(view(matrix));
  DualWalk duals(30, generator);
  const std::vector<double>& dual = duals.dual();
  const SelectionRequest quick{.dual = dual, .count = 10, .excluded = {}, .candidates_only = true};
  const SelectedAtoms thorough = selector->select(quick);  // nothing is known yet
  EXPECT_EQ(thorough.columns_evaluated, columns);
  EXPECT_LT(thorough.largest_score, kInfinity);
  for (int round = 0; round < 200; ++round) {  // more rounds than dual vectors are kept
    const SelectedAtoms best = selector->select(quick);
    EXPECT_EQ(best.columns_evaluated, 256);
    EXPECT_EQ(best.largest_score, kInfinity);
    EXPECT_EQ(listed(best), listed(thorough));  // the best columns are among the candidates
  }
  const SelectedAtoms many = selector->select({.dual = dual, .count = 500, .excluded = {}, .candidates_only = true});
  EXPECT_EQ(many.columns_evaluated, columns);  // as many candidates as columns
}

TEST(CpuQuickRounds, AreThoroughWhereAllColumnsAreCandidates) {
  const auto selector = make_cpu_atom_selector(DenseMatrix<double>{2, 2, {3, 0, 0, 1}});
  const std::vector<double> dual{1.0, 1.0};
  for (int round = 0; round < 3; ++round) {
    EXPECT_EQ(selector->select({.dual = dual, .excluded = {}, .candidates_only = true}).largest_score, 3.0);
  }
}

TEST(CpuScreening, ScreensOutNoColumnThatTheInequalityKeeps) {
  for (unsigned seed = 0; seed < 12; ++seed) {
    std::mt19937_64 generator(seed);
    const Index rows = 40;
    const Index columns = 400;
    const Matrix matrix = dense<double>(rows, columns, hard_columns(rows, columns, seed % 2 == 0, generator));
    const Setting setting{matrix, seed % 3 == 1, seed % 3 == 2, 1 + seed % 3,
                          seed % 4 < 2 ? QuantizedCopy::never : QuantizedCopy::always};
    const auto lazy = setting.lazy();
    DualWalk duals(rows, generator);
    for (std::uint64_t problem = 0; problem < 3; ++problem) {
      std::set<Index> may_go;
      Index screened = 0;
      for (int step = 0; step < 6; ++step, duals.step()) {
        const auto fresh = setting.fresh();
        const SelectedAtoms scores = fresh->select({.dual = duals.dual(), .count = 400, .excluded = {}});
        const double largest = scores.largest_score;
        const Screening screening{
            .radius = 0.01 * largest / fresh->largest_norm() * static_cast<double>(generator() % 20),
            .level = 0.5 * random_level(largest, generator),
            .problem = problem};
        std::vector<double> score_of(static_cast<std::size_t>(columns), 0.0);
        for (const ScoredAtom& atom : scores.atoms) score_of[static_cast<std::size_t>(atom.column)] = atom.score;
        for (Index j = 0; j < columns; ++j) {
          double square = 0.0;
          for (const double value : lazy->column(j).values) square += value * value;
          const double reach = std::abs(score_of[static_cast<std::size_t>(j)]) + std::sqrt(square) * screening.radius;
          if (reach < screening.level) may_go.insert(j);
        }
        const SelectedAtoms selected = lazy->select({.dual = duals.dual(),
                                                     .level = random_level(largest, generator),
                                                     .count = 5,
                                                     .excluded = {},
                                                     .candidates_only = step == 3,
                                                     .screening = screening});
        EXPECT_GE(selected.columns_screened, screened);
        screened = selected.columns_screened;
        EXPECT_LE(screened, static_cast<Index>(may_go.size()));
        if (problem == 0 && step == 0 && setting.quantized_copy == QuantizedCopy::never) {
          EXPECT_EQ(screened, static_cast<Index>(may_go.size()));  // all scores were evaluated
        }
      }
      // What a full pass still lists is there; what it does not is screened out, or zero.
      const auto fresh = setting.fresh();
      const SelectedAtoms all = fresh->select({.dual = duals.dual(), .count = 400, .excluded = {}});
      const Screening nothing_more{.radius = 0.0, .level = 0.0, .problem = problem};
      const SelectedAtoms left =
          lazy->select({.dual = duals.dual(), .count = 400, .excluded = {}, .screening = nothing_more});
      EXPECT_EQ(left.columns_evaluated, columns - screened);
      std::set<Index> listed_columns;
      for (const ScoredAtom& atom : left.atoms) listed_columns.insert(atom.column);
      for (const ScoredAtom& atom : all.atoms) {
        EXPECT_TRUE(listed_columns.count(atom.column) == 1 || may_go.count(atom.column) == 1) << atom.column;
      }
    }
  }
}

TEST(CpuScreening, ScreenedColumnsStayOutUntilAnotherProblemComes) {
  const auto selector = make_cpu_atom_selector(DenseMatrix<double>{2, 3, {3, 0, 0, 1, 0.1, 0}});
  const std::vector<double> dual{1.0, 1.0};
  const auto select = [&](std::optional<Screening> screening) {
    return selector->select({.dual = dual, .count = 3, .excluded = {}, .screening = screening});
  };
  // Scores 3, 1, 0.1 and as large norms: with radius 1, reaches 6, 2, 0.2.
  const SelectedAtoms first = select(Screening{.radius = 1.0, .level = 1.0, .problem = 0});
  EXPECT_EQ(first.columns_screened, 1);
  EXPECT_EQ(first.atoms.size(), 2U);
  EXPECT_EQ(select(Screening{.radius = 1.0, .level = 0.0, .problem = 0}).columns_evaluated, 2);
  EXPECT_EQ(select(Screening{.radius = 1.0, .level = 2.5, .problem = 0}).columns_screened, 2);
  EXPECT_EQ(select(Screening{.radius = 1.0, .level = 100.0, .problem = 0}).largest_score, 0.0);  // nothing is left
  const SelectedAtoms next = select(Screening{.radius = 1.0, .level = 0.0, .problem = 1});
  EXPECT_EQ(next.columns_screened, 0);
  EXPECT_EQ(next.atoms.size(), 3U);
  EXPECT_EQ(next.largest_score, 3.0);
}

TEST(CpuScreening, ColumnsScreenedOutComeBackWithARequestThatHasNoScreening) {
  const auto selector = make_cpu_atom_selector(DenseMatrix<double>{2, 3, {3, 0, 0, 1, 0.1, 0}});
  const std::vector<double> dual{1.0, 1.0}, other{0.0, 4.0};
  const Screening screening{.radius = 0.0, .level = 2.0, .problem = 0};
  EXPECT_EQ(selector->select({.dual = dual, .count = 3, .excluded = {}, .screening = screening}).columns_screened, 2);
  const SelectedAtoms all = selector->select({.dual = other, .count = 3, .excluded = {}});  // another run begins
  EXPECT_EQ(all.columns_screened, 0);
  EXPECT_EQ(all.largest_score, 4.0) << "of a column that the run before had screened out";
  EXPECT_EQ(selector->select({.dual = dual, .count = 3, .excluded = {}, .screening = screening}).columns_screened, 2);
}

TEST(CpuQuantizedCopy, LeavesLittleToRead) {
  std::mt19937_64 generator(13);
  std::normal_distribution<double> normal;
  const Index rows = 200, columns = 6000;  // 9.6 MB: there is a copy without asking
  DenseMatrix<double> matrix{rows, columns, {}};
  for (Index k = 0; k < rows * columns; ++k) matrix.values.push_back(normal(generator));
  const Matrix stored(std::move(matrix));
  const auto quick = make_cpu_atom_selector(view(stored));
  const auto plain = make_cpu_atom_selector(view(stored), {.quantized_copy = QuantizedCopy::never});
  std::vector<double> dual(static_cast<std::size_t>(rows));
  for (double& value : dual) value = normal(generator);
  const SelectionRequest request{.dual = dual, .count = 20, .excluded = {}};
  const SelectedAtoms expected = plain->select(request);
  const SelectedAtoms actual = quick->select(request);
  EXPECT_EQ(listed(actual), listed(expected));
  EXPECT_EQ(actual.largest_score, expected.largest_score);
  EXPECT_EQ(actual.columns_evaluated, columns);
  EXPECT_EQ(expected.bytes_read, 8U * 200U * 6000U);
  EXPECT_LT(actual.bytes_read, expected.bytes_read / 7);  // an eighth, and few columns
}

// Columns that a byte a number keeps badly: one entry dwarfs the others, and w does not see it.
TEST(CpuQuantizedCopy, MissesNoColumnThatItKeepsBadly) {
  std::mt19937_64 generator(14);
  std::normal_distribution<double> normal;
  const Index rows = 80, columns = 300;
  DenseMatrix<double> matrix{rows, columns, {}};
  for (Index j = 0; j < columns; ++j) {
    matrix.values.push_back(j % 3 == 0 ? 1e4 : 0.0);
    for (Index i = 1; i < rows; ++i) matrix.values.push_back(normal(generator));
  }
  const Matrix stored(std::move(matrix));
  for (int run = 0; run < 20; ++run) {
    std::vector<double> dual(static_cast<std::size_t>(rows));
    for (double& value : dual) value = normal(generator);
    dual[0] = 0.0;
    const auto quick = make_cpu_atom_selector(view(stored), {.quantized_copy = QuantizedCopy::always});
    const auto plain = make_cpu_atom_selector(view(stored), {.quantized_copy = QuantizedCopy::never});
    const SelectionRequest request{.dual = dual, .count = 20, .excluded = {}};
    const SelectedAtoms expected = plain->select(request);
    const SelectedAtoms actual = quick->select(request);
    EXPECT_EQ(listed(actual), listed(expected));
    EXPECT_EQ(actual.largest_score, expected.largest_score);
  }
}

// A's score is known to within an error only, which keeps it in play; its exact score would screen it out. It must not
// take B, which it surpasses, with it.
TEST(CpuQuantizedCopy, LosesNobodyToAColumnThatItsExactScoreWouldScreenOut) {
  const auto selector =
      make_cpu_atom_selector(DenseMatrix<double>{2, 2, {5, 0, 4, 100}}, {.quantized_copy = QuantizedCopy::always});
  const std::vector<double> dual{1.0, 0.0};
  const SelectedAtoms best = selector->select(
      {.dual = dual, .count = 1, .excluded = {}, .screening = Screening{.radius = 0.1, .level = 5.50003}});
  EXPECT_GE(best.largest_score, 4.0);
  EXPECT_FALSE(best.atoms.empty());
}

TEST(CpuQuantizedCopy, TakesColumnsWhoseErrorIsNotANumber) {
  std::vector<double> values;
  for (int j = 0; j < 8; ++j)
    for (int i = 0; i < 3; ++i) values.push_back(j % 2 == 0 ? (i == 0 ? 1e200 : 0.0) : i + j);
  DenseMatrix<double> matrix{3, 8, {values.begin(), values.end()}};
  const Matrix stored(std::move(matrix));
  const ColumnTransform transform = column_transform(view(stored), false, true);
  const std::vector<double> dual{1.0, 1.0, 1.0};
  const SelectionRequest request{.dual = dual, .count = 4, .excluded = {}};
  const auto answer = [&](QuantizedCopy copy) {
    return make_cpu_atom_selector(view(stored), {.transform = transform, .quantized_copy = copy})->select(request);
  };
  const SelectedAtoms expected = answer(QuantizedCopy::never);
  const SelectedAtoms actual = answer(QuantizedCopy::always);
  EXPECT_EQ(listed(actual), listed(expected));
  EXPECT_EQ(actual.largest_score, expected.largest_score);
}

TEST(CpuThreads, AnyNumberGivesTheSameBits) {
  std::mt19937_64 generator(21);
  const Index columns = 9000;  // enough to be worth sharing
  const auto values = hard_columns(40, columns, false, generator);
  std::vector<std::pair<Matrix, QuantizedCopy>> cases;
  for (Matrix& matrix : all_storages(40, columns, values)) cases.emplace_back(std::move(matrix), QuantizedCopy::never);
  cases.emplace_back(cases[0].first, QuantizedCopy::always);
  cases.emplace_back(cases[1].first, QuantizedCopy::always);
  for (const auto& [matrix, copy] : cases) {
    const auto one = make_cpu_atom_selector(view(matrix), {.threads = 1, .quantized_copy = copy});
    const auto three = make_cpu_atom_selector(view(matrix), {.threads = 3, .quantized_copy = copy});
    DualWalk duals(40, generator);
    for (int step = 0; step < 20; ++step, duals.step()) {
      const SelectionRequest request{
          .dual = duals.dual(),
          .level = random_level(largest_score(*make_cpu_atom_selector(view(matrix)), duals.dual()), generator),
          .count = step % 2 == 0 ? 20U : 2000U,  // with as many candidates, a quick round is shared, too
          .excluded = {},
          .candidates_only = step % 3 == 2,
          .screening = Screening{.radius = 1e-3, .level = 1e-3, .problem = static_cast<std::uint64_t>(step / 7)}};
      const SelectedAtoms a = one->select(request);
      const SelectedAtoms b = three->select(request);
      EXPECT_EQ(listed(a), listed(b));
      EXPECT_EQ(a.largest_score, b.largest_score);
      EXPECT_EQ(a.columns_evaluated, b.columns_evaluated);
      EXPECT_EQ(a.columns_screened, b.columns_screened);
      EXPECT_EQ(a.bytes_read, b.bytes_read);
    }
    EXPECT_EQ(one->largest_norm(), three->largest_norm());
  }
}

}  // namespace
}  // namespace wolfpack::cpu
