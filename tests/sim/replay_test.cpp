// A recorded run comes out the same, bit for bit, however its replay is timed: the recording holds all that timing
// decides.
#include <gtest/gtest.h>

#include "base/status.hpp"
#include "tests/sim/lasso_scenario.hpp"
#include "tests/sim/seeds.hpp"

namespace wolfpack::sim {
namespace {

using frank_wolfe::SolveResult;
using runtime::Recording;

std::string difference(const SolveResult& a, const SolveResult& b) {
  if (a.status != b.status) return "the status";
  if (a.iterate.columns != b.iterate.columns) return "the columns";
  if (a.iterate.weights != b.iterate.weights) return "the weights";
  if (a.iterate.dual != b.iterate.dual) return "the dual vector";
  if (a.iterate.objective != b.iterate.objective) return "the objective";
  if (a.gap != b.gap) return "the gap";
  return "";
}

LassoScenario stale_scenario(std::uint64_t seed) {
  LassoScenario scenario = LassoScenario::of(seed);
  scenario.workers = 2 + seed % 3;
  if (scenario.straggler) scenario.straggler->worker = WorkerId{1};
  return scenario;
}

TEST(Replay, GivesTheSameBitsHoweverItIsTimed) {
  std::uint64_t differed = 0, runs = 0;
  for_each_seed(150, [&](std::uint64_t seed) {
    LassoScenario scenario = stale_scenario(seed);
    scenario.record = true;
    SolveResult first, otherwise, again;
    if (std::string what = scenario.run(&first); !what.empty())
      return Finding{what, [scenario] { return scenario.describe(); }};

    scenario.timing_seed = seed + 1'000'000;
    if (!scenario.time_limit_seconds && scenario.run(&otherwise).empty())
      differed += !difference(first, otherwise).empty();
    ++runs;

    const Recording recording = Recording::from_text(first.recording.to_text(), "recording");
    scenario.replay = &recording;
    std::string what = scenario.run(&again);
    if (what.empty()) what = difference(first, again);
    if (what.empty() && again.recording.to_text() != first.recording.to_text()) what = "the recording of the replay";
    return Finding{what, [scenario] { return scenario.describe(); }};
  });
  EXPECT_TRUE(runs < 20 || differed > runs / 10) << "timing alone changes " << differed << " of " << runs << " runs";
}

TEST(Replay, LeavesARecordingOfAnotherProblemWithAClearError) {
  LassoScenario scenario = stale_scenario(4);
  scenario.method = frank_wolfe::Method::corrective;
  scenario.time_limit_seconds.reset();
  scenario.instance = 0;
  scenario.record = true;
  SolveResult result;
  ASSERT_EQ(scenario.run(&result), "");
  Recording recording = result.recording;
  ASSERT_FALSE(recording.reads[1].empty());
  recording.reads[1][0].key = {3};
  scenario.replay = &recording;
  EXPECT_NE(scenario.run().find("leaves the recording"), std::string::npos) << scenario.run();
}

TEST(Recording, TextComesBackAsItWas) {
  Recording recording;
  recording.settings = {{"data", "a file.npy"}, {"beta", "1.5"}};
  recording.clocks = {{2}, {5}};
  recording.reads = {{{{0}, {0}, 0, {1}, {0}, {0}}, {{1}, {2}, 0, {}, {}, {}}}, {}};
  recording.shards = {{{{{1, 0}, {{0}, {2}}}, {{2, 5}, {}}}, ps::StopReason::converged}, {}};
  recording.stop = ps::StopReason::converged;
  const Recording back = Recording::from_text(recording.to_text(), "it");
  EXPECT_EQ(back.to_text(), recording.to_text());
  EXPECT_EQ(back.settings, recording.settings);
  EXPECT_EQ(back.clocks, recording.clocks);
  EXPECT_EQ(back.shards[0].folds, recording.shards[0].folds);
  EXPECT_EQ(back.shards[0].said, recording.shards[0].said);
  EXPECT_EQ(back.stop, recording.stop);
}

void expect_refused(const std::string& text, const std::string& why) {
  try {
    (void)Recording::from_text(text, "file");
    ADD_FAILURE() << "accepted: " << text;
  } catch (const InputError& error) {
    EXPECT_NE(std::string(error.what()).find(why), std::string::npos) << error.what();
  }
}

TEST(Recording, BadTextIsRefusedWithItsLine) {
  const std::string job = "wolfpack-recording 2\njob 2 1\n";
  EXPECT_NO_THROW(
      (void)Recording::from_text(job + "clocks 1 1\nread 0 0 0 1 0 0\nfold 0 1 0 0\nfold 0 1 1\nstop 2\n", ""));
  expect_refused("", "ends before");
  expect_refused("other 1\n", "line 1: it is not a recording");
  expect_refused("wolfpack-recording 2\nread 0 0 0 1 0 0\n", "line 2: \"job\" must come first");
  expect_refused("wolfpack-recording 2\njob 0 1\n", "line 2: 0 is out of range, 1 to ");
  expect_refused("wolfpack-recording 2\njob 2 3\n", "line 2: 3 is out of range, 1 to 2");
  expect_refused(job + "job 2 1\n", "line 3: \"job\" comes once");
  expect_refused(job + "read 2 0 0 1 0 0\n", "line 3: 2 is out of range");
  expect_refused(job + "read 0 0 0 x 0 0\n", "line 3: \"x\" is not a number");
  expect_refused(job + "fold 0 1\n", "line 3: a word is missing");
  expect_refused(job + "fold 1 1 1\n", "line 3: 1 is out of range");
  expect_refused(job + "clocks 1 2 3\n", "line 3: \"3\" is too much");
  expect_refused(job + "fold 0 1 1\nfold 0 0 1\n", "line 4: the fold takes back a clock");
  expect_refused(job + "sing 1\n", "line 3: \"sing\" is no kind of entry");
  expect_refused(job + "fold 0 1 1\n", "ends before");
}

TEST(Recording, OfWhatCannotHaveHappenedIsRefusedBeforeAnybodyWaitsForIt) {
  const auto text = [](const std::string& middle) {
    return "wolfpack-recording 2\njob 2 2\nclocks 2 2\n" + middle + "stop 2\n";
  };
  const std::string why = "cannot have been made in any order";
  // Each worker reads what follows from the other's clock alone, which ends after that read.
  const std::string folds = "fold 0 1 0 0\nfold 1 0 1 1\n";
  EXPECT_NO_THROW((void)Recording::from_text(text(folds + "read 0 1 1 2 0 0\nread 1 1 0 2 0 0\n"), ""));
  expect_refused(text(folds + "read 0 0 1 2 0 0\nread 1 0 0 2 0 0\n"), why);
  expect_refused(text("read 0 0 0 2 0 0\n"), why);  // never published
  expect_refused(text("fold 0 3 0\n"), why);        // nobody made the clock
  // Version 5 takes the slot of version 1.
  const std::string four = "clocks 4 2\nfold 0 1 0 0\nfold 0 2 0 0\nfold 0 3 0 0\nfold 0 4 0 0\n";
  EXPECT_NO_THROW((void)Recording::from_text(text(four + "read 1 0 0 1 0 0\nread 1 0 0 5 0 0\n"), ""));
  expect_refused(text(four + "read 1 0 0 5 0 0\nread 1 0 0 1 0 0\n"), why);
}

}  // namespace
}  // namespace wolfpack::sim
