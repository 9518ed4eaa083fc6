#include "frank_wolfe/corrective_step.hpp"

#include <algorithm>
#include <cmath>
#include <unordered_set>
#include <utility>

#include "frank_wolfe/assemble_iterate.hpp"
#include "frank_wolfe/make_regularizer.hpp"

namespace wolfpack::frank_wolfe {

namespace {

bool all_zero(const Column& column) {
  return std::all_of(column.values.begin(), column.values.end(), [](double value) { return value == 0.0; });
}

}  // namespace

CorrectiveStep::CorrectiveStep(LeastSquares objective, const L1Term& term)
    : objective_(std::move(objective)),
      regularizer_(make_regularizer(term)),
      active_({objective_.target().begin(), objective_.target().end()}, term),
      iterate_(solved()),
      guard_(iterate_.objective) {}

void CorrectiveStep::restate(const L1Term& term) {
  regularizer_ = make_regularizer(term);
  active_.restate(term);
  (void)active_.solve();
  iterate_ = solved();
  guard_ = DescentGuard(guard_.null_objective(), iterate_.objective);
  forget_zeros();
}

bool CorrectiveStep::advance(std::span<const Proposal> proposals) {
  const std::vector<const Proposal*> added = news(proposals);
  if (added.empty()) return false;
  std::vector<double> old_weights(active_.weights().begin(), active_.weights().end());
  std::vector<const Column*> columns(added.size());
  std::transform(added.begin(), added.end(), columns.begin(),
                 [](const Proposal* proposal) { return &proposal->column; });
  active_.add(columns);
  for (const Proposal* proposal : added) atoms_.push_back(proposal->index);

  bool changed = false;
  if (active_.solve()) {
    Iterate next = solved();
    if (guard_.accepts(next.objective)) {
      changed = !same_alpha(next, iterate_);
      if (changed) iterate_ = std::move(next);
    } else {
      old_weights.resize(atoms_.size(), 0.0);
      active_.restart(old_weights);
    }
  }
  forget_zeros();
  return changed;
}

// The proposals worth looking at: not active, not proposed twice, not zero.
std::vector<const Proposal*> CorrectiveStep::news(std::span<const Proposal> proposals) const {
  std::unordered_set<Index> known(atoms_.begin(), atoms_.end());
  std::vector<const Proposal*> result;
  for (const Proposal& proposal : proposals) {
    if (!all_zero(proposal.column) && known.insert(proposal.index).second) result.push_back(&proposal);
  }
  return result;
}

// The solver's x as an iterate, with the level that lets workers skip columns.
Iterate CorrectiveStep::solved() const {
  const std::span<const double> x = active_.weights();
  Iterate next = assemble_iterate(objective_, *regularizer_, active_.columns(), atoms_, x, active_.product());
  next.level = active_.level();
  if (next.level == 0.0) return next;
  // Of a constraint rounding may have pulled x inside: by too little to tell in the level.
  std::vector<double> scores(active_.scores().begin(), active_.scores().end());
  if (scores.empty()) {
    scores.resize(x.size());
    active_.columns().scores(next.dual, scores);
  }
  for (std::size_t slot = 0; slot < x.size(); ++slot) {
    if (x[slot] != 0.0) next.level = std::max(next.level, std::fabs(scores[slot]));
  }
  return next;
}

void CorrectiveStep::forget_zeros() {
  const std::vector<Index> kept = active_.drop_zeros();
  for (std::size_t to = 0; to < kept.size(); ++to) atoms_[to] = atoms_[static_cast<std::size_t>(kept[to])];
  atoms_.resize(kept.size());
}

}  // namespace wolfpack::frank_wolfe
