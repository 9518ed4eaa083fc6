#include <cmath>
#include <random>
#include <vector>

#include <gtest/gtest.h>

#include "cpu/dot_kernels.hpp"
#include "cpu/score_memory.hpp"

namespace wolfpack::cpu {

struct ScoreMemoryForTests {
  /// How many dual vectors columns refer to.
  static std::size_t duals_in_use(const ScoreMemory& memory) { return memory.duals_.in_use(); }
};

namespace {

double dot(const std::vector<double>& a, const std::vector<double>& b) {
  return best_kernels().float64.dot(a.data(), b.data(), static_cast<std::int64_t>(a.size()), a.data());
}

TEST(CpuScoreMemory, BoundsEveryScoreThoughItForgetsDualVectors) {
  const Index rows = 10;
  const Index columns = 500;
  std::mt19937_64 generator(1);
  std::normal_distribution<double> normal;
  std::vector<std::vector<double>> atoms(columns, std::vector<double>(rows));
  ScoreMemory memory(rows, columns, false);
  for (Index j = 0; j < columns; ++j) {
    for (double& value : atoms[j]) value = normal(generator);
    const double norm = std::sqrt(dot(atoms[j], atoms[j])) * (1.0 + 1e-12);
    memory.set_norm(j, norm, norm);
  }
  std::vector<double> dual(rows, 1.0);
  std::vector<double> bounds(columns);
  std::size_t most_in_use = 0;
  for (int pass = 0; pass < 300; ++pass) {
    for (double& value : dual) value += 0.1 * normal(generator);
    memory.begin_pass(dual);
    memory.prepare_bounds();
    memory.bounds(0, columns, bounds.data());
    ScoreMemory::Moves moves{};
    for (Index j = 0; j < columns; ++j) {
      const double score = dot(atoms[j], dual);
      ASSERT_LE(std::abs(score), bounds[j]) << "pass " << pass << ", column " << j;
      if (generator() % 100 == 0 || pass == 0) memory.record(j, score, moves);
    }
    memory.add(moves);
    memory.end_pass();
    most_in_use = std::max(most_in_use, ScoreMemoryForTests::duals_in_use(memory));
  }
  EXPECT_EQ(most_in_use, ScoreMemory::kMostDuals - 2);
}

TEST(CpuScoreMemory, PassesOverTheSameColumnsNeedTwoPlacesHoweverMany) {
  ScoreMemory memory(2, 3, false);
  for (int pass = 0; pass < 200; ++pass) {
    memory.begin_pass(std::vector<double>{1.0, static_cast<double>(pass)});
    ScoreMemory::Moves moves{};
    if (pass == 0) memory.record(2, 0.5, moves);
    memory.record(0, 1.0, moves);
    memory.record(1, 2.0, moves);
    memory.add(moves);
    EXPECT_EQ(ScoreMemoryForTests::duals_in_use(memory), pass == 0 ? 1U : 2U);  // column 2's, and the last
  }
}

TEST(CpuScoreMemory, KnowsNothingOfAColumnNeverEvaluatedButItsNorm) {
  ScoreMemory memory(2, 1, false);
  memory.set_norm(0, 5.0, 5.0);
  memory.begin_pass(std::vector<double>{0.0, 2.0});
  memory.prepare_bounds();
  double bound = 0.0;
  memory.bounds(0, 1, &bound);
  EXPECT_NEAR(bound, 10.0, 1e-12);
  EXPECT_GE(bound, 10.0);
}

}  // namespace
}  // namespace wolfpack::cpu
