// A worker's iteration of stale-synchronous Frank-Wolfe: read the model, find the most violating atoms of the own
// partition, propose them.
#pragma once

#include <cstdint>
#include <deque>
#include <utility>
#include <vector>

#include "base/atom_selector.hpp"
#include "frank_wolfe/messages.hpp"
#include "ps/wire_layout.hpp"
#include "runtime/iteration.hpp"

namespace wolfpack::frank_wolfe {

/// K, the atoms proposed in a round by all workers together: max(10, |S| / 2) where `top_k` is 0. Shared out evenly,
/// rounded up.
[[nodiscard]] std::size_t proposals_per_worker(std::size_t top_k, std::size_t active_atoms, std::size_t workers);

/// The body of Job::iterate() for one worker. Never evaluates a version twice: it waits for a newer one.
class Worker {
 public:
  /// `selector` holds the partition, whose columns are first_column, first_column + 1, ... of the whole matrix. `top_k`
  /// 0: automatic.
  Worker(AtomSelector& selector, Index first_column, ps::Key model, std::size_t workers, std::size_t top_k)
      : selector_(selector), first_column_(first_column), key_(model), workers_(workers), top_k_(top_k) {}

  void iterate(runtime::Iteration& iteration);

  [[nodiscard]] std::uint64_t columns_evaluated() const { return columns_evaluated_; }
  [[nodiscard]] std::uint64_t bytes_read() const { return bytes_read_; }

 private:
  [[nodiscard]] std::vector<Index> excluded(const Iterate& iterate, Clock own_folded);

  AtomSelector& selector_;
  Index first_column_;
  ps::Key key_;
  std::size_t workers_;
  std::size_t top_k_;
  Version evaluated_;
  std::deque<std::pair<Clock, Index>> proposed_;  // by clock: not known to be folded in, as columns of the partition
  std::uint64_t columns_evaluated_ = 0;
  std::uint64_t bytes_read_ = 0;
  double wait_seconds_ = 0.0;
};

}  // namespace wolfpack::frank_wolfe
