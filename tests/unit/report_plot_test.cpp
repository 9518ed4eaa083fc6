#include <cmath>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "experiments/report/plot.hpp"

namespace wolfpack::report {
namespace {

using ::testing::DoubleEq;
using ::testing::ElementsAre;

TEST(ReportPlot, PutsLinearTicksOnRoundNumbers) {
  EXPECT_THAT(linear_ticks({0.0, 1.0}, 5), ElementsAre(0.0, DoubleEq(0.2), DoubleEq(0.4), DoubleEq(0.6), 0.8, 1.0));
  EXPECT_THAT(linear_ticks({-210.0, 505.0}, 5), ElementsAre(-200.0, 0.0, 200.0, 400.0));
  EXPECT_FALSE(linear_ticks({3.0, 3.0}, 5).empty());
}

TEST(ReportPlot, LabelsTicksWithTheDecimalsTheyNeed) {
  const std::vector<double> fine{-0.05, 0.0, 0.05};
  EXPECT_EQ(labelled(fine)[0].label, "\u22120.05");
  EXPECT_EQ(labelled(fine)[1].label, "0.00");
  const std::vector<double> coarse{0.0, 20000.0};
  EXPECT_EQ(labelled(coarse)[1].label, "20\u202f000");
}

TEST(ReportPlot, PutsLogarithmicTicksOnPowersOfTen) {
  EXPECT_THAT(decade_ticks({1e-3, 10.0}, 12), ElementsAre(-3, -2, -1, 0, 1));
  EXPECT_THAT(decade_ticks({2e-3, 9.0}, 12), ElementsAre(-2, -1, 0));
  EXPECT_THAT(decade_ticks({1e-9, 10.0}, 6), ElementsAre(-8, -6, -4, -2, 0));
}

TEST(ReportPlot, RoundsRangesOutwards) {
  const Range range = rounded_outwards({0.016, 730.0});
  EXPECT_DOUBLE_EQ(range.low, 0.01);
  EXPECT_DOUBLE_EQ(range.high, 1000.0);
  EXPECT_DOUBLE_EQ(rounded_outwards({0.2, 0.5}).low, 0.2);
  EXPECT_DOUBLE_EQ(rounded_outwards({0.2, 0.5}).high, 0.5);
}

TEST(ReportPlot, PutsMoreTicksOnFewDecades) {
  const auto labels = [](Range range) {
    std::string out;
    for (const Tick& tick : logarithmic_ticks(range, 12)) out += tick.label + " ";
    return out;
  };
  EXPECT_EQ(labels({0.05, 2.0}), "0.05 0.1 0.2 0.5 1 2 ");
  EXPECT_EQ(labels({0.01, 10000.0}), "0.01 0.1 1 10 100 1000 10\u202f000 ");
}

TEST(ReportPlot, SpreadsLabelsAsLittleAsMayBe) {
  EXPECT_THAT(spread(std::vector{10.0, 50.0}, 15.0, {0.0, 100.0}), ElementsAre(10.0, 50.0));
  EXPECT_THAT(spread(std::vector{50.0, 40.0, 45.0}, 15.0, {0.0, 100.0}), ElementsAre(60.0, 30.0, 45.0));
  EXPECT_THAT(spread(std::vector{98.0, 97.0, 80.0}, 15.0, {0.0, 100.0}), ElementsAre(100.0, 85.0, 70.0));
  EXPECT_THAT(spread(std::vector{0.0, 1.0, 17.0}, 15.0, {0.0, 100.0}), ElementsAre(0.0, 15.0, 30.0));
  EXPECT_TRUE(spread({}, 15.0, {0.0, 100.0}).empty());
}

TEST(ReportPlot, ScalesByLogarithmAndKeepsZeroOnTheEdge) {
  const Scale y = Scale::logarithmic({1e-4, 1.0}, {100.0, 0.0});
  EXPECT_DOUBLE_EQ(y(1.0), 0.0);
  EXPECT_DOUBLE_EQ(y(1e-2), 50.0);
  EXPECT_DOUBLE_EQ(y(0.0), 100.0);
  EXPECT_DOUBLE_EQ(y(1e-9), 100.0);
}

TEST(ReportPlot, DrawsASingleValueInTheMiddle) {
  EXPECT_DOUBLE_EQ(Scale::linear({3.0, 3.0}, {0.0, 10.0})(3.0), 5.0);
  EXPECT_DOUBLE_EQ(Scale::linear({0.0, 0.0}, {0.0, 10.0})(0.0), 5.0);
}

TEST(ReportPlot, ThinsToThePixelsAndKeepsTheExtremes) {
  std::vector<Point> points;
  for (int k = 0; k < 100'000; ++k) points.push_back({static_cast<double>(k), std::sin(k * 0.001)});
  points[54'321].y = 9.0;
  points[54'322].y = -9.0;
  const Scale x = Scale::linear({0.0, 99'999.0}, {0.0, 800.0});
  const std::vector<Point> thinned = thin(points, x);
  EXPECT_LE(thinned.size(), 4u * 801u);
  EXPECT_EQ(thinned.front().x, 0.0);
  EXPECT_EQ(thinned.back().x, 99'999.0);
  double high = 0.0;
  double low = 0.0;
  for (std::size_t k = 0; k < thinned.size(); ++k) {
    high = std::max(high, thinned[k].y);
    low = std::min(low, thinned[k].y);
    if (k > 0) {
      ASSERT_LT(thinned[k - 1].x, thinned[k].x);
    }
  }
  EXPECT_EQ(high, 9.0);
  EXPECT_EQ(low, -9.0);
}

TEST(ReportPlot, KeepsFewPointsAsTheyAre) {
  const std::vector<Point> points{{0.0, 1.0}, {1.0, 0.5}};
  EXPECT_EQ(thin(points, Scale::linear({0.0, 1.0}, {0.0, 800.0})).size(), 2u);
  EXPECT_TRUE(thin({}, Scale::linear({0.0, 1.0}, {0.0, 800.0})).empty());
}

TEST(ReportPlot, ChoosesTheUnitOfATimeAxis) {
  EXPECT_EQ(time_unit(12.0).name, "seconds");
  EXPECT_EQ(time_unit(0.2).per_second, 1e3);
  EXPECT_EQ(time_unit(2e-4).name, "microseconds");
  EXPECT_EQ(time_unit(0.0).name, "seconds");
}

}  // namespace
}  // namespace wolfpack::report
