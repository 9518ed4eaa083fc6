#include "experiments/data/predictions.hpp"

#include <cmath>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "tests/support/scratch_directory.hpp"

namespace wolfpack::data {
namespace {

std::vector<std::pair<Index, Index>> blocks(const std::vector<Index>& columns, const BlockOptions& options) {
  std::vector<std::pair<Index, Index>> result;
  for (const ColumnRange& block : column_blocks(columns, options)) result.emplace_back(block.first, block.count);
  return result;
}

using Blocks = std::vector<std::pair<Index, Index>>;

TEST(ColumnBlocks, HoldAllColumnsAndNoMoreThanFit) {
  const BlockOptions options{.most = 10, .gap = 1000};
  EXPECT_EQ(blocks({}, options), Blocks{});
  EXPECT_EQ(blocks({3, 4, 12}, options), (Blocks{{3, 10}}));
  EXPECT_EQ(blocks({3, 4, 13}, options), (Blocks{{3, 2}, {13, 1}}));
  EXPECT_EQ(blocks({0, 9, 10, 999}, options), (Blocks{{0, 10}, {10, 1}, {999, 1}}));
}

TEST(ColumnBlocks, AreOneColumnWhereNoMoreFit) {
  EXPECT_EQ(blocks({3, 4}, {.most = 0, .gap = 9}), (Blocks{{3, 1}, {4, 1}}));
}

TEST(ColumnBlocks, LeaveOutWideGapsWhereTheFileCanBeReadInParts) {
  EXPECT_EQ(blocks({5, 20, 500'000, 500'001}, {.most = 1'000'000, .gap = 14}), (Blocks{{5, 1}, {20, 1}, {500'000, 2}}));
  EXPECT_EQ(blocks({5, 20, 500'000, 500'001}, {.most = 1'000'000, .gap = 15}), (Blocks{{5, 16}, {500'000, 2}}));
}

TEST(Predictions, OfSparseAndDenseData) {
  const testing::ScratchDirectory scratch;
  for (const char* text : {"1 1:2 3:1\n0 4:0\n5 3:-1\n", "1 1:2 2:0.5 3:1 4:7\n0 1:0 4:0\n5 1:1e-9 2:9 3:-1 4:3\n"}) {
    const std::string path = scratch.write("a.libsvm", text);
    const Dataset dataset = Dataset::open({.data = path, .target = ""});
    const std::vector<Coefficient> model{{.column = 0, .value = 3.0}, {.column = 2, .value = 0.5}};
    const auto predicted = predictions(dataset, path, model, 10.0);
    ASSERT_EQ(predicted.size(), 3u);
    EXPECT_DOUBLE_EQ(predicted[0], 16.5);
    EXPECT_DOUBLE_EQ(predicted[1], 10.0);
    EXPECT_NEAR(predicted[2], 9.5, 1e-8);
  }
}

TEST(Fit, OfHandSizedTargets) {
  const std::vector<double> predicted{1, 2, 3}, target{1, 2, 6};
  const Fit fit = fit_of(predicted, target);
  EXPECT_DOUBLE_EQ(fit.mean_squared_error, 3.0);
  EXPECT_DOUBLE_EQ(fit.r_squared, 1.0 - 9.0 / 14.0);
  EXPECT_TRUE(std::isnan(fit_of(predicted, std::vector<double>{4, 4, 4}).r_squared));
}

}  // namespace
}  // namespace wolfpack::data
