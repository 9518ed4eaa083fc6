#include <numeric>
#include <random>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "experiments/report/timeline.hpp"

namespace wolfpack::report {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

double sum(const PhaseSeconds& phases) { return std::accumulate(phases.begin(), phases.end(), 0.0); }
double of(const PhaseSeconds& phases, Phase phase) { return phases[static_cast<std::size_t>(phase)]; }

TraceRow row_of_a_second(double start) {
  return {.start = start,
          .end = start + 1.0,
          .wait_seconds = 0.25,
          .get_seconds = 0.125,
          .select_seconds = 0.25,
          .straggle_seconds = 0.125,
          .update_seconds = 0.125};
}

std::vector<TraceRow> random_rows(std::size_t count, WorkerId worker, double mean_seconds) {
  std::mt19937_64 random(7 + worker.value);
  std::exponential_distribution<double> part(5.0 / mean_seconds);
  std::vector<TraceRow> rows;
  double now = 0.0;
  for (std::size_t k = 0; k < count; ++k) {
    TraceRow row{.worker = worker, .clock = {k}, .start = now};
    row.wait_seconds = part(random);
    row.get_seconds = part(random);
    row.select_seconds = part(random);
    row.update_seconds = part(random);
    now += row.wait_seconds + row.get_seconds + row.select_seconds + row.update_seconds + part(random);
    row.end = now;
    rows.push_back(row);
  }
  return rows;
}

TEST(ReportTimeline, ExplainsAnIterationWhole) {
  const PhaseSeconds phases = phase_seconds(row_of_a_second(3.0));
  EXPECT_EQ(of(phases, Phase::wait), 0.25);
  EXPECT_EQ(of(phases, Phase::straggle), 0.125);
  EXPECT_EQ(of(phases, Phase::other), 0.125);
  EXPECT_EQ(sum(phases), 1.0);
}

TEST(ReportTimeline, CutsWhatIsRecordedBeyondTheEnd) {
  TraceRow row = row_of_a_second(0.0);
  row.end = 0.5;
  const PhaseSeconds phases = phase_seconds(row);
  EXPECT_EQ(of(phases, Phase::select), 0.125);
  EXPECT_EQ(of(phases, Phase::update), 0.0);
  EXPECT_EQ(of(phases, Phase::other), 0.0);
  EXPECT_EQ(sum(phases), 0.5);
}

TEST(ReportTimeline, SplitsPhasesAtTheEdgesOfBuckets) {
  const std::vector<TraceRow> rows{row_of_a_second(0.0)};
  const std::vector<PhaseSeconds> buckets = bucket_phases(rows, {0.0, 2.0}, 4);
  ASSERT_EQ(buckets.size(), 4u);
  EXPECT_DOUBLE_EQ(of(buckets[0], Phase::wait), 0.25);
  EXPECT_DOUBLE_EQ(of(buckets[0], Phase::get), 0.125);
  EXPECT_DOUBLE_EQ(of(buckets[0], Phase::select), 0.125);
  EXPECT_DOUBLE_EQ(of(buckets[1], Phase::select), 0.125);
  EXPECT_DOUBLE_EQ(sum(buckets[1]), 0.5);
  EXPECT_EQ(sum(buckets[2]), 0.0);
}

TEST(ReportTimeline, BucketsKeepTheTotalOfEveryPhase) {
  for (const double mean_seconds : {1e-4, 0.05, 30.0}) {
    const std::vector<TraceRow> rows = random_rows(500, WorkerId{0}, mean_seconds);
    const PhaseSeconds expected = phase_seconds(rows);
    const std::vector<PhaseSeconds> buckets = bucket_phases(rows, {0.0, rows.back().end}, 137);
    const double bucket_seconds = rows.back().end / 137.0;
    PhaseSeconds total{};
    for (const PhaseSeconds& bucket : buckets) {
      EXPECT_LE(sum(bucket), bucket_seconds * (1 + 1e-9));
      for (std::size_t phase = 0; phase < kPhaseCount; ++phase) total[phase] += bucket[phase];
    }
    for (std::size_t phase = 0; phase < kPhaseCount; ++phase)
      EXPECT_NEAR(total[phase], expected[phase], 1e-9 * rows.back().end) << kPhaseNames[phase];
  }
}

TEST(ReportTimeline, DrawsALaneAndARowOfSharesForEveryWorker) {
  report::Run run;
  run.workers = 2;
  for (int k = 0; k < 3; ++k) run.trace.push_back(row_of_a_second(k));
  const std::string html = timeline_section(run);
  EXPECT_THAT(html, HasSubstr(">worker 0</text>"));
  EXPECT_THAT(html, HasSubstr(">worker 1</text>"));  // though it never finished an iteration
  EXPECT_THAT(html, HasSubstr("<td>25.0%</td><td>12.5%</td><td>25.0%</td><td>12.5%</td><td>12.5%</td><td>12.5%</td>"));
  EXPECT_THAT(html, HasSubstr("<path class=\"straggle\""));
}

TEST(ReportTimeline, LeavesOutPhasesThatNeverHappened) {
  report::Run run;
  run.workers = 1;
  run.trace.push_back({.end = 1.0, .select_seconds = 1.0});
  EXPECT_THAT(timeline_section(run), Not(HasSubstr("straggle")));
  run.trace.clear();
  EXPECT_THAT(timeline_section(run), HasSubstr("No iteration was recorded"));
}

TEST(ReportTimeline, StaysSmallHoweverLongTheRun) {
  report::Run run;
  run.workers = 16;
  for (std::uint32_t worker = 0; worker < 16; ++worker) {
    const std::vector<TraceRow> rows = random_rows(10'000, WorkerId{worker}, 0.01);
    run.trace.insert(run.trace.end(), rows.begin(), rows.end());
  }
  EXPECT_LT(timeline_section(run).size(), 1'000'000u);
  run.workers = 1000;
  EXPECT_THAT(timeline_section(run), HasSubstr("One of every 16 workers is shown"));
}

}  // namespace
}  // namespace wolfpack::report
