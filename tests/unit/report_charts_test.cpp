#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "experiments/report/coefficients.hpp"
#include "experiments/report/convergence.hpp"
#include "experiments/report/staleness.hpp"
#include "tests/unit/report_fixture.hpp"

namespace wolfpack::report {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

TEST(ReportConvergence, FollowsTheNewestModelAndEndsAtTheCertificate) {
  RunDirectory directory("ReportCharts");
  directory.add_iteration(0, 2, 1.05, 1, 40.0, 100.0);  // ends late, on a model that is old by then
  const auto points = convergence_points(read_run(directory.write()));
  ASSERT_EQ(points.size(), 5u);
  EXPECT_EQ(points[0].seconds, 1.0);
  EXPECT_EQ(points[0].gap, 0.4);
  EXPECT_EQ(points[0].excess, 0.5);
  EXPECT_FALSE(points[1].gap.has_value());
  EXPECT_EQ(points[2].seconds, 2.0);
  EXPECT_EQ(points[3].seconds, 2.1);
  EXPECT_EQ(points[4].seconds, 2.125);
  EXPECT_EQ(points[4].gap, 1e-7);
}

TEST(ReportConvergence, SaysWhyThereIsNoGapToDraw) {
  RunDirectory directory("ReportCharts");
  directory.trace.clear();
  directory.add_iteration(0, 0, 0.0, 1, nullptr, 100.0);
  directory.result["gap"] = directory.result["relative_gap"] = nullptr;
  EXPECT_THAT(convergence_section(read_run(directory.write())), HasSubstr("The gap stayed infinite"));
  directory.trace.clear();
  EXPECT_THAT(convergence_section(read_run(directory.write())), HasSubstr("No gap was certified"));
}

TEST(ReportConvergence, DrawsAZeroGapOnTheEdge) {
  RunDirectory directory("ReportCharts");
  directory.result["gap"] = directory.result["relative_gap"] = 0.0;
  const std::string html = convergence_section(read_run(directory.write()));
  EXPECT_THAT(html, HasSubstr("A gap of 0 is drawn on the lower edge"));
  EXPECT_THAT(html, Not(HasSubstr("nan")));
  EXPECT_THAT(html, Not(HasSubstr("inf")));
}

TEST(ReportConvergence, SurvivesATargetOfZero) {
  RunDirectory directory("ReportCharts");
  for (const char* field : {"objective", "gap", "relative_gap", "null_objective"}) directory.result[field] = 0.0;
  directory.trace.clear();
  EXPECT_THAT(convergence_section(read_run(directory.write())), HasSubstr("0 from the start"));
}

TEST(ReportStaleness, CountsEveryIterationOnce) {
  report::Run run;
  for (const double staleness : {0.0, 1.0, 1.0, 1.75, 4.0}) run.trace.push_back({.staleness = staleness});
  const Histogram histogram = staleness_histogram(run, 40);
  EXPECT_EQ(histogram.first, 0.0);
  EXPECT_EQ(histogram.width, 1.0);
  EXPECT_THAT(histogram.bins, ElementsAre(1, 3, 0, 0, 1));
}

TEST(ReportStaleness, WidensBinsWhereThereWouldBeTooMany) {
  report::Run run;
  for (int k = 0; k < 1000; ++k) run.trace.push_back({.staleness = static_cast<double>(k)});
  const Histogram histogram = staleness_histogram(run, 40);
  EXPECT_EQ(histogram.width, 25.0);
  ASSERT_EQ(histogram.bins.size(), 40u);
  EXPECT_THAT(histogram.bins, ::testing::Each(25));
}

TEST(ReportStaleness, SummarisesWhatWasObserved) {
  RunDirectory directory("ReportCharts");
  EXPECT_THAT(staleness_section(read_run(directory.write())),
              HasSubstr("Over 4 iterations: mean 0.5, median 0, 95th percentile 1, largest 1 clocks; the bound was 3"));
  directory.trace.clear();
  EXPECT_EQ(staleness_section(read_run(directory.write())), "");
}

TEST(ReportCoefficients, SortsBySizeAndThenByColumn) {
  const auto sorted = by_magnitude({{.column = 9, .value = 0.5},
                                    {.column = 1, .value = -0.25},
                                    {.column = 4, .value = -0.5},
                                    {.column = 2, .value = -2.0}});
  std::vector<Index> columns;
  for (const Coefficient& coefficient : sorted) columns.push_back(coefficient.column);
  EXPECT_THAT(columns, ElementsAre(2, 4, 9, 1));
}

TEST(ReportCoefficients, ListsTheLargestWithTheirShares) {
  RunDirectory directory("ReportCharts");
  const std::string html = coefficients_section(read_run(directory.write()));
  EXPECT_THAT(html,
              HasSubstr("<tr><td>1</td><th scope=\"row\">7</th><td>0.5000000</td><td>66.7%</td><td>66.7%</td></tr>"));
  EXPECT_THAT(html,
              HasSubstr("<th scope=\"row\">12\u202f000</th><td>\u22120.2500000</td><td>33.3%</td><td>100.0%</td>"));
}

}  // namespace
}  // namespace wolfpack::report
