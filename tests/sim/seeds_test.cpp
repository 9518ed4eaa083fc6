// The parameter server and the runtime in thousands of random runs under the simulator. A failure names its seed.
#include "tests/sim/seeds.hpp"

#include <gtest/gtest.h>

#include "ps/value.hpp"
#include "tests/sim/scenario.hpp"

namespace wolfpack::sim {
namespace {

TEST(SimulatedRuns, HoldEveryRuleWhateverTheSeed) {
  for_each_seed(1000, [](std::uint64_t seed) {
    const Scenario scenario = Scenario::of(seed);
    return Finding{scenario.run(), [scenario] { return scenario.describe(); }};
  });
}

TEST(SimulatedRuns, OfOneSeedAreTheSame) {
  const auto turns = [](std::uint64_t seed) {
    SimulatedJob job({.seed = seed, .workers = 3});
    const auto outcome = job.run({.rows = {ps::add_row(std::vector<double>(4))}}, [](runtime::Job& j) {
      (void)j.iterate({.iterations = 5, .staleness = {2}},
                      [](runtime::Iteration& it) { it.update({0}, ps::encode_dense(std::vector<double>(4, 1.0))); });
      j.close();
    });
    EXPECT_EQ(outcome.problem(), "");
    return std::pair(outcome.turns, outcome.virtual_seconds);
  };
  EXPECT_EQ(turns(5), turns(5));
  EXPECT_NE(turns(5), turns(6));
}

TEST(SimulatedRuns, ThatAreStalerThanTheyClaimAreCaught) {
  Scenario scenario = Scenario::of(3);
  scenario.workers = 3;
  scenario.iterations = 20;
  scenario.staleness = {5};
  scenario.claimed_staleness = Staleness{2};
  scenario.straggler = runtime::StragglerSpec{.worker = WorkerId{1}, .slowdown = 30.0};
  EXPECT_NE(scenario.run().find("lead rule"), std::string::npos) << scenario.run();
}

}  // namespace
}  // namespace wolfpack::sim
