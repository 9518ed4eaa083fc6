// A latency profile: operations over sizes between pairs of ranks, measured in turns, with what is needed to judge the
// figures.
//
//     Profile profile = run_profile(bootstrap, *transport, {.operations = {OperationKind::put}, .bytes = {8, 8192}});
//     if (profile.leads) for (const Result& result : profile.results) print(result.times.percentile(0.5));
//
// All is collective: every rank calls it with the same settings. Everything is measured once a round, and rounds follow
// each other, so that a machine that gets slower for a while shows in one round of all and not in all of one.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "latency/histogram.hpp"
#include "latency/meter.hpp"
#include "latency/operation.hpp"
#include "transport/bootstrap.hpp"
#include "transport/transport.hpp"

namespace wolfpack::latency {

struct Pair {
  std::uint32_t initiator = 0;
  std::uint32_t target = 1;
  bool operator==(const Pair&) const = default;
};

struct ProfileSettings {
  std::vector<OperationKind> operations;
  std::vector<std::uint64_t> bytes;  ///< multiples of 8; operations of a word are measured once, whatever they are
  std::vector<Pair> pairs = {{}};    ///< of ranks that there are
  MeterSettings meter;               ///< of a result, all rounds together; but a round has a warm-up of its own
  std::uint64_t rounds = 3;          ///< at most the iterations, where those are given
  bool binds_to_cores = true;
  double patience_seconds = 20.0;  ///< for one answer of a peer
};

struct Result {
  OperationKind operation = OperationKind::put;
  std::uint64_t bytes = 8;
  Pair pair;  ///< where describe(operation).is_to_all, of no target
  Histogram times = {};
  std::uint64_t batch = 1;    ///< the largest of all rounds'
  std::uint64_t timings = 0;  ///< of such batches
  std::vector<double> round_medians_seconds = {};
  std::string lanes = {};
};

/// What a pair's operations are, found out and not assumed.
struct PairFacts {
  Pair pair;
  transport::OneSided one_sided = transport::OneSided::native;
  transport::OneSided atomics = transport::OneSided::native;
};

struct Profile {
  bool leads = false;       ///< rank 0, which alone has what follows
  bool is_complete = true;  ///< false: an interrupt came first
  std::vector<Result> results;
  std::vector<PairFacts> pairs;
  std::vector<std::string> hosts;         ///< by rank
  std::vector<std::optional<int>> cores;  ///< by rank
  Clockwork clock;                        ///< this rank's
  std::vector<std::string> disturbances;  ///< empty: the machine was quiet
};

/// `progress`, called in rank 0, is told how much of all is done and what comes next. Throws RuntimeFailure or
/// PeerFailure, with the peer, where one is gone or stays silent.
[[nodiscard]] Profile run_profile(transport::Bootstrap& bootstrap, transport::Transport& transport,
                                  const ProfileSettings& settings,
                                  const std::function<void(double, const std::string&)>& progress = {});

}  // namespace wolfpack::latency
