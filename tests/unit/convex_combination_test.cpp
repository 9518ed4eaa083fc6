// Shares and directions on the l1 ball, by hand: A = I (2 x 2), y = (2, 1), beta = 2.
#include "frank_wolfe/convex_combination.hpp"

#include <gtest/gtest.h>

#include "tests/support/step_rules.hpp"

namespace wolfpack::frank_wolfe {
namespace {

using testing::RuleProblem;
using testing::weight_of;

const RuleProblem kProblem{.columns = {{1, 0}, {0, 1}}, .y = {2, 1}, .radius = 2.0};
constexpr Vertex kOrigin{};

class ConvexCombinationTest : public ::testing::Test {
 protected:
  ConvexCombinationTest() { slots_ = point_.hold(std::vector{kProblem.proposal(0), kProblem.proposal(1)}); }
  ConvexCombination point_{LeastSquares(kProblem.y), L1Ball(kProblem.radius)};
  std::vector<Index> slots_;
};

TEST_F(ConvexCombinationTest, HoldsAColumnOnceAndNoneOfZeros) {
  RuleProblem problem = kProblem;
  problem.columns.push_back({0, 0});
  EXPECT_EQ(point_.hold(std::vector{problem.proposal(1), problem.proposal(2), problem.proposal(0)}),
            (std::vector{slots_[1], slots_[0]}));
  EXPECT_EQ(point_.scores(), (std::vector<double>{2, 1}));
}

TEST_F(ConvexCombinationTest, SharesAddUpToOne) {
  EXPECT_EQ(point_.share(kOrigin), 1.0);
  point_.move(point_.toward({slots_[0], -1.0}), 0.25);  // alpha = (-0.5, 0)
  EXPECT_DOUBLE_EQ(point_.share({slots_[0], -1.0}), 0.25);
  EXPECT_DOUBLE_EQ(point_.share(kOrigin), 0.75);
  EXPECT_DOUBLE_EQ(point_.score(slots_[0]), 2.5);
  EXPECT_DOUBLE_EQ(point_.inner(), -1.25) << "<(2.5, 1), (-0.5, 0)>";
}

TEST_F(ConvexCombinationTest, TheWorstIsAmongThoseWithAShareAndTheBestAmongAll) {
  point_.move(point_.toward({slots_[1], 1.0}), 0.75);  // alpha = (0, 1.5), w = (2, -0.5)
  const auto scores = point_.scores();
  EXPECT_EQ(point_.best(scores).slot, slots_[0]);
  EXPECT_EQ(point_.best(scores).sign, 1.0);
  EXPECT_EQ(point_.worst(scores).slot, slots_[1]) << "<w, 2 e_1> = -1 is less than the origin's 0";
  point_.move(point_.toward({slots_[1], 1.0}), 1.0);
  EXPECT_EQ(point_.share(kOrigin), 0.0);
}

TEST_F(ConvexCombinationTest, AwayFromTheOriginEndsOnTheBoundary) {
  point_.move(point_.toward({slots_[0], 1.0}), 0.5);  // alpha = (1, 0)
  const Direction away = point_.away_from(kOrigin);
  EXPECT_DOUBLE_EQ(away.max_step, 1.0);
  EXPECT_DOUBLE_EQ(point_.descend(away), 1.0);
  EXPECT_DOUBLE_EQ(point_.share({slots_[0], 1.0}), 1.0);
}

TEST_F(ConvexCombinationTest, AwayFromAnAtomEndsWithoutIt) {
  point_.move(point_.toward({slots_[0], 1.0}), 0.5);
  point_.move(point_.toward({slots_[1], 1.0}), 0.25);  // alpha = (0.75, 0.5), origin 0.375
  const Direction away = point_.away_from({slots_[1], 1.0});
  EXPECT_DOUBLE_EQ(away.max_step, 0.25 / 0.75);
  point_.move(away, away.max_step);
  const Iterate iterate = point_.assemble();
  EXPECT_EQ(iterate.columns, std::vector<Index>{0}) << "exactly without it";
  EXPECT_DOUBLE_EQ(iterate.weights[0], 1.0);
  EXPECT_DOUBLE_EQ(point_.share(kOrigin), 0.5);
}

TEST_F(ConvexCombinationTest, AnExchangeWithTheOppositeVertexTurnsTheSign) {
  point_.move(point_.toward({slots_[0], -1.0}), 0.5);  // alpha = (-1, 0)
  const Direction turn = point_.exchange({slots_[0], -1.0}, {slots_[0], 1.0});
  EXPECT_DOUBLE_EQ(turn.max_step, 0.5);
  EXPECT_DOUBLE_EQ(point_.descend(turn), 0.5) << "the minimum, alpha_0 = 2, lies beyond";
  EXPECT_DOUBLE_EQ(weight_of(point_.assemble(), 0), 1.0);
}

TEST_F(ConvexCombinationTest, RestoreGoesBackAndLetsGoOfColumnsWithoutWeight) {
  point_.move(point_.toward({slots_[0], 1.0}), 0.5);
  const Iterate saved = point_.assemble();
  point_.move(point_.toward({slots_[1], -1.0}), 0.5);
  point_.restore(saved);
  EXPECT_EQ(point_.scores(), std::vector<double>{1.0}) << "column 1 is gone, and w is (1, 1) again";
  EXPECT_EQ(point_.assemble().weights, saved.weights);
  EXPECT_EQ(point_.assemble().dual, saved.dual);
}

TEST_F(ConvexCombinationTest, WhatRoundingLeavesOfTheOriginIsNoShare) {
  // Many vertices: pulled inside, the norm stays a few units of rounding below beta.
  std::vector<Proposal> many;
  for (Index j = 0; j < 400; ++j) many.push_back({10 + j, 0.0, {.sparse = false, .rows = {}, .values = {1.0, 0.1}}});
  const auto slots = point_.hold(many);
  point_.move(point_.toward({slots[0], 1.0}), 1.0);
  for (std::size_t k = 1; k < slots.size(); ++k)
    point_.move(point_.toward({slots[k], k % 2 == 0 ? 1.0 : -1.0}), 1.0 / static_cast<double>(k + 1));
  point_.restore(point_.assemble());
  EXPECT_EQ(point_.share(kOrigin), 0.0);
}

}  // namespace
}  // namespace wolfpack::frank_wolfe
