#include "frank_wolfe/worker.hpp"

#include <algorithm>
#include <cmath>

#include "base/status.hpp"
#include "frank_wolfe/tran.hpp"

namespace wolfpack::frank_wolfe {

std::size_t proposals_per_worker(std::size_t top_k, std::size_t active_atoms, std::size_t workers) {
  const std::size_t all = top_k != 0 ? top_k : std::max<std::size_t>(10, active_atoms / 2);
  return (all + workers - 1) / workers;
}

void Worker::iterate(runtime::Iteration& iteration) {
  const auto row = iteration.get_newer(options_.model, evaluated_);
  if (!row) return;  // an empty iteration, so that nobody waits for this worker
  evaluated_ = row->version;
  const Model model = decode_model(row->payload);
  const Iterate& iterate = model.iterate;

  const Clock own_folded = row->own_folded;
  const auto [best, norm] = iteration.compute([&] {
    auto selected = select(iterate, own_folded);
    return std::pair(std::move(selected), selector_.largest_norm());
  });
  if (!std::isfinite(best.largest_score) || !std::isfinite(norm))
    throw RuntimeFailure(
        "the partition's scores are not finite: it holds numbers that are not, or that overflow when multiplied");
  columns_evaluated_ += static_cast<std::uint64_t>(best.columns_evaluated);
  bytes_read_ += best.bytes_read;
  wait_seconds_ += iteration.trace().wait;
  iteration.note(
      {.objective = iterate.objective, .gap = model.gap, .work = static_cast<std::uint64_t>(best.columns_evaluated)});

  const double elapsed = iteration.trace().start + iteration.trace().wait + iteration.trace().compute;
  iteration.update(options_.model, encode(Report{evaluated_, {best.largest_score, norm}, wait_seconds_, elapsed}));
  for (const ScoredAtom& atom : best.atoms) {
    if (options_.method == Method::tran) {
      overwrite_if_no_worse(iteration, iterate, atom);
      continue;
    }
    iteration.update(options_.model, encode(proposal(atom)));
    if (!traits(options_.method).one_atom) proposed_.emplace_back(iteration.clock(), atom.column);
  }
}

SelectedAtoms Worker::select(const Iterate& iterate, Clock own_folded) {
  if (traits(options_.method).one_atom)  // the best one, whatever the model holds already
    return selector_.select({.dual = iterate.dual, .level = 0.0, .count = 1, .excluded = {}});
  const std::vector<Index> not_again = excluded(iterate, own_folded);
  return selector_.select({.dual = iterate.dual,
                           .level = iterate.level,
                           .count = proposals_per_worker(options_.top_k, iterate.columns.size(), options_.workers),
                           .excluded = not_again});
}

Proposal Worker::proposal(const ScoredAtom& atom) const {
  return {options_.first_column + atom.column, atom.score, selector_.column(atom.column)};
}

// Check, then act: what is read here may have been overwritten by the time the update is (tran.hpp).
void Worker::overwrite_if_no_worse(runtime::Iteration& iteration, const Iterate& read, const ScoredAtom& atom) const {
  const auto rated = candidate_of(read, proposal(atom), objective_, ball_);
  if (!rated) return;
  const Model seen = decode_model(iteration.get(options_.model).payload);
  if (rated->objective <= seen.iterate.objective) iteration.update(options_.model, encode(rated->candidate));
}

// Atoms that are in the model, and own ones that are on their way to it.
std::vector<Index> Worker::excluded(const Iterate& iterate, Clock own_folded) {
  while (!proposed_.empty() && proposed_.front().first < own_folded) proposed_.pop_front();
  const auto begin = std::lower_bound(iterate.columns.begin(), iterate.columns.end(), options_.first_column);
  const auto end = std::lower_bound(begin, iterate.columns.end(), options_.first_column + selector_.columns());
  std::vector<Index> columns;
  for (auto column = begin; column != end; ++column) columns.push_back(*column - options_.first_column);
  for (const auto& [clock, column] : proposed_) columns.push_back(column);
  std::sort(columns.begin(), columns.end());
  columns.erase(std::unique(columns.begin(), columns.end()), columns.end());
  return columns;
}

}  // namespace wolfpack::frank_wolfe
