#include "frank_wolfe/tran.hpp"

#include <algorithm>
#include <utility>

#include "frank_wolfe/assemble_iterate.hpp"
#include "frank_wolfe/eigen_map.hpp"
#include "frank_wolfe/line_search.hpp"

namespace wolfpack::frank_wolfe {

namespace {

// (1 - step) alpha + step * vertex * e_atom.
Candidate moved(const Iterate& from, Proposal atom, double step, double vertex) {
  Candidate to{from.columns, from.weights, std::move(atom)};
  for (double& weight : to.weights) weight *= 1.0 - step;
  const auto place = std::lower_bound(to.columns.begin(), to.columns.end(), to.atom.index) - to.columns.begin();
  if (place == std::ssize(to.columns) || to.columns[static_cast<std::size_t>(place)] != to.atom.index) {
    to.columns.insert(to.columns.begin() + place, to.atom.index);
    to.weights.insert(to.weights.begin() + place, 0.0);
  }
  to.weights[static_cast<std::size_t>(place)] += step * vertex;
  return to;
}

}  // namespace

std::optional<RatedCandidate> candidate_of(const Iterate& read, const Proposal& atom, const LeastSquares& objective,
                                           const L1Ball& ball) {
  const double vertex = atom.score < 0.0 ? -ball.radius() : ball.radius();
  ColumnStore column(objective.rows());
  column.append(atom.column);
  std::vector<double> w = read.dual;
  std::vector<double> direction(w.size());
  map(direction) = map(w) - map(objective.target());  // -z
  column.add_scaled(0, vertex, direction);

  const double step = exact_step(w, direction, 1.0);
  map(w) -= step * map(direction);
  const double reached = 0.5 * map(w).squaredNorm();
  if (!(reached < read.objective)) return std::nullopt;
  return RatedCandidate{moved(read, atom, step, vertex), reached};
}

TranRule::TranRule(LeastSquares objective, L1Ball ball)
    : objective_(std::move(objective)),
      ball_(ball),
      columns_(objective_.rows()),
      iterate_(assemble_iterate(objective_, ball_, columns_, {}, {})) {}

bool TranRule::advance(std::span<const Proposal>) {
  if (!last_) return false;
  const Candidate candidate = *std::exchange(last_, std::nullopt);
  hold(candidate.atom);
  std::vector<double> x(atoms_.size(), 0.0);
  for (std::size_t k = 0; k < candidate.columns.size(); ++k) {
    const auto slot = slots_.find(candidate.columns[k]);
    if (slot == slots_.end()) throw RuntimeFailure("a candidate iterate names a column that the owner does not have");
    x[slot->second] = candidate.weights[k];
  }
  Iterate next = assemble_iterate(objective_, ball_, columns_, atoms_, x);
  if (same_alpha(next, iterate_)) return false;
  iterate_ = std::move(next);
  return true;
}

void TranRule::hold(const Proposal& atom) {
  if (slots_.contains(atom.index)) return;
  columns_.append(atom.column);
  slots_.emplace(atom.index, atoms_.size());
  atoms_.push_back(atom.index);
}

}  // namespace wolfpack::frank_wolfe
