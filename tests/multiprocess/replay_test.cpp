// --record and --replay from the command line: the same bits over any transport, and clear words where that cannot be.
#include <algorithm>
#include <chrono>
#include <csignal>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/lasso_instances.hpp"
#include "tests/support/lasso_run.hpp"
#include "tests/support/slow_logistic.hpp"

namespace wolfpack::testing {
namespace {

using ::testing::AnyOf;
using ::testing::HasSubstr;
using Texts = std::vector<std::string>;

class ReplayOfTheProgram : public ::testing::Test {
 protected:
  ScratchDirectory scratch_;
  std::string data_ = scratch_.write("data.libsvm", to_svmlight(random_instance("wide", 40, 200, 2.0, 72)));
  std::string recording_ = scratch_.path("run.recording");

  [[nodiscard]] Texts arguments(const Texts& more) const {
    Texts all{"--data", data_, "--beta", "2", "--workers", "3", "--staleness", "3", "--top-k", "2"};
    all.insert(all.end(), more.begin(), more.end());
    return all;
  }
  void expect_refused(const Texts& more, const std::string& says) const {
    Texts all = arguments(more);
    all.insert(all.begin(), "lasso");
    const Outcome outcome = run_program(all);
    EXPECT_EQ(outcome.exit_status, 2);
    EXPECT_EQ(std::count(outcome.err.begin(), outcome.err.end(), '\n'), 1) << outcome.err;
    EXPECT_THAT(outcome.err, HasSubstr(says));
    EXPECT_THAT(outcome.err, AnyOf(HasSubstr("accepted"), HasSubstr("expected")));
  }
};

TEST_F(ReplayOfTheProgram, GivesTheSameBits) {
  const LassoRun recorded = run_lasso(arguments({"--record", recording_, "--straggler", "worker=1,slowdown=5"}));
  ASSERT_EQ(recorded.outcome.exit_status, 0) << recorded.outcome.err;
  EXPECT_EQ(recorded.result.at("record"), recording_);
  for (const std::string& transport : kTransports) {
    SCOPED_TRACE(transport);
    const LassoRun replayed = run_lasso(arguments({"--replay", recording_, "--transport", transport}));
    ASSERT_EQ(replayed.outcome.exit_status, 0) << replayed.outcome.err;
    EXPECT_EQ(replayed.coefficients_text, recorded.coefficients_text);
    for (const char* field : {"objective", "gap", "nonzeros", "l1_norm", "status"})
      EXPECT_EQ(replayed.result.at(field), recorded.result.at(field)) << field;
  }
}

TEST_F(ReplayOfTheProgram, OfOneWorkerGivesTheSameBitsToo) {
  const Texts one{"--data", data_, "--beta", "2", "--workers", "1"};
  Texts record = one, replay = one;
  record.insert(record.end(), {"--record", recording_});
  replay.insert(replay.end(), {"--replay", recording_});
  const LassoRun recorded = run_lasso(record), replayed = run_lasso(replay);
  ASSERT_EQ(replayed.outcome.exit_status, 0) << replayed.outcome.err;
  EXPECT_EQ(replayed.coefficients_text, recorded.coefficients_text);
}

TEST_F(ReplayOfTheProgram, OfLogisticOverSeveralShardsGivesTheSameBits) {
  const std::string data =
      scratch_.write("train.libsvm", to_svmlight(random_problem(400, 20, 0.3, 1.0 / 400, 23), 2, 5));
  const auto run = [&](const Texts& more) {
    Texts all{"logistic", "--data", data,      "--workers", "4",
              "--shards", "3",      "--quiet", "--output",  scratch_.path("run")};
    all.insert(all.end(), more.begin(), more.end());
    const Outcome outcome = run_program(all);
    EXPECT_EQ(outcome.exit_status, 0) << outcome.err;
    return ScratchDirectory::read(scratch_.path("run/coefficients.csv"));
  };
  for (const char* staleness : {"bsp", "2", "asp"}) {
    SCOPED_TRACE(staleness);
    const std::string recorded =
        run({"--staleness", staleness, "--record", recording_, "--straggler", "worker=3,slowdown=4"});
    for (const std::string& transport : kTransports) {
      SCOPED_TRACE(transport);
      EXPECT_EQ(run({"--staleness", staleness, "--replay", recording_, "--transport", transport}), recorded);
    }
  }
  const Outcome other = run_program({"logistic", "--data", data, "--workers", "4", "--shards", "2", "--staleness",
                                     "asp", "--quiet", "--replay", recording_});
  EXPECT_EQ(other.exit_status, 2);
  EXPECT_THAT(other.err, HasSubstr("--shards 3"));
}

TEST_F(ReplayOfTheProgram, EndsLikeAnyRunWhereItIsInterruptedOrAWorkerDies) {
  const std::string data =
      scratch_.write("train.libsvm", to_svmlight(random_problem(200, 20, 0.3, 1.0 / 200, 24), 2, 5));
  const auto command = [&](const Texts& more) {
    Texts all{"logistic", "--data", data, "--workers", "2", "--tolerance", "0", "--epochs", "100000", "--quiet"};
    all.insert(all.end(), more.begin(), more.end());
    return command_line(all);
  };
  Process recorder(command({"--record", recording_, "--time-limit", "2"}));
  ASSERT_EQ(recorder.wait(60.0).exit_status, 3);
  for (const bool is_killed : {false, true}) {
    Process job(command({"--replay", recording_}));
    ASSERT_TRUE(eventually(10.0, [&] { return find_worker(job, 1).has_value(); }));
    std::this_thread::sleep_for(std::chrono::milliseconds(700));  // it replays, for as long as it was recorded
    if (is_killed)
      ::kill(*find_worker(job, 1), SIGKILL);
    else
      job.signal(SIGINT);
    const Outcome outcome = job.wait(20.0);
    EXPECT_EQ(outcome.exit_status, is_killed ? 1 : 3) << outcome.err;
    EXPECT_THAT(outcome.err, is_killed ? HasSubstr("worker 1") : HasSubstr(""));
    EXPECT_THAT(outcome.err, ::testing::Not(HasSubstr("recording")));
  }
}

TEST_F(ReplayOfTheProgram, RefusesWhatItCannotRepeat) {
  ASSERT_EQ(run_lasso(arguments({"--record", recording_})).outcome.exit_status, 0);
  expect_refused({"--replay", recording_, "--tolerance", "1e-3"}, "--tolerance");
  expect_refused({"--replay", recording_, "--max-clock", "7"}, "--max-clock");
  expect_refused({"--replay", scratch_.path("absent")}, "absent");
  expect_refused({"--replay", scratch_.write("other", "label,value\n1,2\n")}, "not a recording");
  const std::string whole = ScratchDirectory::read(recording_);
  expect_refused({"--replay", scratch_.write("cut", whole.substr(0, whole.rfind("stop")))}, "ends before the end");
  expect_refused({"--record", scratch_.path("no/such/folder/file")}, "no/such/folder");
}

TEST_F(ReplayOfTheProgram, OfOtherDataIsRefusedOrLeavesTheRecording) {
  ASSERT_EQ(run_lasso(arguments({"--record", recording_})).outcome.exit_status, 0);
  const auto replay_of = [&](const LassoInstance& instance) {
    const std::string other = scratch_.write("other.libsvm", to_svmlight(instance));
    return run_program({"lasso", "--data", other, "--beta", "2", "--workers", "3", "--staleness", "3", "--top-k", "2",
                        "--quiet", "--replay", recording_});
  };
  auto instance = random_instance("wide", 40, 200, 2.0, 72);
  for (auto& row : instance.rows) std::swap(row[0], row[1]), std::swap(row[7], row[150]), row[3] *= 3;
  const Outcome other_matrix = replay_of(instance);
  EXPECT_EQ(other_matrix.exit_status, 1);
  EXPECT_THAT(other_matrix.err, HasSubstr("leaves the recording"));
  const Outcome other_target = replay_of(random_instance("wide", 40, 200, 2.0, 73));
  EXPECT_EQ(other_target.exit_status, 2);
  EXPECT_THAT(other_target.err, HasSubstr("--target"));
}

}  // namespace
}  // namespace wolfpack::testing
