// Thousands of random runs under the simulator. A failure names its seed, and fails again with that seed alone:
//     WOLFPACK_SIM_SEEDS=SEED build/release/bin/sim_seeds_test
#include <cstdlib>
#include <iostream>

#include <gtest/gtest.h>

#include "tests/sim/scenario.hpp"
#include "tests/support/backends.hpp"

namespace wolfpack::sim {
namespace {

/// WOLFPACK_SIM_SEEDS=FIRST:COUNT runs others than the usual ones.
std::pair<std::uint64_t, std::uint64_t> seeds() {
  std::uint64_t first = 0, count = 1000 / testing::kStressDivisor;
  if (const char* text = std::getenv("WOLFPACK_SIM_SEEDS")) {
    char* end = nullptr;
    first = std::strtoull(text, &end, 10);
    count = *end == ':' ? std::strtoull(end + 1, nullptr, 10) : 1;
  }
  return {first, count};
}

TEST(SimulatedRuns, HoldEveryRuleWhateverTheSeed) {
  const auto [first, count] = seeds();
  int broken = 0;
  for (std::uint64_t seed = first; seed < first + count && broken < 5; ++seed) {
    const Scenario scenario = Scenario::of(seed);
    const std::string what = scenario.run();
    if (what.empty()) continue;
    ++broken;
    ADD_FAILURE() << what << "\n  " << scenario.describe() << "\n  again: WOLFPACK_SIM_SEEDS=" << seed;
  }
}

}  // namespace
}  // namespace wolfpack::sim
