// Distributed stochastic gradient descent for l2-regularised logistic regression, from a job's point of view: what job
// it needs, and one collective call that runs it to the end.
//
//     const sgd::TrainOptions options{.optimizer = sgd::OptimizerKind::adagrad, .shards = 2, .staleness = {3}};
//     runtime::Job job(bootstrap, transport, sgd::training_job(features, samples, bootstrap.size(), options));
//     const sgd::TrainResult result = sgd::train(job, my_samples, options);
//
// It minimises the f(w, b) of sgd/gradient.hpp. In a clock every worker reads the weights, computes the gradient of its
// part of a minibatch, and adds its step to the blocks; the workers' parts together are one step of a minibatch of
// `batch` samples, so at staleness 0 a run does the same with any number of workers but for AdaGrad's sums and the
// order of the samples. At staleness 0 the same options give the same bits.
#pragma once

#include <cstdint>
#include <functional>
#include <limits>
#include <optional>
#include <vector>

#include "runtime/job.hpp"
#include "sgd/evaluation.hpp"
#include "sgd/optimizer.hpp"
#include "sgd/samples.hpp"

namespace wolfpack::sgd {

struct TrainOptions {
  OptimizerKind optimizer = OptimizerKind::adagrad;
  std::optional<double> l2 = std::nullopt;     ///< >= 0; none: 1 / n, scikit-learn's C = 1
  std::optional<double> step = std::nullopt;   ///< > 0, for features scaled to at most 1; none: automatic_step()
  std::optional<double> decay = std::nullopt;  ///< >= 0, an epoch; none: automatic_decay()
  std::uint64_t batch = 0;                     ///< samples a clock of all workers together; 0: automatic_batch()
  std::uint64_t epochs = 100;
  double tolerance = 1e-3;   ///< stop when the best objective falls by less than this share in three epochs; 0: never
  std::uint64_t shards = 1;  ///< of the parameter server, and blocks of the weights; fewer where there are fewer
                             ///< workers or parameters
  Staleness staleness{3};    ///< asynchronous: but nobody gets further ahead than sgd/epochs.hpp says
  std::optional<std::uint64_t> max_clock = std::nullopt;
  std::optional<double> time_limit_seconds = std::nullopt;
  std::optional<runtime::StragglerSpec> straggler = std::nullopt;
  std::uint64_t seed = 0;  ///< of the order of the samples and of a random straggler
  bool record = false;     ///< as for Job::iterate()
  const runtime::Recording* replay = nullptr;
  std::function<void(const Evaluation&)>
      on_evaluation{};  ///< in worker 0, from whichever thread steps the shard; may be empty
};

/// 64 steps an epoch, but at least 16 samples and at most 4096.
[[nodiscard]] std::uint64_t automatic_batch(std::uint64_t samples);

enum class TrainStatus {
  converged,    ///< by the tolerance
  epochs_done,  ///< as many as planned
  clock_limit,
  time_limit,
  interrupted,
  diverged,  ///< an objective that is not finite, or all planned work done and more than twice that of w = 0: the step
             ///< is too long
};
[[nodiscard]] const char* to_string(TrainStatus status);

/// Which model is the result: the best of these.
enum class ModelChoice {
  final,  ///< the mean of the weights over the last epoch, or where the run converged the candidate that it did with
  best,   ///< the best candidate
  zero,   ///< w = 0, b = 0
};
[[nodiscard]] const char* to_string(ModelChoice choice);

struct Model {
  std::vector<double> weights;  ///< w, then b
  double objective = std::numeric_limits<double>::quiet_NaN();
  double log_loss = std::numeric_limits<double>::quiet_NaN();  ///< mean, without the regulariser
  double accuracy = 0.0;                                       ///< share of the samples
};

/// An evaluated candidate.
struct HistoryRow {
  Evaluation evaluation;
  double made_seconds = 0.0;   ///< when the model was there, since the start of the iterations
  double known_seconds = 0.0;  ///< when its author knew its objective; NaN where the end came first
};

struct TrainResult {  // the same in every worker but where said
  TrainStatus status = TrainStatus::converged;
  Model model;  ///< the best one; where the run diverged, of the two that it came to
  ModelChoice choice = ModelChoice::final;
  double final_objective = 0.0;          ///< of ModelChoice::final
  std::optional<double> best_objective;  ///< of the best candidate; none where none was evaluated
  std::uint64_t best_epoch = 0;
  std::vector<HistoryRow> history;  ///< in the order of evaluation
  double seconds = 0.0;             ///< worker 0's: from all samples in memory to the decision to stop
  std::uint64_t clocks = 0;         ///< iterations of all workers together
  double epochs = 0.0;              ///< samples that gradients were taken of, divided by n
  std::uint64_t steps_per_epoch = 0;
  std::uint64_t shards = 1;                  ///< in effect
  Staleness staleness;                       ///< in effect
  double l2 = 0.0, step = 0.0, decay = 0.0;  ///< in effect
  runtime::Trace trace;                      ///< of all workers; worker 0's alone
  bool is_replayed = false;                  ///< as IterateResult says
  runtime::Recording recording;              ///< where asked for: in worker 0
};

/// What the job must be. `samples`: of all workers.
[[nodiscard]] runtime::JobOptions training_job(Index features, std::uint64_t samples, std::size_t workers,
                                               const TrainOptions& options);

/// Collective. `samples`: this worker's part; all have the same features. Throws RuntimeFailure as Job::iterate() does.
TrainResult train(runtime::Job& job, const Samples& samples, const TrainOptions& options);

}  // namespace wolfpack::sgd
