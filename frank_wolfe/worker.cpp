#include "frank_wolfe/worker.hpp"

#include <algorithm>
#include <cmath>

#include "base/status.hpp"

namespace wolfpack::frank_wolfe {

std::size_t proposals_per_worker(std::size_t top_k, std::size_t active_atoms, std::size_t workers) {
  const std::size_t all = top_k != 0 ? top_k : std::max<std::size_t>(10, active_atoms / 2);
  return (all + workers - 1) / workers;
}

void Worker::iterate(runtime::Iteration& iteration) {
  const auto row = iteration.get_newer(key_, evaluated_);
  if (!row) return;  // an empty iteration, so that nobody waits for this worker
  evaluated_ = row->version;
  const Model model = decode_model(row->payload);
  const Iterate& iterate = model.iterate;

  const std::vector<Index> not_again = excluded(iterate, row->own_folded);
  const auto [best, norm] = iteration.compute([&] {
    auto selected = selector_.select({.dual = iterate.dual,
                                      .level = iterate.level,
                                      .count = proposals_per_worker(top_k_, iterate.columns.size(), workers_),
                                      .excluded = not_again});
    return std::pair(std::move(selected), selector_.largest_norm());
  });
  if (!std::isfinite(best.largest_score) || !std::isfinite(norm))
    throw RuntimeFailure(
        "the partition's scores are not finite: it holds numbers that are not, or that overflow when multiplied");
  columns_evaluated_ += static_cast<std::uint64_t>(best.columns_evaluated);
  bytes_read_ += best.bytes_read;
  wait_seconds_ += iteration.trace().wait;
  iteration.note(model.gap, iterate.objective, static_cast<std::uint64_t>(best.columns_evaluated));

  const double elapsed = iteration.trace().start + iteration.trace().wait + iteration.trace().compute;
  iteration.update(key_, encode(Report{evaluated_, {best.largest_score, norm}, wait_seconds_, elapsed}));
  for (const ScoredAtom& atom : best.atoms) {
    iteration.update(key_, encode(Proposal{first_column_ + atom.column, atom.score, selector_.column(atom.column)}));
    proposed_.emplace_back(iteration.clock(), atom.column);
  }
}

// Atoms that are in the model, and own ones that are on their way to it.
std::vector<Index> Worker::excluded(const Iterate& iterate, Clock own_folded) {
  while (!proposed_.empty() && proposed_.front().first < own_folded) proposed_.pop_front();
  const auto begin = std::lower_bound(iterate.columns.begin(), iterate.columns.end(), first_column_);
  const auto end = std::lower_bound(begin, iterate.columns.end(), first_column_ + selector_.columns());
  std::vector<Index> columns;
  for (auto column = begin; column != end; ++column) columns.push_back(*column - first_column_);
  for (const auto& [clock, column] : proposed_) columns.push_back(column);
  std::sort(columns.begin(), columns.end());
  columns.erase(std::unique(columns.begin(), columns.end()), columns.end());
  return columns;
}

}  // namespace wolfpack::frank_wolfe
