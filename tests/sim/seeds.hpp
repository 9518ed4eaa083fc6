// Runs from many seeds, each a test of its own in all but name.
//
//     for_each_seed(1000, [](std::uint64_t seed) { ...; return Finding{scenario.run(), describe}; });
//
// WOLFPACK_SIM_SEEDS=FIRST:COUNT runs other seeds than the usual 0:COUNT, WOLFPACK_SIM_SEEDS=SEED one alone.
// WOLFPACK_SIM_LATENCIES=FILE runs them with the latencies that a result of `wolfpack latency` holds (network.hpp).
#pragma once

#include <cstdint>
#include <cstdlib>
#include <functional>
#include <string>

#include <gtest/gtest.h>

#include "tests/support/backends.hpp"

namespace wolfpack::sim {

struct Finding {
  std::string what;  ///< empty: nothing broke
  std::function<std::string()> describe;
};

inline void for_each_seed(std::uint64_t count, const std::function<Finding(std::uint64_t seed)>& run) {
  std::uint64_t first = 0;
  count = std::max<std::uint64_t>(1, count / testing::stress_divisor());
  if (const char* text = std::getenv("WOLFPACK_SIM_SEEDS")) {
    char* end = nullptr;
    first = std::strtoull(text, &end, 10);
    count = *end == ':' ? std::strtoull(end + 1, nullptr, 10) : 1;
  }
  constexpr int kEnough = 5;
  int broken = 0;
  for (std::uint64_t seed = first; seed < first + count && broken < kEnough; ++seed) {
    const Finding finding = run(seed);
    if (finding.what.empty()) continue;
    ++broken;
    ADD_FAILURE() << finding.what << "\n  " << finding.describe() << "\n  again: WOLFPACK_SIM_SEEDS=" << seed;
  }
}

}  // namespace wolfpack::sim
