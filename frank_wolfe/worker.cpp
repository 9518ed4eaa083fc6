#include "frank_wolfe/worker.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/status.hpp"
#include "frank_wolfe/tran.hpp"

namespace wolfpack::frank_wolfe {

void Worker::iterate(runtime::Iteration& iteration) {
  const auto row = iteration.get_newer(options_.model, evaluated_);
  if (!row) return;  // an empty iteration, so that nobody waits for this worker
  if (evaluated_ == Version{} && options_.is_warm) {
    evaluated_ = Version{1};  // alpha = 0, which nobody looks at; a later version will be, in the next iteration
    return propose_warm_start(iteration);
  }
  evaluated_ = row->version;
  const Model model = decode_model(row->payload);
  const Iterate& iterate = model.iterate;

  const Clock own_folded = row->own_folded;
  const auto [best, norm] = iteration.compute([&] {
    auto selected = select(model, own_folded);
    return std::pair(std::move(selected), selector_.largest_norm());
  });
  if (refused()) {
    has_refused_ = true;
    return report(iteration, {std::numeric_limits<double>::infinity(), kRefusedNorm});
  }
  // A quick round is followed by a thorough one, which finds out.
  const bool is_thorough = model.request.thorough || std::isfinite(best.largest_score);
  if (is_thorough && (!std::isfinite(best.largest_score) || !std::isfinite(norm)))
    throw RuntimeFailure(
        "the partition's scores are not finite: it holds numbers that are not, or that overflow when multiplied");
  totals_.columns_evaluated += static_cast<std::uint64_t>(best.columns_evaluated);
  totals_.bytes_read += best.bytes_read;
  iteration.note(
      {.objective = iterate.objective, .gap = model.gap, .work = static_cast<std::uint64_t>(best.columns_evaluated)});

  report(iteration, {best.largest_score, norm});
  for (const ScoredAtom& atom : best.atoms) {
    if (options_.method == Method::tran) {
      overwrite_if_no_worse(iteration, iterate, atom);
      continue;
    }
    iteration.update(options_.model, encode(proposal(atom)));
    if (!traits(options_.method).one_atom) proposed_.emplace_back(iteration.clock(), atom.column);
  }
}

// A column of numbers that are not finite is another failure.
std::optional<ColumnNorm> Worker::refused() const {
  const auto found = selector_.column_out_of_scale();
  if (!found) return std::nullopt;
  const std::vector<double> values = selector_.column(found->column).values;
  if (!std::all_of(values.begin(), values.end(), [](double value) { return std::isfinite(value); }))
    return std::nullopt;
  return ColumnNorm{options_.first_column + found->column, found->norm};
}

void Worker::report(runtime::Iteration& iteration, const ScoreReport& scores) {
  totals_.wait_seconds += iteration.trace().wait;
  totals_.elapsed_seconds = iteration.trace().start + iteration.trace().wait + iteration.trace().compute;
  iteration.update(options_.model, encode(Report{evaluated_, scores, totals_}));
}

// The atoms to start from, which the owner solves over before anybody makes a pass.
void Worker::propose_warm_start(runtime::Iteration& iteration) {
  report(iteration, {.largest_score = std::numeric_limits<double>::infinity(), .largest_norm = 0.0});
  for (const Index column : options_.warm_start) {
    iteration.update(options_.model, encode(proposal({column, 0.0})));
    proposed_.emplace_back(iteration.clock(), column);
  }
}

SelectedAtoms Worker::select(const Model& model, Clock own_folded) {
  const Iterate& iterate = model.iterate;
  if (traits(options_.method).one_atom)  // the best one, whatever the model holds already
    return selector_.select({.dual = iterate.dual, .level = 0.0, .count = 1, .excluded = {}});
  const std::vector<Index> not_again = excluded(iterate, own_folded);
  return selector_.select({.dual = iterate.dual,
                           .level = iterate.level,
                           .count = model.request.atoms,
                           .excluded = not_again,
                           .candidates_only = !model.request.thorough,
                           .screening = model.request.screening});
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
