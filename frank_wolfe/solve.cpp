#include "frank_wolfe/solve.hpp"

#include <stdexcept>

#include <fmt/format.h>

#include "base/bytes.hpp"
#include "base/status.hpp"
#include "frank_wolfe/away_step.hpp"
#include "frank_wolfe/bellet_step.hpp"
#include "frank_wolfe/corrective_step.hpp"
#include "frank_wolfe/l1_ball.hpp"
#include "frank_wolfe/least_squares.hpp"
#include "frank_wolfe/line_search_step.hpp"
#include "frank_wolfe/pairwise_step.hpp"
#include "frank_wolfe/tran.hpp"
#include "frank_wolfe/worker.hpp"

namespace wolfpack::frank_wolfe {
namespace {

constexpr ps::Key kModel{0};
/// A pass over half the news costs a whole pass; a quarter of one is a fair price for all of it.
constexpr double kFoldPatience = 0.25;

std::unique_ptr<StepRule> make_step_rule(Method method, StepSize step, const LeastSquares& objective,
                                         const L1Ball& ball) {
  switch (method) {
    case Method::corrective:
      return std::make_unique<CorrectiveStep>(objective, ball);
    case Method::line_search:
      return std::make_unique<LineSearchStep>(objective, ball);
    case Method::bellet:
      return std::make_unique<BelletStep>(objective, ball, step);
    case Method::tran:
      return std::make_unique<TranRule>(objective, ball);
    case Method::away:
      return std::make_unique<AwayStep>(objective, ball);
    case Method::pairwise:
      return std::make_unique<PairwiseStep>(objective, ball);
  }
  throw std::invalid_argument("no such method");
}

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
    return std::make_unique<ModelPolicy>(make_step_rule(options.method, options.step, objective, ball),
                                         std::make_unique<L1Ball>(ball), workers, options.tolerance, null_objective,
                                         options.on_progress);
  };
  // A worker that makes whole iterates goes on from its last one; proposed atoms need no such care.
  const bool reads_own = options.method == Method::tran;
  return {.capacity = model_capacity(static_cast<Index>(target.size()), columns, options.method),
          .own_updates = reads_own ? ps::OwnUpdates::wait : ps::OwnUpdates::application,
          .make_policy = make_policy};
}

void check_method(const SolveOptions& options) {
  const MethodTraits& method = traits(options.method);
  if (method.bulk_synchronous && !options.staleness.is_bulk_synchronous())
    throw InputError(
        fmt::format("staleness is {}; accepted with the method {}: 0", options.staleness.value, method.name));
  if (method.one_atom && options.top_k > 1)
    throw InputError(fmt::format("top_k is {}; accepted with the method {}, a worker's best atom a clock: 0 or 1",
                                 options.top_k, method.name));
  if (!method.any_step_size && options.step != StepSize::line_search)
    throw InputError(fmt::format("step is {}; accepted with the method {}: {}", to_string(options.step), method.name,
                                 to_string(StepSize::line_search)));
}

SolveResult solve(runtime::Job& job, AtomSelector& selector, Index first_column, const std::vector<double>& target,
                  const SolveOptions& options) {
  Worker worker(selector, LeastSquares(target), L1Ball(options.beta),
                {.model = kModel,
                 .first_column = first_column,
                 .workers = job.workers(),
                 .top_k = options.top_k,
                 .method = options.method});
  runtime::IterateResult ran = job.iterate({.iterations = options.max_clock,
                                            .staleness = options.staleness,
                                            .straggler = options.straggler,
                                            .seed = options.seed,
                                            .time_limit_seconds = options.time_limit_seconds,
                                            .fold_patience = kFoldPatience,
                                            .record = options.record,
                                            .replay = options.replay},
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
  result.recording = std::move(ran.recording);
  result.is_replayed = ran.is_replayed;
  return result;
}

}  // namespace wolfpack::frank_wolfe
