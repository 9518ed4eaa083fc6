// What the workers tell each other before and after training. All calls are collective.
#pragma once

#include <cstdint>
#include <vector>

#include "runtime/job.hpp"
#include "sgd/gradient.hpp"
#include "sgd/samples.hpp"
#include "sgd/train.hpp"
#include "sgd/worker.hpp"

namespace wolfpack::sgd {

/// The samples of all workers, summed up in their order.
[[nodiscard]] FeatureSummary gather_summary(runtime::Job& job, const Samples& mine);

/// The workers' numbers, added up in their order.
[[nodiscard]] double gather_sum(runtime::Job& job, double mine);

/// What the workers did and the shards hold; but for the trace the same everywhere.
struct Gathered {
  ps::StopReason stop = ps::StopReason::running;  ///< as worker 0 saw it
  double seconds = 0.0;
  std::uint64_t clocks = 0;
  std::uint64_t samples_seen = 0;
  std::vector<HistoryRow> history;
  Candidate best;        ///< epoch 0: none was evaluated
  runtime::Trace trace;  ///< worker 0's alone
};
[[nodiscard]] Gathered gather(runtime::Job& job, const runtime::IterateResult& ran, const Worker& worker,
                              const Parameters& layout);

/// The weights that the run ended with: the mean over the last epoch of the worker whose last read was of the newest
/// version, since others may have been done long before, and not of one that has taken no sample, which is far ahead of
/// those that do the work; where `of` names a candidate that its author still has, that one. Zeros where nobody has
/// read.
[[nodiscard]] std::vector<double> gather_final_weights(runtime::Job& job, const Worker& worker, ps::AssignStamp of,
                                                       Index parameters);

/// Evaluates the model on all workers' samples.
[[nodiscard]] Model gather_model(runtime::Job& job, const Samples& mine, std::vector<double> weights, double l2,
                                 std::uint64_t samples);

}  // namespace wolfpack::sgd
