// A worker's iteration of stale-synchronous Frank-Wolfe: read the model, find the most violating atoms of the own
// partition, propose them. With the method tran it proposes a whole iterate instead (tran.hpp).
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <utility>
#include <vector>

#include "base/atom_selector.hpp"
#include "frank_wolfe/l1_ball.hpp"
#include "frank_wolfe/least_squares.hpp"
#include "frank_wolfe/messages.hpp"
#include "frank_wolfe/method.hpp"
#include "ps/wire_layout.hpp"
#include "runtime/iteration.hpp"

namespace wolfpack::frank_wolfe {

struct WorkerOptions {
  ps::Key model;
  Index first_column = 0;  ///< the partition's columns are first_column, first_column + 1, ... of the whole matrix
  Method method = Method::corrective;
  bool is_warm = false;             ///< whether any worker has columns to start from
  std::vector<Index> warm_start{};  ///< those of this partition, counted within it, increasing
};

/// The body of Job::iterate() for one worker. Never evaluates a version twice: it waits for a newer one.
class Worker {
 public:
  /// `selector` holds the partition. `objective` and `ball` are the problem's, for steps that a worker takes itself
  /// (Method::tran alone).
  Worker(AtomSelector& selector, LeastSquares objective, L1Ball ball, const WorkerOptions& options)
      : selector_(selector), objective_(std::move(objective)), ball_(ball), options_(options) {}

  void iterate(runtime::Iteration& iteration);

  [[nodiscard]] const Totals& totals() const { return totals_; }
  /// Whether this worker has ended the run, since it cannot work with its columns.
  [[nodiscard]] bool has_refused() const { return has_refused_; }
  /// The first column that it cannot work with, as far as norms are known, counted in the whole matrix.
  [[nodiscard]] std::optional<ColumnNorm> refused() const;

 private:
  void propose_warm_start(runtime::Iteration& iteration);
  void report(runtime::Iteration& iteration, const ScoreReport& scores);
  [[nodiscard]] SelectedAtoms select(const Model& model, Clock own_folded);
  [[nodiscard]] std::vector<Index> excluded(const Iterate& iterate, Clock own_folded);
  [[nodiscard]] Proposal proposal(const ScoredAtom& atom) const;
  void overwrite_if_no_worse(runtime::Iteration& iteration, const Iterate& read, const ScoredAtom& atom) const;

  AtomSelector& selector_;
  LeastSquares objective_;
  L1Ball ball_;
  WorkerOptions options_;
  Version evaluated_;
  std::deque<std::pair<Clock, Index>> proposed_;  // by clock: not known to be folded in, as columns of the partition
  Totals totals_;
  bool has_refused_ = false;
};

}  // namespace wolfpack::frank_wolfe
