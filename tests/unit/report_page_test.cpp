#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "experiments/report/page.hpp"
#include "tests/unit/html_checks.hpp"
#include "tests/unit/report_fixture.hpp"

namespace wolfpack::report {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

TEST(ReportPage, SaysWhatARunFoundAndHowSureItIs) {
  RunDirectory directory("ReportPage");
  const std::string html = render(read_run(directory.write()), nullptr);
  expect_sound(html);
  EXPECT_THAT(html, HasSubstr("2 workers with staleness 3 chose 2 of 12\u202f345 columns"));
  EXPECT_THAT(html, HasSubstr("1.0\u00a0×\u00a010⁻⁷"));
  EXPECT_THAT(html, HasSubstr("50.0% below f(0)"));
  EXPECT_THAT(html, HasSubstr("2.12 s"));
  EXPECT_THAT(html, Not(HasSubstr("class=\"warning\"")));
  EXPECT_THAT(html, Not(HasSubstr("<h2>Pictures</h2>")));
}

TEST(ReportPage, WarnsWhereTheRunDidNotConvergeAndSaysWhy) {
  RunDirectory directory("ReportPage");
  for (const auto& [status, why] :
       {std::pair{"clock_limit", "after 2 clocks"}, std::pair{"time_limit", "the time limit came first"},
        std::pair{"stalled", "no further atom lowered the objective"}, std::pair{"interrupted", "it was interrupted"},
        std::pair{"odd", "status “odd”"}}) {
    directory.result["status"] = status;
    const std::string html = render(read_run(directory.write()), nullptr);
    EXPECT_THAT(html, AllOf(HasSubstr("<b>Not converged:</b>"), HasSubstr(why)));
  }
  directory.result["gap"] = directory.result["relative_gap"] = nullptr;
  const std::string html = render(read_run(directory.write()), nullptr);
  expect_sound(html);
  EXPECT_THAT(html, HasSubstr("There is no certificate"));
}

TEST(ReportPage, ShowsEverySettingKnownOnesFirst) {
  RunDirectory directory("ReportPage");
  directory.result = nlohmann::ordered_json{{"mystery", {{"depth", 2}}}};
  directory.result.update(RunDirectory("ReportPageDefaults").result);
  const std::string html = render(read_run(directory.write()), nullptr);
  EXPECT_THAT(html, HasSubstr("<th scope=\"row\">mystery</th><td>{&quot;depth&quot;:2}</td>"));
  EXPECT_THAT(html, HasSubstr("<th scope=\"row\">relative_gap</th><td>1e-07</td>"));
  EXPECT_LT(html.find(">status</th>"), html.find(">mystery</th>"));
}

TEST(ReportPage, EscapesEveryStringOfTheInput) {
  RunDirectory directory("ReportPage<b>&'x'");
  const std::string hostile = "<script>alert('\"&\"')</script>";
  for (const char* field : {"status", "method", "staleness", "data", "target", "device", "transport_lanes"})
    directory.result[field] = hostile;
  directory.result[hostile] = hostile;
  expect_sound(render(read_run(directory.write()), nullptr));
}

TEST(ReportPage, StandsForRunsWithNothingInThem) {
  RunDirectory directory("ReportPage");
  directory.coefficients = "index,value\n";
  directory.trace.clear();
  directory.result["nonzeros"] = directory.result["clocks"] = 0;
  for (const char* field : {"objective", "gap", "relative_gap", "null_objective", "l1_norm", "solve_seconds"})
    directory.result[field] = 0.0;
  const std::string html = render(read_run(directory.write()), nullptr);
  expect_sound(html);
  EXPECT_THAT(html, AllOf(HasSubstr("All coefficients are zero"), HasSubstr("No iteration was recorded")));
}

TEST(ReportPage, StandsForASingleIteration) {
  RunDirectory directory("ReportPage");
  directory.trace.clear();
  directory.add_iteration(0, 0, 0.0, 1, nullptr, 100.0);
  directory.coefficients = "index,value\n0,1e-300\n";
  const std::string html = render(read_run(directory.write()), nullptr);
  expect_sound(html);
  EXPECT_THAT(html, HasSubstr("Over 1 iteration:"));
}

TEST(ReportPage, StaysUnderTwoMegabytesForSixteenWorkersAndTenThousandIterations) {
  report::Run run = read_run(RunDirectory("ReportPage").write());
  run.workers = 16;
  run.trace.clear();
  for (std::uint32_t worker = 0; worker < 16; ++worker) {
    for (std::uint64_t k = 0; k < 10'000; ++k) {
      // Uneven on purpose: no two buckets are alike.
      const double start = static_cast<double>(k) * 1e-3;
      const double wait = 1e-4 * static_cast<double>((k * 7919 + worker * 31) % 8);
      run.trace.push_back({.worker = {worker},
                           .clock = {k},
                           .start = start,
                           .end = start + 1e-3,
                           .wait_seconds = wait,
                           .get_seconds = 5e-5,
                           .select_seconds = 1e-4,
                           .straggle_seconds = 5e-5,
                           .version = {k},
                           .staleness = static_cast<double>(k % 61),
                           .gap = 100.0 / static_cast<double>(1 + k * 7 % 997),
                           .objective = 50.0 + 50.0 / static_cast<double>(1 + k)});
    }
  }
  run.coefficients.clear();
  for (Index j = 0; j < 5000; ++j)
    run.coefficients.push_back({2 * j, (j % 3 == 0 ? -1e-4 : 1e-4) * static_cast<double>(j)});
  const std::string html = render(run, nullptr);
  expect_sound(html);
  EXPECT_LT(html.size(), 2'000'000u);
}

}  // namespace
}  // namespace wolfpack::report
