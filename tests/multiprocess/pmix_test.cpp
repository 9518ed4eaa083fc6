// Ranks that Open MPI's mpirun has started, joined by PMIx: each test starts multiprocess_pmix_ranks (pmix_ranks.cpp).
#include <algorithm>
#include <csignal>
#include <map>
#include <sstream>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/mpirun.hpp"
#include "tests/support/process.hpp"

namespace wolfpack::testing {
namespace {

using ::testing::AnyOf;
using ::testing::Each;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;
using ::testing::StartsWith;

constexpr std::size_t kRanks = 3;
const std::string kRanksProgram = WOLFPACK_BINARY_DIR "/bin/multiprocess_pmix_ranks";

class Pmix : public MpirunTest {
 protected:
  [[nodiscard]] std::vector<std::string> command(const std::string& deed) const {
    return mpirun(kRanks, {kRanksProgram, deed});
  }
  [[nodiscard]] Outcome run(const std::string& deed) const { return MpirunTest::run(command(deed)); }
  [[nodiscard]] static std::vector<std::string> errors(const Outcome& outcome) {
    return lines_from("ranks", outcome.err);
  }

  /// What each rank said.
  [[nodiscard]] static std::map<std::string, std::vector<std::string>> by_rank(const std::string& out) {
    std::map<std::string, std::vector<std::string>> said;
    std::istringstream lines(out);
    for (std::string rank, text; lines >> rank && std::getline(lines >> std::ws, text);) said[rank].push_back(text);
    return said;
  }
};

TEST_F(Pmix, RanksGatherMessagesOfAnySize) {
  std::vector<std::string> jobs;
  for (int i = 0; i < 2; ++i) {
    const Outcome outcome = run("exchange");
    EXPECT_EQ(outcome.exit_status, 0) << outcome.err;
    const auto said = by_rank(outcome.out);
    ASSERT_THAT(said, SizeIs(kRanks)) << outcome.out;
    for (std::size_t rank = 0; rank < kRanks; ++rank) {
      ASSERT_THAT(said.at(std::to_string(rank)), SizeIs(1));
      EXPECT_EQ(said.at(std::to_string(rank))[0], said.at("0")[0]);
    }
    EXPECT_THAT(said.at("0")[0], StartsWith("of 3 in job "));
    EXPECT_THAT(said.at("0")[0], HasSubstr(": 0 wrong"));
    jobs.push_back(said.at("0")[0]);
  }
  EXPECT_NE(jobs[0], jobs[1]) << "two jobs have one id";
}

TEST_F(Pmix, AbandoningFreesWhoWaitsAndRefusesWhoComesLater) {
  const Outcome outcome = run("abandon");
  EXPECT_EQ(outcome.exit_status, 0) << outcome.err;
  const auto said = by_rank(outcome.out);
  ASSERT_THAT(said, SizeIs(kRanks - 1)) << outcome.out;
  for (const auto& [rank, texts] : said) {
    EXPECT_THAT(texts, SizeIs(2)) << rank;
    EXPECT_THAT(texts, Each("PeerFailure it will not come")) << rank;
  }
}

TEST_F(Pmix, ARankThatIsKilledEndsTheOthers) {
  const Outcome outcome = run("kill");
  EXPECT_NE(outcome.exit_status, 0);
  EXPECT_THAT(outcome.out, Not(HasSubstr("all came")));
  EXPECT_THAT(outcome.err, AnyOf(HasSubstr("rank 1"), HasSubstr("worker 1")));
}

TEST_F(Pmix, ARankThatFailsSaysWhyAndEndsTheOthers) {
  const Outcome outcome = run("fail");
  EXPECT_NE(outcome.exit_status, 0);
  EXPECT_THAT(outcome.out, Not(HasSubstr("all came")));
  EXPECT_THAT(errors(outcome), ::testing::Contains("ranks: out of luck"));
}

TEST_F(Pmix, ARankThatLeavesTooSoonIsNamed) {
  const Outcome outcome = run("leave");
  EXPECT_NE(outcome.exit_status, 0);
  EXPECT_THAT(outcome.out, Not(HasSubstr("all came")));
  ASSERT_THAT(errors(outcome), SizeIs(1)) << outcome.err;
  EXPECT_THAT(errors(outcome)[0], HasSubstr("worker 1 is lost"));
}

TEST_F(Pmix, ALauncherThatIsKilledLeavesNoRankBehind) {
  Process process(command("sleep"));
  ASSERT_TRUE(eventually(kPatienceSeconds, [&] { return process.out().find("1 pid ") != std::string::npos; }));
  ASSERT_THAT(process.alive(), SizeIs(1 + kRanks));
  process.signal(SIGKILL);
  EXPECT_TRUE(eventually(10.0, [&] { return process.alive().empty(); }));
}

TEST_F(Pmix, BadInputIsSaidOnce) {
  const Outcome outcome = run("refuse");
  EXPECT_EQ(outcome.exit_status, 2);
  EXPECT_THAT(errors(outcome), ::testing::ElementsAre("ranks: this cannot be"));
}

TEST_F(Pmix, TheStatusOfTheRanksIsTheJobs) { EXPECT_EQ(run("status").exit_status, 3); }

TEST_F(Pmix, RanksReachEachOthersMemory) {
  for (const char* transport : {"shm", "tcp"}) {
    SCOPED_TRACE(transport);
    const Outcome outcome = run(transport);
    EXPECT_EQ(outcome.exit_status, 0) << outcome.err;
    EXPECT_THAT(outcome.err, IsEmpty());
    const auto said = by_rank(outcome.out);
    ASSERT_THAT(said, SizeIs(kRanks)) << outcome.out;
    for (const auto& [rank, texts] : said) EXPECT_THAT(texts, Each(StartsWith("right back over "))) << rank;
  }
}

/// As an environment is where no launcher is, or one without PMIx.
TEST(WithoutPmix, OneLineSaysWhatToType) {
  using Case = std::pair<std::vector<std::string>, std::string>;
  for (const auto& [environment, named] :
       std::vector<Case>{{{"PMI_RANK=0"}, "srun --mpi=pmix"},
                         {{"OMPI_COMM_WORLD_RANK=0"}, "mpirun"},
                         {{"SLURM_PROCID=0", "SLURM_STEP_NUM_TASKS=4"}, "srun --mpi=pmix"},
                         {{"SLURM_PROCID=0", "SLURM_STEP_NUM_TASKS=4", "PMI_RANK=0"}, "srun --mpi=pmix"},
                         {{"PMIX_RANK=0"}, "PMI"},  // no server; or no PMIx in this build
                         {{"PMIX_RANK=zero"}, "PMIX_RANK=zero"}}) {
    SCOPED_TRACE(fmt::format("{}", fmt::join(environment, " ")));
    const Outcome outcome = Process({kRanksProgram, "status"}, environment).wait(60.0);
    EXPECT_THAT(outcome.exit_status, AnyOf(1, 2));
    EXPECT_EQ(std::count(outcome.err.begin(), outcome.err.end(), '\n'), 1) << outcome.err;
    EXPECT_THAT(outcome.err, HasSubstr(named));
  }
}

}  // namespace
}  // namespace wolfpack::testing
