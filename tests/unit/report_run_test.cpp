#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/status.hpp"
#include "experiments/report/run.hpp"
#include "tests/unit/report_fixture.hpp"

namespace wolfpack::report {
namespace {

using ::testing::AllOf;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;

std::string complaint(const std::filesystem::path& directory) {
  try {
    (void)read_run(directory);
  } catch (const InputError& error) {
    return error.what();
  }
  return "";
}

TEST(ReportRun, ReadsWhatTheRunWrote) {
  RunDirectory directory("ReportRun");
  directory.result["threads"] = 3;
  const report::Run run = read_run(directory.write());
  EXPECT_TRUE(run.converged());
  EXPECT_EQ(run.staleness, "3");
  EXPECT_EQ(run.relative_gap, 1e-7);
  EXPECT_EQ(run.columns, 12345);
  ASSERT_EQ(run.coefficients.size(), 2u);
  EXPECT_EQ(run.coefficients[0].column, 7);  // sorted, though the file is not
  EXPECT_EQ(run.coefficients[1].value, -0.25);
  EXPECT_EQ(run.settings.back().name, "threads");
  EXPECT_EQ(run.settings.back().value, "3");
}

TEST(ReportRun, SortsTheTraceByWorkerAndTime) {
  RunDirectory directory("ReportRun");
  const report::Run run = read_run(directory.write());
  ASSERT_EQ(run.trace.size(), 4u);
  const auto rows = rows_of(run, WorkerId{1});
  ASSERT_EQ(rows.size(), 2u);
  EXPECT_EQ(rows[0].clock, Clock{0});
  EXPECT_EQ(rows[1].start, 1.1);
  EXPECT_FALSE(rows[0].gap.has_value());
  EXPECT_EQ(rows[1].gap, 1e-5);
  EXPECT_TRUE(rows_of(run, WorkerId{2}).empty());
}

TEST(ReportRun, TakesAspAndAnInfiniteGap) {
  RunDirectory directory("ReportRun");
  directory.result["staleness"] = "asp";
  directory.result["gap"] = nullptr;
  directory.result["relative_gap"] = nullptr;
  const report::Run run = read_run(directory.write());
  EXPECT_EQ(run.staleness, "asp");
  EXPECT_FALSE(run.gap.has_value());
  EXPECT_FALSE(run.relative_gap.has_value());
}

TEST(ReportRun, NamesTheMissingFile) {
  RunDirectory directory("ReportRun");
  EXPECT_THAT(complaint(directory.path()), HasSubstr("result.json: cannot be read"));
  directory.write();
  std::filesystem::remove(directory.path() / "trace.jsonl");
  EXPECT_THAT(complaint(directory.path()), HasSubstr("trace.jsonl: cannot be read"));
}

TEST(ReportRun, NamesTheLineOfBadJson) {
  RunDirectory directory("ReportRun");
  directory.trace += "{\"worker\": 0,\n";
  EXPECT_THAT(complaint(directory.write()), AllOf(HasSubstr("trace.jsonl:5: not valid JSON"), Not(HasSubstr("\n"))));
  directory.write_file("result.json", "{\n  \"status\": \"converged\",\n  oops\n}\n");
  EXPECT_THAT(complaint(directory.path()), HasSubstr("result.json:3: not valid JSON"));
  directory.write_file("result.json", "[1]");
  EXPECT_THAT(complaint(directory.path()), HasSubstr("result.json:1: a JSON object is expected"));
}

TEST(ReportRun, NamesTheMissingOrMistypedField) {
  RunDirectory directory("ReportRun");
  directory.result.erase("beta");
  EXPECT_THAT(complaint(directory.write()), EndsWith("result.json: field \"beta\" is missing"));
  directory.result["beta"] = "one";
  EXPECT_THAT(complaint(directory.write()), EndsWith("field \"beta\" must be a number"));
  directory.result["beta"] = 1.0;
  directory.result["workers"] = -2;
  EXPECT_THAT(complaint(directory.write()), HasSubstr("field \"workers\" must be a whole number"));
}

TEST(ReportRun, NamesTheLineOfABadTraceRow) {
  RunDirectory directory("ReportRun");
  directory.trace += "{\"worker\": 0, \"clock\": 2}\n";
  EXPECT_THAT(complaint(directory.write()), EndsWith("trace.jsonl:5: field \"start\" is missing"));
  directory.trace.clear();
  directory.add_iteration(2, 0, 0.0, 1, 1.0, 1.0);
  EXPECT_THAT(complaint(directory.write()), HasSubstr("trace.jsonl:1: field \"worker\" must be below the 2 workers"));
}

TEST(ReportRun, RefusesBadCoefficients) {
  RunDirectory directory("ReportRun");
  for (const auto& [content, expected] : {
           std::pair{"", ":1: the header"},
           std::pair{"index,value\n3;4\n", ":2: not a coefficient"},
           std::pair{"index,value\n1,0.5\n2,nan\n", ":3: not a coefficient"},
           std::pair{"index,value\n12345,0.5\n", ":2: no column 12345"},
           std::pair{"index,value\n3,0.5\n3,0.1\n", "column 3 is there twice"},
       }) {
    directory.coefficients = content;
    EXPECT_THAT(complaint(directory.write()), AllOf(HasSubstr("coefficients.csv"), HasSubstr(expected)));
  }
}

}  // namespace
}  // namespace wolfpack::report
