#include "frank_wolfe/active_set.hpp"

#include <algorithm>
#include <cmath>
#include <random>

#include <gtest/gtest.h>

namespace wolfpack::frank_wolfe {
namespace {

// Columns that depend on each other may look independent by their rounding errors; but more than d never are.
TEST(ActiveSet, NeverGivesWeightToMoreColumnsThanThereAreRows) {
  constexpr std::size_t kRows = 50, kColumns = 150;
  constexpr double kDensity = 0.05;
  for (unsigned seed = 0; seed < 200; ++seed) {
    std::mt19937_64 random(seed);
    std::normal_distribution<double> normal;
    std::uniform_real_distribution<double> uniform;
    std::vector<double> target(kRows);
    for (double& y : target) y = normal(random);
    std::vector<Column> columns(kColumns);
    for (Column& column : columns)
      for (std::size_t i = 0; i < kRows; ++i)
        column.values.push_back(uniform(random) < kDensity ? normal(random) : 0.0);
    std::shuffle(columns.begin(), columns.end(), random);

    ActiveSet set(target, l1_constraint(100.0));
    for (std::size_t first = 0; first < kColumns;) {
      std::vector<const Column*> batch;
      for (std::size_t left = 1 + random() % 20; left > 0 && first < kColumns; --left) {
        const Column& column = columns[first++];
        if (std::any_of(column.values.begin(), column.values.end(), [](double x) { return x != 0.0; }))
          batch.push_back(&column);
      }
      set.add(batch);
      (void)set.solve();
      (void)set.drop_zeros();
      EXPECT_LE(set.size(), static_cast<Index>(kRows)) << "seed " << seed;
    }
  }
}

}  // namespace
}  // namespace wolfpack::frank_wolfe
