#include "sgd/train.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <utility>

#include "base/status.hpp"
#include "sgd/epochs.hpp"
#include "sgd/gather.hpp"

namespace wolfpack::sgd {
namespace {

/// A clock is short: waiting a little for the others' parts of a step costs less than everybody's stepping without
/// them.
constexpr double kFoldPatience = 0.25;
constexpr std::uint64_t kStepsPerEpoch = 64, kSmallestBatch = 16, kLargestBatch = 4096;
/// Where no step was too long, chance may still leave a short run a little above the objective of w = 0.
constexpr double kFarAboveZero = 2 * std::numbers::ln2;

Parameters layout_of(Index features, std::size_t workers, const TrainOptions& options) {
  const std::uint64_t most = std::min<std::uint64_t>(workers, static_cast<std::uint64_t>(features) + 1);
  return {.features = features,
          .blocks = static_cast<std::uint32_t>(std::min(options.shards, most)),
          .has_squares = options.optimizer == OptimizerKind::adagrad};
}

std::uint64_t steps_per_epoch(std::uint64_t samples, const TrainOptions& options) {
  const std::uint64_t batch = options.batch != 0 ? options.batch : automatic_batch(samples);
  return std::max<std::uint64_t>(1, (samples + batch - 1) / batch);
}

Plan make_plan(runtime::Job& job, const Samples& mine, const FeatureSummary& all, const TrainOptions& options) {
  const double length = gather_sum(job, sum_of_squared_lengths(mine, all.largest)) / static_cast<double>(all.samples);
  return {.parameters = layout_of(mine.features, job.workers(), options),
          .workers = job.workers(),
          .samples = all.samples,
          .steps = steps_per_epoch(all.samples, options),
          .l2 = options.l2.value_or(1.0 / static_cast<double>(all.samples)),
          .seed = options.seed,
          .optimizer = {.kind = options.optimizer,
                        .step = options.step.value_or(automatic_step(options.optimizer, length)),
                        .decay = options.decay.value_or(automatic_decay(options.optimizer)),
                        .workers = job.workers()}};
}

TrainStatus status_of(const Gathered& gathered, const TrainOptions& options, std::uint64_t planned_clocks) {
  switch (gathered.stop) {
    case ps::StopReason::converged:
      return TrainStatus::converged;
    case ps::StopReason::stalled:
      return TrainStatus::diverged;
    case ps::StopReason::time_limit:
      return TrainStatus::time_limit;
    case ps::StopReason::interrupted:
      return TrainStatus::interrupted;
    case ps::StopReason::iterations_done:
      return options.max_clock.value_or(planned_clocks) < planned_clocks ? TrainStatus::clock_limit
                                                                         : TrainStatus::epochs_done;
    case ps::StopReason::running:
    case ps::StopReason::failed:
      break;
  }
  throw RuntimeFailure("the job ended without a result");
}

/// Of the model that the run ended with, the best candidate and w = 0 the best one is the result. w = 0 does not stand
/// in for a run that diverged.
void take_models(runtime::Job& job, const Samples& mine, const Worker& worker, const Plan& plan, Gathered gathered,
                 TrainResult& result) {
  const bool converged = result.status == TrainStatus::converged;
  const auto last = converged ? gathered.history.back().evaluation.candidate : ps::AssignStamp{};
  const auto model_of = [&](std::vector<double> weights) {
    return gather_model(job, mine, std::move(weights), plan.l2, plan.samples);
  };
  const auto take_if_better = [&](Model model, ModelChoice choice) {
    if (result.model.objective <= model.objective) return;  // NaN is worse than anything
    result.model = std::move(model);
    result.choice = choice;
  };
  result.model = model_of(gather_final_weights(job, worker, last, plan.parameters.count()));
  result.final_objective = result.model.objective;
  if (gathered.best.epoch != 0) {
    Model best = model_of(std::move(gathered.best.weights));
    result.best_objective = best.objective;
    result.best_epoch = gathered.best.epoch;
    take_if_better(std::move(best), ModelChoice::best);
  }
  const bool did_all = converged || result.status == TrainStatus::epochs_done;
  if (!std::isfinite(result.model.objective) || (did_all && result.model.objective > kFarAboveZero))
    result.status = TrainStatus::diverged;
  if (result.status == TrainStatus::diverged || result.model.objective <= std::numbers::ln2) return;
  take_if_better(model_of(std::vector<double>(result.model.weights.size())), ModelChoice::zero);
}

}  // namespace

std::uint64_t automatic_batch(std::uint64_t samples) {
  return std::clamp((samples + kStepsPerEpoch - 1) / kStepsPerEpoch, kSmallestBatch, kLargestBatch);
}

const char* to_string(TrainStatus status) {
  switch (status) {
    case TrainStatus::converged:
      return "converged";
    case TrainStatus::epochs_done:
      return "epochs_done";
    case TrainStatus::clock_limit:
      return "clock_limit";
    case TrainStatus::time_limit:
      return "time_limit";
    case TrainStatus::interrupted:
      return "interrupted";
    case TrainStatus::diverged:
      return "diverged";
  }
  return "unknown";
}

const char* to_string(ModelChoice choice) {
  switch (choice) {
    case ModelChoice::final:
      return "final";
    case ModelChoice::best:
      return "best";
    case ModelChoice::zero:
      return "zero";
  }
  return "unknown";
}

runtime::JobOptions training_job(Index features, std::uint64_t samples, std::size_t workers,
                                 const TrainOptions& options) {
  const Parameters layout = layout_of(features, workers, options);
  std::vector<ps::RowSpec> rows;
  for (int kind = 0; kind < (layout.has_squares ? 2 : 1); ++kind)
    for (std::uint32_t b = 0; b < layout.blocks; ++b)
      rows.push_back(ps::add_row(std::vector<double>(static_cast<std::size_t>(layout.begin(b + 1) - layout.begin(b)))));
  rows.push_back(evaluation_row({.workers = workers,
                                 .samples = samples,
                                 .tolerance = options.tolerance,
                                 .judged_from = Clock{kWarmUpClocks},
                                 .on_evaluation = options.on_evaluation}));
  rows.push_back(candidate_row(layout.count()));
  rows.push_back(best_row(layout.count()));
  return {.rows = std::move(rows), .shards = layout.blocks};
}

TrainResult train(runtime::Job& job, const Samples& samples, const TrainOptions& options) {
  const FeatureSummary all = gather_summary(job, samples);
  const Plan plan = make_plan(job, samples, all, options);
  Worker worker(samples, all, plan, job.worker());
  const std::uint64_t planned_clocks = options.epochs * plan.steps;
  const Staleness staleness = staleness_in_effect(options.staleness, plan.steps);
  runtime::IterateResult ran =
      job.iterate({.iterations = std::min(planned_clocks, options.max_clock.value_or(planned_clocks)),
                   .staleness = staleness,
                   .straggler = options.straggler,
                   .seed = options.seed,
                   .time_limit_seconds = options.time_limit_seconds,
                   .fold_patience = kFoldPatience,
                   .record = options.record,
                   .replay = options.replay},
                  [&](runtime::Iteration& iteration) { worker.iterate(iteration); });
  worker.finish(ran.clock);

  Gathered gathered = gather(job, ran, worker, plan.parameters);
  TrainResult result;
  result.status = status_of(gathered, options, planned_clocks);
  result.history = gathered.history;
  result.seconds = gathered.seconds;
  result.clocks = gathered.clocks;
  result.epochs = static_cast<double>(gathered.samples_seen) / static_cast<double>(plan.samples);
  result.steps_per_epoch = plan.steps;
  result.shards = plan.parameters.blocks;
  result.staleness = staleness;
  result.l2 = plan.l2;
  result.step = plan.optimizer.step;
  result.decay = plan.optimizer.decay;
  result.trace = std::move(gathered.trace);
  result.recording = std::move(ran.recording);
  result.is_replayed = ran.is_replayed;
  take_models(job, samples, worker, plan, std::move(gathered), result);
  return result;
}

}  // namespace wolfpack::sgd
