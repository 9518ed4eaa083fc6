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

}  // namespace
}  // namespace wolfpack::sim
