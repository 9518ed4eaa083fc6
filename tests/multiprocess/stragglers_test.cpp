// What one slow worker does to the others, read off the trace; and what processes that wait cost a machine that has too
// few cores for them.
#include <algorithm>
#include <chrono>
#include <cmath>
#include <map>
#include <numeric>
#include <string>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/backends.hpp"
#include "tests/support/lasso_instances.hpp"
#include "tests/support/lasso_run.hpp"
#include "tests/support/npy_bytes.hpp"

namespace wolfpack::testing {
namespace {

using TraceOfWorkers = std::map<int, std::vector<nlohmann::json>>;

TraceOfWorkers by_worker(const std::vector<nlohmann::json>& trace) {
  TraceOfWorkers workers;
  for (const auto& row : trace) workers[row.at("worker").get<int>()].push_back(row);
  return workers;
}

double number(const nlohmann::json& row, const char* field) { return row.at(field).get<double>(); }

double sum_of(const std::vector<nlohmann::json>& rows, const char* field) {
  return std::accumulate(rows.begin(), rows.end(), 0.0,
                         [field](double sum, const auto& row) { return sum + number(row, field); });
}

/// When an iteration had computed: its clock was told to the others at this time or later, and at `end` or earlier.
double computed_at(const nlohmann::json& row) { return number(row, "end") - number(row, "update_seconds"); }

class Stragglers : public ::testing::TestWithParam<std::string> {
 protected:
  static constexpr std::size_t kRows = 300, kColumns = 6000;

  /// Large enough for an iteration's computing to take far longer than a clock's tick: dense, 14 MB.
  static void SetUpTestSuite() {
    const auto instance = random_instance("large", kRows, kColumns, 4.0, 81);
    std::vector<double> values;
    for (const auto& row : instance.rows) values.insert(values.end(), row.begin(), row.end());
    scratch_ = new ScratchDirectory;
    data_ = {"--data",
             scratch_->write("a.npy",
                             npy_bytes(fmt::format("{{'descr': '<f8', 'fortran_order': False, 'shape': ({}, {}), }}\n",
                                                   kRows, kColumns),
                                       bytes_of(values))),
             "--target",
             scratch_->write("y.txt", fmt::format("{}\n", fmt::join(instance.target, "\n"))),
             "--beta",
             "4"};
  }
  static void TearDownTestSuite() {
    delete scratch_;
    scratch_ = nullptr;
  }

  static LassoRun run(std::vector<std::string> more) {
    more.insert(more.begin(), data_.begin(), data_.end());
    more.insert(more.end(), {"--transport", GetParam()});
    LassoRun run = run_lasso(more);
    EXPECT_EQ(run.outcome.exit_status, 0) << run.outcome.err;
    return run;
  }

  inline static ScratchDirectory* scratch_ = nullptr;
  inline static std::vector<std::string> data_;
};

TEST_P(Stragglers, SlowdownTenMakesTheIterationsOfThatWorkerTenTimesLonger) {
  const LassoRun slowed =
      run({"--workers", "3", "--staleness", "3", "--straggler", "worker=2,slowdown=10", "--top-k", "9"});
  const TraceOfWorkers workers = by_worker(slowed.trace);
  ASSERT_EQ(workers.size(), 3u);
  EXPECT_EQ(sum_of(workers.at(0), "straggle_seconds"), 0.0);
  EXPECT_EQ(sum_of(workers.at(1), "straggle_seconds"), 0.0);
  std::vector<nlohmann::json> thorough;  // a quick round's delay is so short that a sleeper wakes late
  for (const auto& row : workers.at(2))
    if (row.at("columns_evaluated") == kColumns / 3) thorough.push_back(row);
  ASSERT_FALSE(thorough.empty());
  const double select = sum_of(thorough, "select_seconds");
  const double straggle = sum_of(thorough, "straggle_seconds");
  const double late = 0.005 * static_cast<double>(thorough.size());  // a busy machine wakes a sleeper so late
  EXPECT_GE(straggle, 7.0 * select);
  EXPECT_LE(straggle, 11.0 * select + late);
}

TEST_P(Stragglers, RandomOneIsOneAtATimeAndNotAlwaysTheSame) {
  const LassoRun slowed = run({"--workers", "3", "--staleness", "3", "--straggler",
                               "worker=random,slowdown=20,duration=0.02", "--top-k", "3", "--seed", "5"});
  int slowed_workers = 0;
  for (const auto& [worker, rows] : by_worker(slowed.trace)) slowed_workers += sum_of(rows, "straggle_seconds") > 0;
  EXPECT_GE(slowed_workers, 2);
}

/// The lead rule, the read rule and the shape of the trace, at every staleness, with somebody to wait for.
TEST_P(Stragglers, TraceKeepsTheRulesOfStaleness) {
  struct Case {
    const char* option;
    std::size_t staleness;
  };
  for (const Case& rule : {Case{"bsp", 0}, Case{"1", 1}, Case{"3", 3}, Case{"10", 10}, Case{"asp", 1u << 30}}) {
    SCOPED_TRACE(fmt::format("staleness {}", rule.option));
    const LassoRun slowed =
        run({"--workers", "4", "--staleness", rule.option, "--straggler", "worker=1,slowdown=8", "--top-k", "8"});
    const TraceOfWorkers workers = by_worker(slowed.trace);
    ASSERT_EQ(workers.size(), 4u);
    const std::size_t clocks = slowed.result.at("clocks");
    EXPECT_GE(slowed.trace.size(), clocks);
    EXPECT_LE(slowed.trace.size(), clocks + 4) << "beside whole iterations only the one that the end cut short";

    for (const auto& [worker, rows] : workers) {
      SCOPED_TRACE(fmt::format("worker {}", worker));
      double previous_end = 0.0, previous_version = 0.0;
      double previous_objective = slowed.result.at("null_objective").get<double>() * (1 + 1e-12);
      for (std::size_t clock = 0; clock < rows.size(); ++clock) {
        const auto& row = rows[clock];
        ASSERT_EQ(row.at("clock"), clock) << "a hole";
        const double start = number(row, "start"), end = number(row, "end");
        EXPECT_GE(start, previous_end);
        EXPECT_LE(start, end);
        double parts = 0.0;
        for (const char* part :
             {"wait_seconds", "get_seconds", "select_seconds", "straggle_seconds", "update_seconds"}) {
          EXPECT_GE(number(row, part), 0.0) << part;
          parts += number(row, part);
        }
        EXPECT_LE(parts, end - start + 1e-6);
        EXPECT_LE(end, slowed.result.at("wall_seconds").get<double>()) << "one time base";
        EXPECT_LE(number(row, "staleness"), static_cast<double>(rule.staleness));
        const bool is_empty = number(row, "version") == 0.0;  // gave way, so that nobody waits for this worker
        EXPECT_TRUE(is_empty || number(row, "version") >= previous_version);
        if (row.at("objective").is_number()) {
          EXPECT_LE(number(row, "objective"), previous_objective * (1 + 1e-12)) << "the objective never rises";
          previous_objective = number(row, "objective");
        }
        EXPECT_TRUE(row.at("gap").is_null() || number(row, "gap") >= 0.0);
        previous_end = end;
        if (!is_empty) previous_version = number(row, "version");

        if (clock <= rule.staleness) continue;
        for (const auto& [other, theirs] : workers) {
          const std::size_t needed = clock - rule.staleness - 1;  // must be finished before this one starts
          ASSERT_LT(needed, theirs.size()) << "worker " << other << " was left behind";
          EXPECT_GE(start + number(row, "wait_seconds"), computed_at(theirs[needed])) << "ahead of worker " << other;
        }
      }
    }
  }
}

/// While the slow one makes its first pass, the others choose atoms, and more of them by what the owner made of those.
TEST_P(Stragglers, AsynchronousWorkersDoNotWait) {
  const LassoRun slowed =
      run({"--workers", "3", "--staleness", "asp", "--straggler", "worker=2,slowdown=300", "--top-k", "3"});
  const TraceOfWorkers workers = by_worker(slowed.trace);
  ASSERT_EQ(workers.size(), 3u);
  const double first_pass_ended = number(workers.at(2).front(), "end");
  const auto finished = std::count_if(workers.at(0).begin(), workers.at(0).end(),
                                      [&](const auto& row) { return number(row, "end") < first_pass_ended; });
  EXPECT_GE(finished, 3);
}

class TooFewCores : public ::testing::TestWithParam<std::string> {
 protected:
  ScratchDirectory scratch_;
  std::string data_ = scratch_.write("wide.libsvm", to_svmlight(random_instance("wide", 30, 160, 1.5, 82)));
};

TEST_P(TooFewCores, SixteenWorkersConvergeInNoTime) {
  for (const char* staleness : {"bsp", "3", "asp"}) {
    const LassoRun run = run_lasso(
        {"--data", data_, "--beta", "1.5", "--workers", "16", "--staleness", staleness, "--transport", GetParam()});
    EXPECT_EQ(run.outcome.exit_status, 0) << run.outcome.err;
    EXPECT_LT(run.result.at("solve_seconds").get<double>(), 2.0) << staleness;
  }
}

TEST_P(TooFewCores, WaitingForAStragglerCostsLittle) {
  if (kAddressSanitizer) GTEST_SKIP() << "the address sanitizer's own work is more than what is allowed here";
  for (const char* staleness : {"bsp", "3", "asp"}) {
    SCOPED_TRACE(staleness);
    Process job(command_line({"lasso", "--data", data_, "--beta", "1.5", "--workers", "16", "--staleness", staleness,
                              "--tolerance", "0", "--straggler", "worker=7,slowdown=1e9", "--transport", GetParam(),
                              "--quiet"}));
    std::this_thread::sleep_for(std::chrono::milliseconds(2000));  // they have started, and what could be done is done
    const auto pids = job.alive();
    ASSERT_EQ(pids.size(), 17u) << job.err();
    std::map<pid_t, double> before;
    for (const pid_t pid : pids) before[pid] = cpu_seconds(pid).value_or(0.0);
    const double began = monotonic_seconds();
    std::this_thread::sleep_for(std::chrono::milliseconds(1500));
    const double waited = monotonic_seconds() - began;
    double all = 0.0;
    for (const pid_t pid : pids) {
      const double share = (cpu_seconds(pid).value_or(0.0) - before[pid]) / waited;
      EXPECT_LT(share, 0.05) << "of one core, by process " << pid << " of " << ::testing::PrintToString(pids);
      all += share;
    }
    EXPECT_LT(all, 0.4) << "of one core, by 17 processes that wait";
    EXPECT_EQ(job.alive(), pids);
    ASSERT_TRUE(job.signal(SIGTERM));
    EXPECT_EQ(job.wait(10.0).exit_status, 3);
  }
}

INSTANTIATE_TEST_SUITE_P(Transports, Stragglers, ::testing::ValuesIn(kTransports), transport_name);
INSTANTIATE_TEST_SUITE_P(Transports, TooFewCores, ::testing::ValuesIn(kTransports), transport_name);

}  // namespace
}  // namespace wolfpack::testing
