// A worker's iteration: read all blocks of the weights, move them by its part of a minibatch's gradient; and beside
// that keep the evaluation of the whole model going (sgd/evaluation.hpp).
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <span>
#include <vector>

#include "base/time.hpp"
#include "base/types.hpp"
#include "runtime/iteration.hpp"
#include "sgd/evaluation.hpp"
#include "sgd/gradient.hpp"
#include "sgd/minibatches.hpp"
#include "sgd/optimizer.hpp"
#include "sgd/parameters.hpp"
#include "sgd/recent_mean.hpp"
#include "sgd/samples.hpp"

namespace wolfpack::sgd {

/// What all workers agree on before the first iteration.
struct Plan {
  Parameters parameters;
  std::size_t workers = 1;
  std::uint64_t samples = 0;  ///< of all workers
  std::uint64_t steps = 1;    ///< clocks an epoch
  double l2 = 0.0;
  std::uint64_t seed = 0;
  Optimizer::Options optimizer;
};

/// When a candidate of one's own was made and its objective known. Seconds on the job's time base; wire format.
struct CandidateTimes {
  ps::AssignStamp candidate;
  double made = 0.0;
  double known = 0.0;  ///< 0: not known to its author
};

/// The body of Job::iterate() for one worker. Its thread's alone.
class Worker {
 public:
  /// `samples` outlives the worker. `all` summarises the samples of all workers.
  Worker(const Samples& samples, const FeatureSummary& all, const Plan& plan, WorkerId self);

  void iterate(runtime::Iteration& iteration);
  /// After Job::iterate(), with its result's clock. What the worker tells from then on follows from the iterations
  /// before `end`, all of them finished: one that the stop cut off, wherever that was, leaves nothing behind but times.
  void finish(Clock end);

  /// The mean of what was read over the last epoch.
  [[nodiscard]] const RecentMean& mean() const { return mean_; }
  /// The version of the first block that was read last; 0: none.
  [[nodiscard]] Version last_read() const { return last_read_; }
  /// The weights of a recent candidate of this worker; empty where it is none.
  [[nodiscard]] std::span<const double> candidate(ps::AssignStamp stamp) const;
  [[nodiscard]] const std::vector<CandidateTimes>& candidate_times() const { return times_; }
  [[nodiscard]] std::uint64_t samples_seen() const { return samples_seen_; }

 private:
  /// What an iteration does to what finish() speaks of, until it is known to have finished.
  struct Effects {
    Clock clock;
    Version read;  ///< of the first block
    std::uint64_t samples = 0;
    bool cuts_mean = false;              ///< after its read has gone in
    std::optional<Candidate> candidate;  ///< proposed
    double candidate_made = 0.0;
  };

  void wait_for_the_owner(runtime::Iteration& iteration);
  void read(runtime::Iteration& iteration);
  void take_notice_of_evaluations(runtime::Iteration& iteration);
  void propose_candidate(runtime::Iteration& iteration);
  void evaluate_candidate(runtime::Iteration& iteration);
  void step(runtime::Iteration& iteration);
  void send(runtime::Iteration& iteration, bool squares);
  [[nodiscard]] double now() const { return entered_on_job_ + monotonic_seconds() - entered_; }

  const Samples& samples_;
  Plan plan_;
  WorkerId self_;
  BatchGradient gradient_;
  Optimizer optimizer_;
  Minibatches batches_;
  RecentMean mean_;
  Version last_read_;
  std::vector<double> weights_, squares_;  // as read; squares_ empty for sgd
  Clock slowest_;                          // the slowest worker's, by what was read
  std::optional<Effects> effects_;         // of the last iteration begun
  std::vector<double> changes_;            // of the touched parameters, in their order
  Clock updated_until_;                    // own updates are of clocks before this
  std::uint64_t unfolded_ = 0;             // own clocks that were not folded in when the weights were read
  ps::AssignStamp evaluated_;              // the last candidate
  std::deque<Candidate> own_candidates_;   // recent ones, oldest first
  std::vector<CandidateTimes> times_;
  double objective_;  // last known
  std::uint64_t samples_seen_ = 0;
  double entered_ = 0.0, entered_on_job_ = 0.0;  // when the iteration began, on two time bases
};

}  // namespace wolfpack::sgd
