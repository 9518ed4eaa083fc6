// One random run of the parameter server and the runtime under the simulator, and a list of what broke in it.
//
//     const Scenario scenario = Scenario::of(seed);
//     EXPECT_EQ(scenario.run(), "") << scenario.describe();
//
// Every key lives in a shard of its own where there are several. Key 0 is an `add` row with an entry for every
// (worker, clock): worker i adds 1 to entry (i, c) in iteration c, so a read shows exactly which clocks of whom are in
// it. The others are rows of a policy that checks what it is asked to merge (each writer's updates once, in order) and
// writes its version into every word, so that a torn row shows.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "runtime/job.hpp"
#include "tests/sim/simulated_job.hpp"

namespace wolfpack::sim {

struct Scenario {
  std::uint64_t seed = 0;
  std::size_t workers = 2;
  std::uint64_t shards = 1;
  std::size_t checked_rows = 1;  ///< beside the `add` row
  std::uint64_t iterations = 10;
  Staleness staleness{1};
  std::optional<Staleness> claimed_staleness;  ///< what the run is judged by, where not by that
  std::uint64_t lane_bytes = 2048;
  std::size_t largest_update_words = 16;
  std::size_t updates_a_clock = 2;
  double compute_seconds = 1e-5;
  std::optional<runtime::StragglerSpec> straggler;
  double fold_patience = 0.0;
  std::optional<double> stop_after_seconds;      ///< a time limit, virtual
  std::optional<std::uint64_t> stop_at_version;  ///< of key 1: its policy says so
  std::optional<std::size_t> victim;             ///< is killed
  double killed_at_seconds = 0.0;
  std::optional<std::size_t> sleeper;  ///< is suspended for less than the heartbeat timeout
  double suspended_at_seconds = 0.0;
  double suspended_seconds = 0.0;
  std::optional<Weather> weather;
  Network::Wrap wrap;  ///< breaks the protocol on purpose

  /// Of all kinds.
  [[nodiscard]] static Scenario of(std::uint64_t seed);

  /// What broke, one line; empty where nothing did.
  [[nodiscard]] std::string run() const;
  [[nodiscard]] std::string describe() const;
  [[nodiscard]] ps::JobLayout layout() const;
};

}  // namespace wolfpack::sim
