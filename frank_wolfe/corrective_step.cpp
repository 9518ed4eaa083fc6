#include "frank_wolfe/corrective_step.hpp"

#include <algorithm>
#include <cmath>
#include <unordered_set>
#include <utility>

#include "frank_wolfe/eigen_map.hpp"

namespace wolfpack::frank_wolfe {

namespace {

// An iterate whose objective rounding has lifted by no more than this share of f(0) is still taken: near the optimum
// the gap falls, with the first power of what is left, long after the objective, with the second, stands still.
constexpr double kRise = 1e-12;
// But not for ever: a run must be able to see that it has stalled.
constexpr int kMostWithoutGain = 10;

bool all_zero(const Column& column) {
  return std::all_of(column.values.begin(), column.values.end(), [](double value) { return value == 0.0; });
}

}  // namespace

CorrectiveStep::CorrectiveStep(LeastSquares objective, L1Ball ball)
    : objective_(std::move(objective)),
      ball_(ball),
      active_({objective_.target().begin(), objective_.target().end()}, ball.radius()) {
  const std::vector<double> origin(objective_.target().size(), 0.0);
  iterate_.dual.resize(origin.size());
  objective_.dual(origin, iterate_.dual);
  iterate_.objective = objective_.value(origin);
  null_objective_ = iterate_.objective;
  lowest_ = iterate_.objective;
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
    if (acceptable(next)) {
      changed = next.columns != iterate_.columns || next.weights != iterate_.weights;
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

// The solver's x as an iterate: feasible to the last bit, with w, f and the level computed from the columns.
Iterate CorrectiveStep::solved() const {
  const ColumnStore& columns = active_.columns();
  std::vector<double> x(active_.weights().begin(), active_.weights().end());
  ball_.pull_inside(x);
  std::vector<double> z(static_cast<std::size_t>(columns.rows()));
  columns.product(x, z);

  Iterate next;
  next.dual.resize(z.size());
  objective_.dual(z, next.dual);
  next.objective = objective_.value(z);
  next.inner = dot(next.dual, z);
  std::vector<double> scores(x.size());
  columns.scores(next.dual, scores);

  std::vector<std::size_t> order;
  for (std::size_t slot = 0; slot < x.size(); ++slot) {
    if (x[slot] != 0.0) order.push_back(slot);
  }
  std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return atoms_[a] < atoms_[b]; });
  for (const std::size_t slot : order) {
    next.columns.push_back(atoms_[slot]);
    next.weights.push_back(x[slot]);
    if (active_.level() > 0.0) next.level = std::max(next.level, std::fabs(scores[slot]));
  }
  return next;
}

bool CorrectiveStep::acceptable(const Iterate& next) {
  if (next.objective < lowest_) {
    lowest_ = next.objective;
    without_gain_ = 0;
    return true;
  }
  return next.objective <= lowest_ + kRise * null_objective_ && ++without_gain_ <= kMostWithoutGain;
}

void CorrectiveStep::forget_zeros() {
  const std::vector<Index> kept = active_.drop_zeros();
  for (std::size_t to = 0; to < kept.size(); ++to) atoms_[to] = atoms_[static_cast<std::size_t>(kept[to])];
  atoms_.resize(kept.size());
}

}  // namespace wolfpack::frank_wolfe
