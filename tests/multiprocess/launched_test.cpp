// `wolfpack` commands whose workers others have started, mpirun or somebody one by one: the same answers as those that
// it starts itself, bad input told once, and clean ends.
#include <csignal>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <fmt/ranges.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "tests/support/free_port.hpp"
#include "tests/support/lasso_instances.hpp"
#include "tests/support/lasso_run.hpp"
#include "tests/support/mpirun.hpp"
#include "tests/support/pace.hpp"
#include "tests/support/scratch_directory.hpp"

namespace wolfpack::testing {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

using Texts = std::vector<std::string>;

constexpr std::size_t kRanks = 3;

Texts complaints(const Outcome& outcome) { return lines_from("wolfpack", outcome.err); }

class Launched : public MpirunTest {
 protected:
  ScratchDirectory scratch_;
  std::string data_ = scratch_.write("wide.libsvm", to_svmlight(random_instance("wide", 30, 160, 1.5, 61)));
  std::string labels_ =
      scratch_.write("labels.libsvm", "1 1:2 2:1\n0 1:-1\n1 1:1.5 3:1\n0 2:-2 3:0.5\n1 1:1 2:2\n0 1:-2 2:-1\n");
  std::string output_ = scratch_.path("launched");

  [[nodiscard]] Texts lasso(const Texts& more = {}) const {
    Texts all{kProgram, "lasso", "--data", data_, "--beta", "1.5", "--staleness", "0"};
    all.insert(all.end(), more.begin(), more.end());
    return all;
  }
};

TEST_F(Launched, LassoIsTheSameToTheBit) {
  for (const char* transport : {"shm", "tcp"}) {
    SCOPED_TRACE(transport);
    const Outcome outcome = run(mpirun(kRanks, lasso({"--transport", transport, "--quiet", "--output", output_})));
    ASSERT_EQ(outcome.exit_status, 0) << outcome.err;
    EXPECT_THAT(outcome.out, IsEmpty());
    EXPECT_THAT(outcome.err, IsEmpty());
    const RunFiles launched = read_run(output_);
    const LassoRun spawned =
        run_lasso({"--data", data_, "--beta", "1.5", "--staleness", "0", "--workers", std::to_string(kRanks)});
    EXPECT_EQ(launched.coefficients_text, spawned.coefficients_text);
    EXPECT_EQ(launched.result.at("objective"), spawned.result.at("objective"));
    EXPECT_EQ(launched.result.at("workers"), kRanks);
    EXPECT_EQ(launched.result.at("transport"), transport);
    EXPECT_EQ(launched.result.at("hosts"), 1);
    EXPECT_EQ(launched.trace.size(), spawned.trace.size());
  }
}

TEST_F(Launched, OneRankPrintsTheResult) {
  const Outcome outcome = run(mpirun(kRanks, lasso({"--json", "--quiet", "--workers", std::to_string(kRanks)})));
  ASSERT_EQ(outcome.exit_status, 0) << outcome.err;
  EXPECT_EQ(nlohmann::json::parse(outcome.out).at("status"), "converged");
}

TEST_F(Launched, LogisticIsTheSameToTheBit) {
  const Texts command{kProgram,      "logistic", "--data",   labels_, "--epochs", "3",
                      "--staleness", "0",        "--shards", "2",     "--quiet",  "--output"};
  const auto with = [&](const std::string& folder, const Texts& more) {
    Texts all = command;
    all.push_back(scratch_.path(folder));
    all.insert(all.end(), more.begin(), more.end());
    return all;
  };
  const Outcome launched = run(mpirun(kRanks, with("launched", {})));
  const Outcome spawned = Process(with("spawned", {"--workers", std::to_string(kRanks)})).wait(kPatienceSeconds);
  EXPECT_EQ(launched.exit_status, spawned.exit_status) << launched.err << spawned.err;
  const auto coefficients = [&](const char* folder) {
    return ScratchDirectory::read(scratch_.path(folder) + "/coefficients.csv");
  };
  EXPECT_EQ(coefficients("launched"), coefficients("spawned"));
  EXPECT_THAT(coefficients("launched"), HasSubstr("\n0,"));
}

TEST_F(Launched, LatencyMeasuresBetweenRanks) {
  const Outcome outcome = run(mpirun(kRanks, {kProgram, "latency", "--json", "--size", "8", "--operation", "get",
                                              "--iterations", "20", "--pairs", "all"}));
  ASSERT_THAT(outcome.exit_status, ::testing::AnyOf(0, 3)) << outcome.err;
  const auto document = nlohmann::json::parse(outcome.out);
  EXPECT_EQ(document.at("settings").at("ranks"), kRanks);
  EXPECT_EQ(document.at("results").size(), kRanks * (kRanks - 1));
}

TEST_F(Launched, ALimitIsStatusThreeAndResultsAreWritten) {
  const Outcome outcome = run(mpirun(kRanks, lasso({"--max-clock", "1", "--quiet", "--output", output_})));
  EXPECT_EQ(outcome.exit_status, 3) << outcome.err;
  EXPECT_EQ(read_run(output_).result.at("status"), "clock_limit");
}

TEST_F(Launched, BadInputIsToldOnce) {
  struct Case {
    Texts arguments;
    std::string named;
  };
  for (const auto& [arguments, named] :
       std::vector<Case>{{lasso({"--workers", "2"}), "--workers 2: 3 ranks have been started"},
                         {lasso({"--straggler", "worker=3,slowdown=2"}), "--straggler"},
                         {lasso({"--nonsense"}), "--nonsense"},
                         {lasso({"--output", data_}), "--output"},
                         {{kProgram, "lasso", "--data", scratch_.path("absent.npy"), "--beta", "1"}, "absent.npy"},
                         {{kProgram, "logistic", "--data", labels_, "--shards", "4"}, "--shards"},
                         {{kProgram, "latency", "--pairs", "0:3"}, "--pairs 0:3"}}) {
    SCOPED_TRACE(fmt::format("{}", fmt::join(arguments, " ")));
    const Outcome outcome = run(mpirun(kRanks, arguments));
    EXPECT_EQ(outcome.exit_status, 2) << outcome.err;
    EXPECT_THAT(complaints(outcome), ElementsAre(HasSubstr(named))) << outcome.err;
  }
}

/// mpirun starts several programs with a colon in between.
TEST_F(Launched, RanksThatWereStartedDifferentlyAreRefused) {
  struct Case {
    Texts one, other;
    std::string named;
  };
  const std::string narrow = scratch_.write("narrow.libsvm", to_svmlight(random_instance("narrow", 30, 150, 1.5, 61)));
  for (const auto& [one, other, named] : std::vector<Case>{
           {lasso(), {kProgram, "lasso", "--data", data_, "--beta", "2", "--staleness", "0"}, "--beta 1.5, rank 1"},
           {lasso(), {kProgram, "lasso", "--data", narrow, "--beta", "1.5", "--staleness", "0"}, "160 columns, rank 1"},
           {lasso(), lasso({"--nonsense"}), "--nonsense"},
           {lasso({"--record", output_}), lasso(), "--record given, rank 1"},
           {lasso(), lasso({"--transport", "tcp"}), "--transport auto, rank 1"},
           {lasso(), {kProgram, "laso"}, "laso: no such command"},
           {lasso(), lasso({"--top-k", "x"}), "--top-k x"}}) {
    SCOPED_TRACE(named);
    Texts command = mpirun(1, one);
    command.insert(command.end(), {":", "-n", "1"});
    command.insert(command.end(), other.begin(), other.end());
    const Outcome outcome = run(command);
    EXPECT_EQ(outcome.exit_status, 2) << outcome.err;
    EXPECT_THAT(complaints(outcome), ElementsAre(HasSubstr(named))) << outcome.err;
  }
}

/// Its last rank's sleep never ends.
TEST_F(Launched, InterruptedItStillWritesItsResults) {
  Process job(mpirun(kRanks, lasso({"--tolerance", "0", "--straggler", "worker=2,slowdown=1e9", "--output", output_})));
  ASSERT_TRUE(eventually(kPatienceSeconds, [&] { return job.alive().size() == 1 + kRanks; }));
  sleep_seconds(1.0 * slowness());
  job.signal(SIGTERM);
  const Outcome outcome = job.wait(kPatienceSeconds);
  EXPECT_FALSE(outcome.timed_out);
  EXPECT_NE(outcome.exit_status, 0);
  EXPECT_EQ(read_run(output_).result.at("status"), "interrupted") << outcome.err;
  EXPECT_TRUE(eventually(5.0, [&] { return job.alive().empty(); })) << "a rank is left";
}

TEST_F(Launched, ARankThatIsKilledEndsAll) {
  Process job(mpirun(kRanks, lasso({"--tolerance", "0", "--straggler", "worker=2,slowdown=1e9", "--output", output_})));
  ASSERT_TRUE(eventually(kPatienceSeconds, [&] { return job.alive().size() == 1 + kRanks; }));
  sleep_seconds(1.0 * slowness());
  for (const pid_t pid : job.alive())
    if (read_proc(pid, "environ").find(std::string("PMIX_RANK=2") + '\0') != std::string::npos) ::kill(pid, SIGKILL);
  const Outcome outcome = job.wait(kPatienceSeconds);
  EXPECT_FALSE(outcome.timed_out);
  EXPECT_NE(outcome.exit_status, 0);
  EXPECT_THAT(outcome.err, AllOf(HasSubstr("rank 2"), HasSubstr("signal 9")));
  EXPECT_TRUE(eventually(5.0, [&] { return job.alive().empty(); })) << "a rank is left";
}

/// Started one by one, with their places in the environment.
class StartedOneByOne : public ::testing::Test {
 protected:
  ScratchDirectory scratch_;
  std::string data_ = scratch_.write("wide.libsvm", to_svmlight(random_instance("wide", 30, 160, 1.5, 61)));
  std::string output_ = scratch_.path("launched");
  std::string port_ = free_port();
  std::vector<std::unique_ptr<Process>> ranks_;

  [[nodiscard]] std::unique_ptr<Process> rank(std::size_t rank, std::size_t size, const Texts& more) const {
    Texts command{kProgram, "lasso", "--data", data_, "--beta", "1.5", "--staleness", "0"};
    command.insert(command.end(), more.begin(), more.end());
    return std::make_unique<Process>(
        command, Texts{"RANK=" + std::to_string(rank), "WORLD_SIZE=" + std::to_string(size), "MASTER_ADDR=localhost",
                       "MASTER_PORT=" + port_});
  }
  void start(const Texts& more) {
    for (std::size_t i = 0; i < kRanks; ++i) ranks_.push_back(rank(i, kRanks, more));
  }
  /// Until they surely iterate: each has its progress thread.
  void wait_for_the_job() const {
    for (const auto& process : ranks_)
      ASSERT_TRUE(eventually(kRunLimitSeconds, [&] {
        const std::string status = read_proc(process->pid(), "status");
        const auto at = status.find("Threads:");
        return at != std::string::npos && std::stoi(status.substr(at + 8)) >= 3;
      }));
    sleep_seconds(1.0 * slowness());
  }
  std::vector<Outcome> wait() {
    std::vector<Outcome> outcomes;
    for (auto& rank : ranks_) outcomes.push_back(rank->wait(kRunLimitSeconds));
    return outcomes;
  }
};

TEST_F(StartedOneByOne, LassoIsTheSameToTheBit) {
  start({"--quiet", "--output", output_});
  for (const Outcome& outcome : wait()) {
    EXPECT_EQ(outcome.exit_status, 0);
    EXPECT_THAT(outcome.err, IsEmpty());
  }
  const LassoRun spawned =
      run_lasso({"--data", data_, "--beta", "1.5", "--staleness", "0", "--workers", std::to_string(kRanks)});
  EXPECT_EQ(read_run(output_).coefficients_text, spawned.coefficients_text);
}

TEST_F(StartedOneByOne, BadInputIsToldByTheFirst) {
  start({"--top-k", "x"});
  const auto outcomes = wait();
  for (const Outcome& outcome : outcomes) EXPECT_EQ(outcome.exit_status, 2);
  EXPECT_THAT(outcomes[0].err, HasSubstr("--top-k x"));
  EXPECT_THAT(outcomes[1].err + outcomes[2].err, IsEmpty());
}

TEST_F(StartedOneByOne, WhoDoesNotFitSaysSoAndTheOthersMeet) {
  const Texts quiet{"--quiet", "--output", output_};
  ranks_.push_back(rank(0, kRanks, quiet));
  const Outcome misfit = rank(1, kRanks + 1, quiet)->wait(kRunLimitSeconds);
  EXPECT_EQ(misfit.exit_status, 2);
  EXPECT_THAT(complaints(misfit), ElementsAre(HasSubstr("WORLD_SIZE=4: rank 0 expects 3 ranks")));
  for (const std::size_t i : {1, 2}) ranks_.push_back(rank(i, kRanks, quiet));
  for (const Outcome& outcome : wait()) EXPECT_EQ(outcome.exit_status, 0) << outcome.err;
}

TEST_F(StartedOneByOne, APlaceThatMakesNoSenseIsToldByWhoeverHasIt) {
  for (const auto& [environment, named] : std::vector<std::pair<Texts, std::string>>{
           {{"RANK=2", "WORLD_SIZE=2", "MASTER_ADDR=localhost", "MASTER_PORT=1234"}, "RANK=2 with WORLD_SIZE=2"},
           {{"RANK=1", "WORLD_SIZE=many"}, "WORLD_SIZE=many"},
           {{"RANK=1", "WORLD_SIZE=2", "MASTER_PORT=1234"}, "MASTER_ADDR="}}) {
    const Outcome outcome =
        Process({kProgram, "lasso", "--data", data_, "--beta", "1"}, environment).wait(kRunLimitSeconds);
    EXPECT_EQ(outcome.exit_status, 2);
    EXPECT_THAT(complaints(outcome), ElementsAre(HasSubstr(named)));
  }
}

TEST_F(StartedOneByOne, ARankThatIsKilledEndsAllAndIsNamed) {
  for (const std::size_t killed : {2, 0}) {
    SCOPED_TRACE(killed);
    ranks_.clear();
    start({"--tolerance", "0", "--straggler", "worker=1,slowdown=1e9", "--quiet"});
    wait_for_the_job();
    ASSERT_TRUE(ranks_[killed]->signal(SIGKILL));
    const auto outcomes = wait();
    for (std::size_t rank = 0; rank < kRanks; ++rank) {
      EXPECT_FALSE(outcomes[rank].timed_out) << rank;
      EXPECT_EQ(outcomes[rank].exit_status, rank == killed ? -1 : 1) << rank;
    }
    EXPECT_THAT(outcomes[killed == 0 ? 1 : 0].err, HasSubstr("worker " + std::to_string(killed)));
  }
}

TEST_F(StartedOneByOne, InterruptedTheyStillWriteTheirResults) {
  start({"--tolerance", "0", "--straggler", "worker=1,slowdown=1e9", "--quiet", "--output", output_});
  wait_for_the_job();
  for (auto& rank : ranks_) rank->signal(SIGTERM);
  for (const Outcome& outcome : wait()) EXPECT_EQ(outcome.exit_status, 3) << outcome.err;
  EXPECT_EQ(read_run(output_).result.at("status"), "interrupted");
}

/// As where one pod or one machine of them is to go.
TEST_F(StartedOneByOne, OneThatIsToldToStopStopsAll) {
  start({"--tolerance", "0", "--straggler", "worker=1,slowdown=1e9", "--quiet", "--output", output_});
  wait_for_the_job();
  ranks_[2]->signal(SIGTERM);
  for (const Outcome& outcome : wait()) EXPECT_EQ(outcome.exit_status, 3) << outcome.err;
  EXPECT_EQ(read_run(output_).result.at("status"), "interrupted");
}

TEST_F(StartedOneByOne, Rank0ThatHangsIsNamedByRank1) {
  start({"--tolerance", "0", "--straggler", "worker=1,slowdown=1e9", "--quiet"});
  wait_for_the_job();
  ASSERT_TRUE(ranks_[0]->signal(SIGSTOP));
  const double patience = 15.0 * slowness();
  for (const std::size_t rank : {1, 2}) {
    const Outcome outcome = ranks_[rank]->wait(patience);
    EXPECT_EQ(outcome.exit_status, 1) << rank;
    if (rank == 1) {
      EXPECT_THAT(complaints(outcome), ElementsAre(HasSubstr("worker 0 (pid")));
    } else {
      EXPECT_THAT(complaints(outcome), ElementsAre());
    }
  }
  ASSERT_TRUE(ranks_[0]->signal(SIGCONT));
  const Outcome outcome = ranks_[0]->wait(patience);
  EXPECT_EQ(outcome.exit_status, 1);
  EXPECT_THAT(complaints(outcome), ElementsAre(HasSubstr("did nothing for")));
}

}  // namespace
}  // namespace wolfpack::testing
