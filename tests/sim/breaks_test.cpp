// The simulator finds what it is for: every protocol that tests/sim/breaks.hpp breaks is caught within a few runs.
#include "tests/sim/breaks.hpp"

#include <gtest/gtest.h>

#include "tests/sim/scenario.hpp"

namespace wolfpack::sim {
namespace {

constexpr std::uint64_t kMostSeeds = 300;

struct Break {
  const char* name;
  Network::Wrap (*wrap)(const ps::JobLayout&);
  const char* shows_as;  ///< part of what is found: another finding does not count
  /// Makes a run one in which the break can tell.
  void (*prepare)(Scenario&) = [](Scenario&) {};
};

void PrintTo(const Break& broken, std::ostream* out) { *out << broken.name; }

Scenario ordinary(std::uint64_t seed) {
  Scenario scenario = Scenario::of(seed);
  scenario.victim.reset();
  scenario.sleeper.reset();
  scenario.stop_after_seconds.reset();
  scenario.stop_at_version.reset();
  scenario.iterations += 6;
  scenario.workers = std::max<std::size_t>(scenario.workers, 2);
  Random random(seed);
  scenario.weather = Weather::of(random);
  scenario.weather->emulated = false;
  return scenario;
}

// Some words come so late that the owner publishes several versions meanwhile.
void late_words(Scenario& scenario) {
  scenario.staleness = Staleness{20};
  scenario.compute_seconds = 1e-6;
  scenario.weather->latency_seconds = 1e-6;
  scenario.weather->late_share = 0.02;
  scenario.weather->late_latencies = 1000.0;
  scenario.weather->largest_piece = 4096;
}

class Breaks : public ::testing::TestWithParam<Break> {};

TEST_P(Breaks, AreCaught) {
  for (std::uint64_t seed = 0; seed < kMostSeeds; ++seed) {
    Scenario scenario = ordinary(seed);
    GetParam().prepare(scenario);
    ASSERT_EQ(scenario.run(), "") << "without the break: " << scenario.describe();
    scenario.wrap = GetParam().wrap(scenario.layout());
    const std::string what = scenario.run();
    if (what.find(GetParam().shows_as) == std::string::npos) continue;
    std::cout << "caught in run " << seed + 1 << ": " << what << '\n';
    return;
  }
  FAIL() << "not caught in " << kMostSeeds << " runs";
}

const Break kBreaks[] = {
    {"TailBeforeData", breaks::tail_before_data, "a lane does not hold a record"},
    {"NoEndOfClockRecord", breaks::no_end_of_clock_record, "inside clock"},
    {"SlotReusedEarly", breaks::slot_reused_early, "version", late_words},
    {"HeadNotReturned", breaks::head_not_returned, "it does not end", [](Scenario& s) { s.lane_bytes = 512; }},
    {"WordsOfAnotherShard", breaks::words_of_another_shard, "it does not end", [](Scenario& s) { s.shards = 2; }},
    {"FloorBeforeWords", breaks::floor_before_words, "read rule"},
};

INSTANTIATE_TEST_SUITE_P(Simulated, Breaks, ::testing::ValuesIn(kBreaks),
                         [](const auto& broken) { return std::string(broken.param.name); });

}  // namespace
}  // namespace wolfpack::sim
