#include "frank_wolfe/convex_combination.hpp"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <limits>
#include <unordered_map>
#include <utility>

#include "frank_wolfe/assemble_iterate.hpp"
#include "frank_wolfe/eigen_map.hpp"
#include "frank_wolfe/line_search.hpp"

namespace wolfpack::frank_wolfe {

namespace {

std::size_t at(Index slot) { return static_cast<std::size_t>(slot); }

}  // namespace

ConvexCombination::ConvexCombination(LeastSquares objective, L1Ball ball)
    : objective_(std::move(objective)),
      ball_(ball),
      columns_(objective_.rows()),
      dual_(objective_.target().begin(), objective_.target().end()) {}

std::vector<Index> ConvexCombination::hold(std::span<const Proposal> proposals) {
  std::unordered_map<Index, Index> slot_of;
  for (std::size_t slot = 0; slot < atoms_.size(); ++slot) slot_of.emplace(atoms_[slot], static_cast<Index>(slot));
  std::vector<Index> slots;
  for (const Proposal& proposal : proposals) {
    const auto& values = proposal.column.values;
    if (std::all_of(values.begin(), values.end(), [](double value) { return value == 0.0; })) continue;
    auto known = slot_of.find(proposal.index);
    if (known == slot_of.end()) {
      columns_.append(proposal.column);
      known = slot_of.emplace(proposal.index, columns_.size() - 1).first;
      atoms_.push_back(proposal.index);
      weights_.push_back(0.0);
    }
    slots.push_back(known->second);
  }
  return slots;
}

std::vector<double> ConvexCombination::scores() const {
  std::vector<double> scores(weights_.size());
  columns_.scores(dual_, scores);
  return scores;
}

double ConvexCombination::inner() const { return dot(dual_, objective_.target()) - dot(dual_, dual_); }

double ConvexCombination::inner(const Vertex& vertex, std::span<const double> scores) const {
  return vertex.slot == Vertex::kOrigin ? 0.0 : ball_.radius() * vertex.sign * scores[at(vertex.slot)];
}

Vertex ConvexCombination::best(std::span<const double> scores) const {
  const auto largest =
      std::max_element(scores.begin(), scores.end(), [](double a, double b) { return std::fabs(a) < std::fabs(b); });
  return largest == scores.end() ? Vertex{} : uphill(static_cast<Index>(largest - scores.begin()), *largest);
}

Vertex ConvexCombination::worst(std::span<const double> scores) const {
  Vertex worst;
  double least = share(worst) > 0.0 ? 0.0 : std::numeric_limits<double>::infinity();
  for (std::size_t slot = 0; slot < weights_.size(); ++slot) {
    if (weights_[slot] == 0.0) continue;
    const Vertex vertex{static_cast<Index>(slot), weights_[slot] < 0.0 ? -1.0 : 1.0};
    const double value = inner(vertex, scores);
    if (value >= least) continue;
    least = value;
    worst = vertex;
  }
  return worst;
}

double ConvexCombination::share(const Vertex& vertex) const {
  if (vertex.slot != Vertex::kOrigin) return std::fabs(weights_[at(vertex.slot)]) / ball_.radius();
  double norm = 0.0;
  for (const double weight : weights_) norm += std::fabs(weight);
  // L1Ball::pull_inside leaves a few units of rounding a weight, which no step should be spent on.
  const double rounding = 8.0 * static_cast<double>(weights_.size() + 2) * std::numeric_limits<double>::epsilon();
  const double left = 1.0 - norm / ball_.radius();
  return left > rounding ? left : 0.0;
}

Direction ConvexCombination::toward(const Vertex& vertex) const {
  return {.scale = -1.0, .terms = {{vertex, 1.0}}, .max_step = 1.0};
}

Direction ConvexCombination::away_from(const Vertex& vertex) const {
  const double weight = share(vertex);
  assert(weight < 1.0);
  return {.scale = 1.0, .terms = {{vertex, -1.0}}, .max_step = weight / (1.0 - weight), .leaves = vertex.slot};
}

Direction ConvexCombination::exchange(const Vertex& from, const Vertex& to) const {
  // A vertex and its opposite are one column: then its weight changes sign and does not vanish.
  const Index leaves = from.slot == to.slot ? Vertex::kOrigin : from.slot;
  return {.scale = 0.0, .terms = {{from, -1.0}, {to, 1.0}}, .max_step = share(from), .leaves = leaves};
}

// A (the direction). d values.
std::vector<double> ConvexCombination::image(const Direction& direction) const {
  std::vector<double> image(dual_.size(), 0.0);
  if (direction.scale != 0.0) map(image) = direction.scale * (map(objective_.target()) - map(dual_));
  for (const auto& [vertex, factor] : direction.terms) {
    if (vertex.slot != Vertex::kOrigin) columns_.add_scaled(vertex.slot, factor * vertex.sign * ball_.radius(), image);
  }
  return image;
}

double ConvexCombination::descend(const Direction& direction) {
  const std::vector<double> moved = image(direction);
  const double step = exact_step(dual_, moved, direction.max_step);
  if (step > 0.0) move(direction, step, moved);
  return step;
}

void ConvexCombination::move(const Direction& direction, double step) { move(direction, step, image(direction)); }

void ConvexCombination::move(const Direction& direction, double step, std::span<const double> image) {
  if (direction.scale != 0.0) map(weights_) *= 1.0 + step * direction.scale;
  for (const auto& [vertex, factor] : direction.terms) {
    if (vertex.slot != Vertex::kOrigin) weights_[at(vertex.slot)] += step * factor * vertex.sign * ball_.radius();
  }
  if (step == direction.max_step && direction.leaves != Vertex::kOrigin) weights_[at(direction.leaves)] = 0.0;
  map(dual_) -= step * map(image);
}

Iterate ConvexCombination::assemble() const { return assemble_iterate(objective_, ball_, columns_, atoms_, weights_); }

void ConvexCombination::restore(const Iterate& iterate) {
  std::vector<Index> kept;
  std::vector<double> weights;
  for (std::size_t slot = 0; slot < atoms_.size(); ++slot) {
    const auto found = std::lower_bound(iterate.columns.begin(), iterate.columns.end(), atoms_[slot]);
    if (found == iterate.columns.end() || *found != atoms_[slot]) continue;
    atoms_[kept.size()] = atoms_[slot];
    kept.push_back(static_cast<Index>(slot));
    weights.push_back(iterate.weights[static_cast<std::size_t>(found - iterate.columns.begin())]);
  }
  columns_.keep(kept);
  atoms_.resize(kept.size());
  weights_ = std::move(weights);
  dual_ = iterate.dual;
}

}  // namespace wolfpack::frank_wolfe
