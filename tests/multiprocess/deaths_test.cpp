// However a job ends before its time, it ends whole: within seconds, with a message that names who, no process left and
// nothing in shared memory. Processes are killed at random moments, from before they are there to after they are done.
// (tests/stress/kills does it by the hundred.)
#include <algorithm>
#include <cmath>
#include <filesystem>
#include <optional>
#include <random>
#include <sstream>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/lasso_instances.hpp"
#include "tests/support/lasso_run.hpp"
#include "tests/support/pace.hpp"
#include "tests/support/shared_memory_watch.hpp"

namespace wolfpack::testing {
namespace {

using ::testing::AllOf;
using ::testing::Ge;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Le;
using ::testing::Not;

const double kEndsWithinSeconds = 5.0 * slowness();
const double kIsIteratingSeconds = 1.0 * slowness();  ///< from the start to when every worker surely iterates

class Deaths : public ::testing::TestWithParam<std::string> {
 protected:
  ScratchDirectory scratch_;
  SharedMemoryWatch shared_memory_;
  std::string data_ = scratch_.write("wide.libsvm", to_svmlight(random_instance("wide", 30, 160, 1.5, 61)));
  std::string output_ = scratch_.path("run");

  [[nodiscard]] std::vector<std::string> quick(int workers) const {
    return command_line({"lasso", "--data", data_, "--beta", "1.5", "--workers", std::to_string(workers), "--staleness",
                         "1", "--transport", GetParam(), "--quiet", "--output", output_});
  }
  /// Its last worker's sleep never ends.
  [[nodiscard]] std::vector<std::string> endless(int workers) const {
    auto arguments = quick(workers);
    arguments.insert(arguments.end(),
                     {"--tolerance", "0", "--straggler", fmt::format("worker={},slowdown=1e9", workers - 1)});
    return arguments;
  }

  /// How many of so many tries: the first transport makes them all, the others half as many.
  [[nodiscard]] std::size_t tries(std::size_t count) const {
    const std::size_t usual = GetParam() == kTransports.front() ? count : count / 2;
    return std::max(std::min<std::size_t>(usual, 3), usual / asked_divisor());
  }

  /// Its launcher cleans up after a job; a launcher that is killed may leave an empty folder to the next one.
  void expect_nothing_left(const Process& job) {
    EXPECT_TRUE(eventually(kEndsWithinSeconds, [&] { return job.alive().empty(); })) << "processes are left";
    EXPECT_THAT(shared_memory_.left_behind(), IsEmpty());
  }

  /// If there is a result, it is a whole one.
  void expect_whole_files() const {
    if (std::filesystem::exists(output_ + "/result.json")) {
      EXPECT_NO_THROW((void)read_run(output_));
    }
  }
};

/// Whether the job's folder in shared memory is still there.
bool leaves_folder(const Process& job) {
  std::error_code gone;
  for (const auto& entry : std::filesystem::directory_iterator("/dev/shm", gone))
    if (entry.path().filename().string().rfind(fmt::format("wolfpack-{}-", job.pid()), 0) == 0) return true;
  return false;
}

/// How many lines there are, where all are this program's own.
std::ptrdiff_t lines_of_ours(const std::string& text) {
  std::ptrdiff_t count = 0;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line); ++count)
    EXPECT_EQ(line.rfind("wolfpack: ", 0), 0u) << "not a line of ours: " << line;
  return count;
}

/// Most moments fall into start-up, which takes some 0.1 s, and a few long after.
std::vector<double> random_moments(std::size_t count, unsigned seed) {
  std::mt19937_64 random(seed);
  std::uniform_real_distribution<double> uniform;
  std::vector<double> moments;
  for (std::size_t k = 0; k < count; ++k) moments.push_back(1.5 * slowness() * std::pow(uniform(random), 3.0));
  moments.front() = 0.0;
  return moments;
}

TEST_P(Deaths, NoneLeavesNothingEither) {
  Process job(quick(4));
  EXPECT_EQ(job.wait(kRunLimitSeconds).exit_status, 0);
  expect_nothing_left(job);
  EXPECT_FALSE(leaves_folder(job));
}

TEST_P(Deaths, OfTheLauncherAtAnyMoment) {
  for (const double moment : random_moments(tries(14), 71)) {
    for (const bool is_endless : {true, false}) {
      const int workers = 2 + static_cast<int>(moment * 1e4) % 4;
      SCOPED_TRACE(
          fmt::format("{} workers, {}, killed after {:.4f} s", workers, is_endless ? "endless" : "quick", moment));
      Process job(is_endless ? endless(workers) : quick(workers));
      (void)eventually(moment, [&] { return job.has_ended(); });
      const bool was_killed = job.signal(SIGKILL);
      const Outcome outcome = job.wait(kEndsWithinSeconds);
      EXPECT_TRUE(was_killed || !is_endless) << "it ended by itself: " << outcome.err;
      EXPECT_EQ(outcome.signal, was_killed ? SIGKILL : 0);
      expect_nothing_left(job);
      if (is_endless && moment > kIsIteratingSeconds) {
        EXPECT_EQ(job.err(), "wolfpack: the launcher was killed; the job ends\n");
        EXPECT_FALSE(leaves_folder(job)) << "the workers clean up for it";
      }
      expect_whole_files();
    }
  }
}

TEST_P(Deaths, OfAnyWorkerAtAnyMoment) {
  std::size_t killed = 0, survived = 0;
  for (const double moment : random_moments(tries(24), 72)) {
    for (const bool is_endless : {true, false}) {
      const int workers = 2 + static_cast<int>(moment * 1e4) % 4;
      const int victim = (killed + survived) % 2 == 0 ? 0 : 1 + static_cast<int>(moment * 1e5) % (workers - 1);
      SCOPED_TRACE(fmt::format("worker {} of {}, {}, killed after {:.4f} s", victim, workers,
                               is_endless ? "endless" : "quick", moment));
      Process job(is_endless ? endless(workers) : quick(workers));
      (void)eventually(moment, [&] { return job.has_ended(); });
      std::optional<pid_t> pid;
      ASSERT_TRUE(eventually(10.0, [&] { return (pid = find_worker(job, victim)).has_value() || job.has_ended(); }));
      const bool was_killed = pid && ::kill(*pid, SIGKILL) == 0;
      const Outcome outcome = job.wait(kEndsWithinSeconds);
      EXPECT_FALSE(outcome.timed_out) << outcome.err;
      if (outcome.exit_status == 0) {  // it had done its part when it was killed, or the kill came too late
        EXPECT_FALSE(is_endless);
        EXPECT_EQ(outcome.err, "");
        ++survived;
      } else {
        EXPECT_TRUE(was_killed);
        EXPECT_EQ(outcome.exit_status, 1);
        EXPECT_THAT(outcome.err, HasSubstr(fmt::format("worker {}", victim)));
        // The launcher's line, and while the job connects perhaps one of a worker that cannot reach the victim.
        EXPECT_THAT(lines_of_ours(outcome.err), AllOf(Ge(1), Le(2))) << outcome.err;
        EXPECT_THAT(outcome.err, Not(HasSubstr("backtrace")));
        EXPECT_FALSE(leaves_folder(job));
        ++killed;
      }
      expect_nothing_left(job);
      expect_whole_files();
    }
  }
  EXPECT_GE(killed, tries(24));
}

/// Nobody of the job is there to clean up: the next launcher is, whoever's it is.
TEST_P(Deaths, OfAllAtOnceLeaveNothingBeyondTheNextRun) {
  Process job(endless(3));
  ASSERT_TRUE(eventually(kEndsWithinSeconds, [&] { return leaves_folder(job); })) << "it never made its folder";
  ASSERT_TRUE(job.signal_group(SIGKILL));
  EXPECT_EQ(job.wait(kEndsWithinSeconds).signal, SIGKILL);
  EXPECT_TRUE(eventually(kEndsWithinSeconds, [&] { return job.alive().empty(); })) << "processes are left";
  Process next(quick(2));
  EXPECT_EQ(next.wait(kRunLimitSeconds).exit_status, 0);
  EXPECT_FALSE(leaves_folder(job));
  EXPECT_FALSE(leaves_folder(next));
  expect_nothing_left(next);
}

TEST_P(Deaths, InterruptTerminationAndHangupStillWriteResults) {
  for (const int number : {SIGINT, SIGTERM, SIGHUP}) {
    for (const char* const whom : {"the launcher", "the whole process group", "both", "a worker without a shard"}) {
      SCOPED_TRACE(fmt::format("signal {} to {}", number, whom));
      Process job(endless(3));
      (void)eventually(kIsIteratingSeconds, [&] { return job.has_ended(); });
      const std::string to = whom;
      if (to == "a worker without a shard") {
        const auto pid = find_worker(job, 1);
        ASSERT_TRUE(pid && ::kill(*pid, number) == 0);
      }
      if (to == "the launcher" || to == "both") ASSERT_TRUE(job.signal(number));  // as timeout(1) has it
      if (to == "the whole process group" || to == "both") ASSERT_TRUE(job.signal_group(number));
      const Outcome outcome = job.wait(kEndsWithinSeconds);
      EXPECT_EQ(outcome.exit_status, 3);
      EXPECT_EQ(outcome.err, "");
      const RunFiles files = read_run(output_);
      EXPECT_EQ(files.result.at("status"), "interrupted");
      EXPECT_LT(files.result.at("objective"), files.result.at("null_objective"));
      EXPECT_FALSE(files.trace.empty());
      expect_nothing_left(job);
      EXPECT_FALSE(leaves_folder(job));
      std::filesystem::remove_all(output_);
    }
  }
}

/// Else a second Ctrl-C would have no effect on a job that does not come to its end.
TEST_P(Deaths, AskedAgainAfterASecondItEndsWithoutResults) {
  Process job(endless(3));
  (void)eventually(kIsIteratingSeconds, [&] { return job.has_ended(); });
  const auto pid = find_worker(job, 1);
  ASSERT_TRUE(pid);
  ASSERT_EQ(::kill(*pid, SIGSTOP), 0);  // so that it cannot end by itself
  ASSERT_TRUE(job.signal_group(SIGINT));
  EXPECT_FALSE(eventually(2.0, [&] { return job.has_ended(); }));
  ASSERT_TRUE(job.signal_group(SIGINT));
  const Outcome outcome = job.wait(kEndsWithinSeconds);
  EXPECT_EQ(outcome.exit_status, 1);
  EXPECT_THAT(outcome.err, HasSubstr("told to stop again"));
  EXPECT_EQ(lines_of_ours(outcome.err), 1) << outcome.err;
  EXPECT_FALSE(std::filesystem::exists(output_ + "/result.json"));
  expect_nothing_left(job);
  EXPECT_FALSE(leaves_folder(job));
}

TEST_P(Deaths, HangupsThatAreIgnoredStayIgnored) {
  std::vector<std::string> command{"/bin/sh", "-c", "trap '' HUP; exec \"$@\"", "sh"};
  const auto arguments = quick(2);
  command.insert(command.end(), arguments.begin(), arguments.end());
  command.insert(command.end(), {"--tolerance", "0", "--straggler", "worker=1,slowdown=1e9", "--time-limit",
                                 fmt::format("{}", 2 * slowness())});
  Process job(command);
  (void)eventually(kIsIteratingSeconds, [&] { return job.has_ended(); });
  ASSERT_TRUE(job.signal_group(SIGHUP));
  const Outcome outcome = job.wait(kRunLimitSeconds);
  EXPECT_EQ(outcome.exit_status, 3);
  EXPECT_EQ(outcome.err, "");
  EXPECT_EQ(read_run(output_).result.at("status"), "time_limit");
}

/// While it starts there may be nothing to write yet; but it ends, and whole.
TEST_P(Deaths, InterruptsDuringStartUp) {
  for (const double moment : random_moments(tries(16), 73)) {
    const bool whole_group = static_cast<int>(moment * 1e5) % 2 == 0;
    SCOPED_TRACE(
        fmt::format("SIGINT to {} after {:.4f} s", whole_group ? "the whole process group" : "the launcher", moment));
    Process job(endless(3));
    (void)eventually(moment, [&] { return job.has_ended(); });
    ASSERT_TRUE(whole_group ? job.signal_group(SIGINT) : job.signal(SIGINT));
    const Outcome outcome = job.wait(kEndsWithinSeconds);
    EXPECT_FALSE(outcome.timed_out);
    EXPECT_TRUE(outcome.exit_status == 3 || outcome.exit_status == 1 || outcome.signal == SIGINT)
        << outcome.exit_status;
    if (outcome.exit_status == 3) {
      EXPECT_EQ(read_run(output_).result.at("status"), "interrupted");
    }
    expect_nothing_left(job);
    std::filesystem::remove_all(output_);
  }
}

TEST_P(Deaths, AWorkerThatIsStoppedForAWhileIsWaitedFor) {
  for (const int victim : {0, 1}) {
    SCOPED_TRACE(fmt::format("worker {}", victim));
    auto arguments = quick(3);
    arguments.insert(arguments.end(), {"--straggler", "worker=2,slowdown=1e9", "--time-limit",
                                       fmt::format("{}", 4 * slowness())});  // it is going all the time
    Process job(arguments);
    (void)eventually(kIsIteratingSeconds, [&] { return job.has_ended(); });
    const auto pid = find_worker(job, victim);
    ASSERT_TRUE(pid);
    ASSERT_EQ(::kill(*pid, SIGSTOP), 0);
    EXPECT_FALSE(eventually(2.0, [&] { return job.has_ended(); })) << "2 s are no death: " << job.err();
    ASSERT_EQ(::kill(*pid, SIGCONT), 0);
    const Outcome outcome = job.wait(kRunLimitSeconds);
    EXPECT_EQ(outcome.exit_status, 3) << outcome.err;
    EXPECT_EQ(read_run(output_).result.at("status"), "time_limit");
    expect_nothing_left(job);
  }
}

/// One that hangs for good ends the job by its heartbeat: also where the others are already through and wait to end.
TEST_P(Deaths, AWorkerThatHangsEndsTheJobWithItsName) {
  for (const int victim : {0, 2}) {
    for (std::size_t k = 0; k < tries(2); ++k) {
      const bool is_interrupted = (k == 0) == (victim == 0);
      SCOPED_TRACE(fmt::format("worker {}, {}", victim, is_interrupted ? "interrupted" : "left alone"));
      Process job(endless(3));
      (void)eventually(kIsIteratingSeconds, [&] { return job.has_ended(); });
      const auto pid = find_worker(job, victim);
      ASSERT_TRUE(pid);
      ASSERT_EQ(::kill(*pid, SIGSTOP), 0);
      if (is_interrupted) {
        ASSERT_TRUE(job.signal(SIGTERM));
      }
      const Outcome outcome = job.wait(15.0 * slowness());  // 4 s of silence, and a second to end by oneself
      EXPECT_FALSE(outcome.timed_out);
      EXPECT_EQ(outcome.exit_status, 1);
      EXPECT_THAT(outcome.err, HasSubstr(fmt::format("worker {}", victim)));
      expect_nothing_left(job);
    }
  }
}

/// Stopped as soon as it is there, so that no certificate is possible before it goes on.
TEST_P(Deaths, AWorkerThatIsStoppedFromTheStartStillConverges) {
  for (const int victim : {0, 2}) {
    SCOPED_TRACE(fmt::format("worker {}", victim));
    Process job(quick(3));
    std::optional<pid_t> pid;
    ASSERT_TRUE(eventually(10.0, [&] { return (pid = find_worker(job, victim)).has_value(); }));
    ASSERT_EQ(::kill(*pid, SIGSTOP), 0);
    EXPECT_FALSE(eventually(2.0, [&] { return job.has_ended(); })) << job.err();
    ASSERT_EQ(::kill(*pid, SIGCONT), 0);
    EXPECT_EQ(job.wait(kRunLimitSeconds).exit_status, 0) << job.err();
    EXPECT_EQ(read_run(output_).result.at("status"), "converged");
    expect_nothing_left(job);
  }
}

INSTANTIATE_TEST_SUITE_P(Transports, Deaths, ::testing::ValuesIn(kTransports), transport_name);

}  // namespace
}  // namespace wolfpack::testing
