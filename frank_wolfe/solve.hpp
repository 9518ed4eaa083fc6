// Distributed Frank-Wolfe from a job's point of view: what row it needs, and one collective call that runs it to the
// end.
//
//     runtime::Job job(bootstrap, transport, {.rows = {frank_wolfe::lasso_model_row(columns, y, workers, options)}});
//     const SolveResult result = frank_wolfe::solve(job, *selector, first_column, y, options);
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "base/atom_selector.hpp"
#include "frank_wolfe/method.hpp"
#include "frank_wolfe/model_policy.hpp"
#include "frank_wolfe/problem.hpp"
#include "frank_wolfe/step_rule.hpp"
#include "runtime/job.hpp"

namespace wolfpack::frank_wolfe {

struct SolveOptions {
  Method method = Method::corrective;
  StepSize step = StepSize::line_search;  ///< where the method leaves the choice
  Path path{.terms = {L1Term{}}};         ///< what is solved: one problem, or several from large lambda (small beta) on
  double tolerance = 1e-6;                ///< on the certified gap divided by f(0), of every problem; >= 0
  std::size_t top_k = 0;  ///< atoms proposed a round by all workers; 0: automatic; unused by one-atom methods
  Staleness staleness = automatic_staleness(Method::corrective);  ///< must be 0 for a bulk-synchronous method
  std::optional<std::uint64_t> max_clock = std::nullopt;
  std::optional<double> time_limit_seconds = std::nullopt;
  std::optional<runtime::StragglerSpec> straggler = std::nullopt;
  std::vector<Index> warm_start{};  ///< columns of the whole matrix, increasing: the first iterate is the optimum over
                                    ///< them; not with an automatic path
  std::uint64_t seed = 0;           ///< of a random straggler
  bool record = false;              ///< see runtime/recording.hpp
  const runtime::Recording* replay = nullptr;  ///< likewise: of the same problem with the same options
  ProgressCallback on_progress{};  ///< after every fold, by who folds, in worker 0: must be quick; may be empty
};

enum class SolveStatus { converged, clock_limit, time_limit, stalled, interrupted };
[[nodiscard]] const char* to_string(SolveStatus status);

struct SolveResult {
  SolveStatus status = SolveStatus::converged;
  // In worker 0 only:
  std::vector<PathPoint> points;                         ///< the problems solved, and last the one under way if any
  Iterate iterate;                                       ///< the last one's
  double gap = std::numeric_limits<double>::infinity();  ///< certified
  double seconds = 0.0;                                  ///< from when all were ready to begin to the decision to stop
  // In every worker:
  std::uint64_t clocks = 0;             ///< iterations of all workers together
  std::uint64_t columns_evaluated = 0;  ///< by all workers together
  std::uint64_t bytes_read = 0;
  runtime::Trace trace;          ///< of all workers; worker 0's alone
  bool is_replayed = false;      ///< as IterateResult says
  runtime::Recording recording;  ///< in worker 0, where asked for
};

/// The row for least squares with a bound or penalty on the l1 norm by the step rule of options.method. `target` (y, d
/// values) is only used by the worker that hosts it.
[[nodiscard]] ps::RowSpec lasso_model_row(Index columns, const std::vector<double>& target, std::size_t workers,
                                          const SolveOptions& options);

/// For JobOptions. A worker that is alone steps its shard quicker than a thread beside it. With several, help leaves
/// nobody behind: the owner folds a round only once all that keep pace have come.
[[nodiscard]] inline runtime::ShardHelp shard_help(std::size_t workers) {
  return workers == 1 ? runtime::ShardHelp::always : runtime::ShardHelp::where_cores_are_short;
}

/// Throws InputError where the method does not go with the staleness, the number of atoms, the step size, the problems
/// or the warm start, or where a problem is none.
void check_method(const SolveOptions& options);

/// Collective. The job's row 0 is the model; this worker's partition starts at column `first_column` of the whole
/// matrix; `target` is y, in every worker. `options` must pass check_method(). Throws InputError, in every worker the
/// same, where a column's norm is neither 0 nor a size of base/scale.hpp.
SolveResult solve(runtime::Job& job, AtomSelector& selector, Index first_column, const std::vector<double>& target,
                  const SolveOptions& options);

}  // namespace wolfpack::frank_wolfe
