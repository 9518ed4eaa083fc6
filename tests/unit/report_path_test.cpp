#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/status.hpp"
#include "experiments/report/coefficient_path.hpp"
#include "experiments/report/page.hpp"
#include "tests/unit/report_fixture.hpp"

namespace wolfpack::report {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

nlohmann::ordered_json point(double lambda, const nlohmann::json& beta, double l1_norm) {
  return {{"lambda", lambda}, {"beta", beta},  {"l1_norm", l1_norm},      {"objective", 60.0},    {"loss", 50.0},
          {"gap", nullptr},   {"nonzeros", 2}, {"relative_gap", nullptr}, {"status", "converged"}};
}

/// Penalties 1, 100, 10: not in order.
void make_path(RunDirectory& directory) {
  directory.result["beta"] = nullptr;
  directory.result["lambda"] = 10.0;
  directory.result["path"] = {point(1.0, nullptr, 3.0), point(100.0, nullptr, 0.0), point(10.0, nullptr, 0.75)};
  directory.write_file("path.csv", "point,index,value\n0,7,2\n0,9,-1\n2,7,0.5\n2,12000,-0.25\n");
}

TEST(ReportPath, LinesAreInTheOrderOfTheAxisLargestFirst) {
  RunDirectory directory("ReportPath");
  make_path(directory);
  const std::vector<CoefficientLine> lines = coefficient_lines(read_run(directory.write()));
  ASSERT_EQ(lines.size(), 3u);
  EXPECT_EQ(lines[0].column, 7);
  EXPECT_EQ(lines[1].column, 9);
  EXPECT_EQ(lines[2].column, 12000);
  ASSERT_EQ(lines[0].points.size(), 3u);
  EXPECT_DOUBLE_EQ(lines[0].points[0].x, -2.0);
  EXPECT_DOUBLE_EQ(lines[0].points[2].x, 0.0);
  EXPECT_EQ(lines[0].points[0].y, 0.0);
  EXPECT_EQ(lines[0].points[1].y, 0.5);
  EXPECT_EQ(lines[0].points[2].y, 2.0);
}

TEST(ReportPath, BoundsAreDrawnOverTheNorm) {
  RunDirectory directory("ReportPath");
  make_path(directory);
  for (auto& row : directory.result["path"]) row["beta"] = 4.0;
  const report::Run run = read_run(directory.write());
  EXPECT_DOUBLE_EQ(coefficient_lines(run)[0].points[2].x, 3.0);
  EXPECT_THAT(path_section(run), Not(HasSubstr("log₁₀")));
}

TEST(ReportPath, PageNamesThePenaltyAndShowsThePath) {
  RunDirectory directory("ReportPath");
  make_path(directory);
  const std::string html = render(read_run(directory.write()), nullptr);
  for (const char* part : {"<h2>Path</h2>", "the last of 3 problems", "λ\u00a0=\u00a010", "−log₁₀ λ", ">3 points<"})
    EXPECT_THAT(html, HasSubstr(part));
  EXPECT_THAT(html, Not(HasSubstr("nan")));
}

TEST(ReportPath, StandsForAPathOfZeros) {
  RunDirectory directory("ReportPath");
  make_path(directory);
  directory.write_file("path.csv", "point,index,value\n");
  directory.coefficients = "index,value\n";
  EXPECT_THAT(render(read_run(directory.write()), nullptr), HasSubstr("All coefficients are zero at every point"));
}

TEST(ReportPath, RefusesAPathThatContradictsItself) {
  RunDirectory directory("ReportPath");
  make_path(directory);
  directory.write_file("path.csv", "point,index,value\n3,7,2\n");
  EXPECT_THROW((void)read_run(directory.write()), InputError);
  directory.write_file("path.csv", "point,index,value\n");
  directory.result["path"] = {1, 2};
  EXPECT_THROW((void)read_run(directory.write()), InputError);
  directory.result["path"] = nlohmann::json::array();
  EXPECT_THROW((void)read_run(directory.write()), InputError);
}

TEST(ReportPath, RunsOfBeforeHaveNoPenalty) {
  RunDirectory directory("ReportPath");
  EXPECT_FALSE(read_run(directory.write()).lambda.has_value());
  directory.result["beta"] = nullptr;
  EXPECT_THROW((void)read_run(directory.write()), InputError);
}

}  // namespace
}  // namespace wolfpack::report
