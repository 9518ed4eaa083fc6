// One operation at one size between ranks that have been chosen: sets its ends up, measures, and takes them down.
// Collective. What is measured arrives at rank 0.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "latency/meter.hpp"
#include "latency/operation.hpp"
#include "latency/profile.hpp"
#include "transport/bootstrap.hpp"
#include "transport/transport.hpp"

namespace wolfpack::latency {

/// What stays the same from one to the next.
struct Circumstances {
  transport::Bootstrap& bootstrap;
  transport::Transport& transport;
  std::vector<std::string> names;  ///< of the ranks, for messages
  Clockwork clock;
  Manners manners;
};

struct Outcome {
  Measurement measurement;
  std::string lanes;
};

/// In rank 0 what was measured, in all others an empty Measurement.
[[nodiscard]] Outcome measure_operation(const Circumstances& circumstances, OperationKind kind, std::uint64_t bytes,
                                        const Roles& roles, const MeterSettings& meter);

/// Whether the pair's gets, and its fetch_adds, complete while the target makes no progress call; told to all ranks.
[[nodiscard]] PairFacts probe_pair(const Circumstances& circumstances, const Pair& pair);

}  // namespace wolfpack::latency
