#include "frank_wolfe/solve.hpp"

#include <cmath>
#include <stdexcept>

#include <fmt/format.h>

#include "base/bytes.hpp"
#include "base/scale.hpp"
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
/// To fold without somebody who is about to come costs a round more: to wait for as long costs at most as much, and who
/// does not come then is not waited for before its next clock has come.
constexpr double kFoldPatience = 1.0;

/// The problem that a run begins with: of an automatic path, one in which nothing is penalised.
L1Term first_problem(const SolveOptions& options) {
  return options.path.is_automatic() ? l1_penalty(0.0) : options.path.terms.front();
}

/// Of the methods that solve one constrained problem.
L1Ball ball_of(const SolveOptions& options) {
  const L1Term term = first_problem(options);
  return L1Ball(term.is_penalty() ? 0.0 : term.value);
}

std::unique_ptr<StepRule> make_step_rule(const SolveOptions& options, const LeastSquares& objective) {
  const L1Ball ball = ball_of(options);
  switch (options.method) {
    case Method::corrective:
      return std::make_unique<CorrectiveStep>(objective, first_problem(options));
    case Method::line_search:
      return std::make_unique<LineSearchStep>(objective, ball);
    case Method::bellet:
      return std::make_unique<BelletStep>(objective, ball, options.step);
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
struct Summary {
  std::uint64_t clocks;
  Totals totals;
  std::uint64_t has_refused;
};

/// The same error in every worker, of the first of all columns that cannot be worked with: who has not come to look at
/// its columns looks now.
void refuse_columns(runtime::Job& job, AtomSelector& selector, const Worker& worker) {
  (void)selector.largest_norm();
  Bytes mine;
  if (const auto refused = worker.refused()) ByteWriter(mine).value(*refused);
  for (const Bytes& message : job.allgather(mine)) {  // partitions follow each other
    if (message.empty()) continue;
    const auto column = ByteReader(message).value<ColumnNorm>();
    throw InputError(fmt::format("column {}: its norm is {:.3g}; accepted: {}; scale the column", column.column,
                                 column.norm, kAcceptedSizes));
  }
}

/// Whether any worker has refused its columns.
[[nodiscard]] bool gather(runtime::Job& job, const runtime::IterateResult& ran, const Worker& worker,
                          SolveResult& result) {
  Bytes mine;
  ByteWriter writer(mine);
  writer.value(Summary{ran.clock.value, worker.totals(), worker.has_refused()});
  bool refused = false;
  for (const Bytes& message : job.allgather(mine)) {
    ByteReader reader(message);
    const auto summary = reader.value<Summary>();
    refused = refused || summary.has_refused != 0;
    result.clocks += summary.clocks;
    result.columns_evaluated += summary.totals.columns_evaluated;
    result.bytes_read += summary.totals.bytes_read;
  }
  result.trace = job.gather_trace(ran.trace);
  return refused;
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
    return std::make_unique<ModelPolicy>(
        make_step_rule(options, objective),
        ModelOptions{.path = options.path,
                     .workers = workers,
                     .tolerance = options.tolerance,
                     .null_objective = objective.value(std::vector<double>(target.size(), 0.0)),
                     .top_k = options.top_k,
                     .quick_rounds = traits(options.method).any_problem,
                     .warm_start = !options.warm_start.empty(),
                     .on_progress = options.on_progress});
  };
  // A worker that makes whole iterates goes on from its last one; proposed atoms need no such care.
  const bool reads_own = options.method == Method::tran;
  return {.capacity = model_capacity(static_cast<Index>(target.size()), columns, options.method),
          .own_updates = reads_own ? ps::OwnUpdates::wait : ps::OwnUpdates::application,
          .make_policy = make_policy};
}

namespace {

void check_problems(const SolveOptions& options) {
  const Path& path = options.path;
  if (path.size() == 0) throw InputError("the path has no problems; accepted: at least one");
  if (path.is_automatic() && !(path.smallest_ratio > 0 && path.smallest_ratio < 1))
    throw InputError(fmt::format("the path's smallest ratio is {}; accepted: > 0 and < 1", path.smallest_ratio));
  for (const L1Term& term : path.terms) {
    if (term.form != path.terms.front().form) throw InputError("the path mixes constraints and penalties");
    if (!std::isfinite(term.value) || (term.is_penalty() ? term.value < 0 : term.value <= 0))
      throw InputError(fmt::format("{} is {}; accepted: a finite number {} 0", term.is_penalty() ? "lambda" : "beta",
                                   term.value, term.is_penalty() ? ">=" : ">"));
  }
  if (path.is_automatic() && !options.warm_start.empty())
    throw InputError("a warm start with an automatic path, which begins at 0; accepted: one or the other");
  const MethodTraits& method = traits(options.method);
  const bool is_plain = path.size() == 1 && !path.is_automatic() && !path.terms.front().is_penalty();
  if (!method.any_problem && (!is_plain || !options.warm_start.empty()))
    throw InputError(
        fmt::format("a penalty, a path or a warm start with the method {}; accepted: one constraint, or the "
                    "method corrective",
                    method.name));
}

/// The columns of one partition among those to start from, counted within it.
std::vector<Index> own_warm_start(const SolveOptions& options, Index first_column, Index columns) {
  std::vector<Index> own;
  for (const Index column : options.warm_start)
    if (column >= first_column && column < first_column + columns) own.push_back(column - first_column);
  return own;
}

}  // namespace

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
  check_problems(options);
}

SolveResult solve(runtime::Job& job, AtomSelector& selector, Index first_column, const std::vector<double>& target,
                  const SolveOptions& options) {
  Worker worker(selector, LeastSquares(target), ball_of(options),
                {.model = kModel,
                 .first_column = first_column,
                 .method = options.method,
                 .is_warm = !options.warm_start.empty(),
                 .warm_start = own_warm_start(options, first_column, selector.columns())});
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
    result.points = model.points();
    if (model.points().size() < options.path.size()) result.points.push_back(model.current_point());
    result.iterate = model.iterate();
    result.gap = model.certified_gap();
    result.seconds = ran.seconds;
  }
  if (gather(job, ran, worker, result)) refuse_columns(job, selector, worker);
  result.recording = std::move(ran.recording);
  result.is_replayed = ran.is_replayed;
  return result;
}

}  // namespace wolfpack::frank_wolfe
