#include <algorithm>
#include <limits>
#include <random>

#include <gtest/gtest.h>

#include "cpu/candidates.hpp"

namespace wolfpack::cpu {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

// No column is left out that stands higher, by more than a thousandth of the largest, than one that was chosen.
void expect_best(const std::vector<double>& standings, const std::vector<Index>& chosen) {
  ASSERT_TRUE(std::is_sorted(chosen.begin(), chosen.end()));
  ASSERT_EQ(std::adjacent_find(chosen.begin(), chosen.end()), chosen.end());
  double largest = 0.0, worst_chosen = kInfinity, best_left = -kInfinity;
  for (std::size_t j = 0; j < standings.size(); ++j) {
    if (std::isfinite(standings[j])) largest = std::max(largest, standings[j]);
    if (std::binary_search(chosen.begin(), chosen.end(), static_cast<Index>(j))) {
      worst_chosen = std::min(worst_chosen, standings[j]);
    } else {
      best_left = std::max(best_left, standings[j]);
    }
  }
  EXPECT_GE(worst_chosen, best_left - 0.001 * largest);
}

TEST(CpuCandidates, AreTheBestUpToAThousandth) {
  std::mt19937_64 random(5);
  std::exponential_distribution<double> standing;
  for (const double scale : {1e-300, 1.0, 1e300}) {
    for (int run = 0; run < 20; ++run) {
      std::vector<double> standings(5000);
      std::size_t in_play = 0;
      for (double& value : standings) {
        const auto kind = random() % 10;
        value = kind == 0 ? -kInfinity : kind == 1 ? 0.0 : scale * standing(random);
        if (kind == 2 && random() % 20 == 0) value = kInfinity;
        in_play += kind == 0 ? 0 : 1;
      }
      for (const std::size_t wanted : {std::size_t{1}, std::size_t{7}, std::size_t{400}, standings.size()}) {
        const std::vector<Index> chosen = candidates(standings, wanted);
        EXPECT_EQ(chosen.size(), std::min(wanted, in_play));
        expect_best(standings, chosen);
        for (const Index j : chosen) EXPECT_NE(standings[static_cast<std::size_t>(j)], -kInfinity) << j;
      }
    }
  }
}

TEST(CpuCandidates, OfEqualOnesTheFirst) {
  EXPECT_EQ(candidates(std::vector<double>(9, 0.0), 3), (std::vector<Index>{0, 1, 2}));
  EXPECT_EQ(candidates(std::vector<double>{0.0, 5e-324, kInfinity, 0.0}, 3), (std::vector<Index>{0, 1, 2}));
  EXPECT_EQ(candidates(std::vector<double>(9, kInfinity), 3), (std::vector<Index>{0, 1, 2}));
  EXPECT_TRUE(candidates(std::vector<double>(9, -kInfinity), 3).empty());
  EXPECT_TRUE(candidates({}, 3).empty());
}

}  // namespace
}  // namespace wolfpack::cpu
