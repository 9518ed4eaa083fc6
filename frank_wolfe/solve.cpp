#include "frank_wolfe/solve.hpp"

#include "base/bytes.hpp"
#include "base/status.hpp"
#include "frank_wolfe/corrective_step.hpp"
#include "frank_wolfe/l1_ball.hpp"
#include "frank_wolfe/least_squares.hpp"
#include "frank_wolfe/worker.hpp"

namespace wolfpack::frank_wolfe {
namespace {

constexpr ps::Key kModel{0};
/// A pass over half the news costs a whole pass; a quarter of one is a fair price for all of it.
constexpr double kFoldPatience = 0.25;

SolveStatus status_of(ps::StopReason reason) {
  switch (reason) {
    case ps::StopReason::converged:
      return SolveStatus::converged;
    case ps::StopReason::stalled:
      return SolveStatus::stalled;
    case ps::StopReason::time_limit:
      return SolveStatus::time_limit;
    case ps::StopReason::interrupted:
      return SolveStatus::interrupted;
    case ps::StopReason::iterations_done:
      return SolveStatus::clock_limit;
    case ps::StopReason::running:
    case ps::StopReason::failed:
      break;
  }
  throw RuntimeFailure("the job ended without a result");
}

/// What each worker tells the others at the end.
struct Totals {
  std::uint64_t clocks;
  std::uint64_t columns_evaluated;
  std::uint64_t bytes_read;
  std::uint64_t trace_rows;
};

void gather(runtime::Job& job, const runtime::IterateResult& ran, const Worker& worker, SolveResult& result) {
  Bytes mine;
  ByteWriter writer(mine);
  writer.value(Totals{ran.clock.value, worker.columns_evaluated(), worker.bytes_read(), ran.trace.size()});
  writer.array(std::span<const runtime::TraceRow>(ran.trace));
  for (const Bytes& message : job.allgather(mine)) {
    ByteReader reader(message);
    const auto totals = reader.value<Totals>();
    result.clocks += totals.clocks;
    result.columns_evaluated += totals.columns_evaluated;
    result.bytes_read += totals.bytes_read;
    const auto rows = reader.array<runtime::TraceRow>(totals.trace_rows);
    result.trace.insert(result.trace.end(), rows.begin(), rows.end());
  }
}

}  // namespace

const char* to_string(SolveStatus status) {
  switch (status) {
    case SolveStatus::converged:
      return "converged";
    case SolveStatus::clock_limit:
      return "clock_limit";
    case SolveStatus::time_limit:
      return "time_limit";
    case SolveStatus::stalled:
      return "stalled";
    case SolveStatus::interrupted:
      return "interrupted";
  }
  return "unknown";
}

ps::RowSpec lasso_model_row(Index columns, const std::vector<double>& target, std::size_t workers,
                            const SolveOptions& options) {
  const auto make_policy = [target, workers, options]() -> std::unique_ptr<ps::MergePolicy> {
    const LeastSquares objective(target);
    const L1Ball ball(options.beta);
    const double null_objective = objective.value(std::vector<double>(target.size(), 0.0));
    return std::make_unique<ModelPolicy>(std::make_unique<CorrectiveStep>(objective, ball),
                                         std::make_unique<L1Ball>(ball), workers, options.tolerance, null_objective,
                                         options.on_progress);
  };
  return {.capacity = model_capacity(static_cast<Index>(target.size()), columns),
          .own_updates = ps::OwnUpdates::application,
          .make_policy = make_policy};
}

SolveResult solve(runtime::Job& job, AtomSelector& selector, Index first_column, const SolveOptions& options) {
  Worker worker(selector, first_column, kModel, job.workers(), options.top_k);
  const runtime::IterateResult ran = job.iterate({.iterations = options.max_clock,
                                                  .staleness = options.staleness,
                                                  .straggler = options.straggler,
                                                  .seed = options.seed,
                                                  .time_limit_seconds = options.time_limit_seconds,
                                                  .fold_patience = kFoldPatience},
                                                 [&](runtime::Iteration& iteration) { worker.iterate(iteration); });
  SolveResult result;
  result.status = status_of(ran.stop.reason);
  if (job.hosts_shard()) {
    const auto& model = dynamic_cast<const ModelPolicy&>(job.policy(kModel));
    result.iterate = model.iterate();
    result.gap = model.certified_gap();
    result.seconds = ran.seconds;
  }
  gather(job, ran, worker, result);
  return result;
}

}  // namespace wolfpack::frank_wolfe
