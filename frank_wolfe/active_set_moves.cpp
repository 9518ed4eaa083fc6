// The moves of the active set: how a column enters the support, how one leaves it, and the way to the optimum in
// between.
#include <algorithm>
#include <cassert>
#include <cmath>
#include <functional>
#include <iterator>
#include <limits>

#include "frank_wolfe/active_set.hpp"
#include "frank_wolfe/eigen_map.hpp"

namespace wolfpack::frank_wolfe {

namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

// A column a_j whose distance from the support's combination h that comes nearest is below this share of ||a_j|| + sum
// |h_k| ||a_k|| counts as dependent: rounding hides where it points. Well above that it must not count so, for a nearly
// dependent column can carry a first-order gain.
constexpr double kDependent = 1e-12;
// Above this one the Gram matrix gives that distance, squared and relative, well enough; below it is taken from the
// columns.
constexpr double kCancelled = 1e-6;
// Fewer new columns than this enter one at a time.
constexpr std::size_t kFewest = 4;
// What so many rounds of joining together leave enters one at a time.
constexpr int kRoundsTogether = 10;
// Where not all that cross zero can leave together, the first one in so many of them do, if they can.
constexpr std::size_t kShareOfCrossing = 4;
// A direction that misses the radius by more than this share of it is corrected.
constexpr double kNormTolerance = 1e-13;

}  // namespace

// All violating columns from `first` on join at once, but for those that the move would take against their sign: of a
// column without weight such a move cannot begin.
// False where none did.
bool ActiveSet::enter_together(Index first) {
  for (int round = 0; round < kRoundsTogether; ++round) {
    std::vector<Index> joining = violating(first);
    if (joining.size() < kFewest || !join_together(std::move(joining))) return round > 0;
    move_to_target();
    update_candidates(first);
  }
  return true;
}

// The columns from `first` on that may enter, most violating first.
std::vector<Index> ActiveSet::violating(Index first) const {
  std::vector<Index> found;
  for (Index j = first; j < size(); ++j)
    if (may_enter(j)) found.push_back(j);
  std::stable_sort(found.begin(), found.end(),
                   [&](Index i, Index j) { return std::fabs(scores_[at(i)]) > std::fabs(scores_[at(j)]); });
  return found;
}

// These columns, which may enter, join as far as they agree. False where none does.
bool ActiveSet::join_together(std::vector<Index> joining) {
  for (const Index slot : joining) signs_[at(slot)] = scores_[at(slot)] > 0.0 ? 1.0 : -1.0;

  const auto before = static_cast<Index>(support_.size());
  std::vector<double> rows;  // R^-T G_Pj, a column each
  rows.reserve(joining.size() * at(before));
  for (const Index slot : joining)
    for (Index k = 0; k < before; ++k) rows.push_back(gram(support_[at(k)], slot));
  factor_.solve_transposed_block(rows, static_cast<Index>(joining.size()));
  while (!joining.empty()) {
    join_independent(joining, rows);
    std::vector<double> reduced;
    const std::vector<double> direction = direction_to_target(reduced);
    std::vector<Index> agreeing;
    std::vector<double> agreeing_rows;
    for (std::size_t k = 0; k < joining.size(); ++k) {
      const auto position = std::find(support_.begin() + before, support_.end(), joining[k]) - support_.begin();
      const bool has_joined = position < std::ssize(support_);
      if (has_joined && direction[static_cast<std::size_t>(position)] * signs_[at(joining[k])] > 0.0) {
        agreeing.push_back(joining[k]);
        const auto row = rows.begin() + static_cast<std::ptrdiff_t>(k) * before;
        agreeing_rows.insert(agreeing_rows.end(), row, row + before);
      } else {
        signs_[at(joining[k])] = 0.0;
      }
    }
    if (agreeing.size() == joining.size()) break;
    joining = std::move(agreeing);
    rows = std::move(agreeing_rows);
    support_.resize(at(before));
    factor_.truncate(before);
    reduced_scores_.resize(at(before));
    reduced_signs_.resize(at(before));
  }
  for (const Index slot : joining) entered_at_[at(slot)] = progress_;
  return !joining.empty();
}

// Appends these columns to the support and the factor, in order, but for those that nearly depend on it. `rows`: R^-T
// G_Pj of the support as it is, a column each.
void ActiveSet::join_independent(std::span<const Index> slots, std::span<const double> rows) {
  const auto before = static_cast<std::ptrdiff_t>(support_.size());
  for (std::size_t k = 0; k < slots.size(); ++k) {
    const auto row = rows.begin() + static_cast<std::ptrdiff_t>(k) * before;
    Extension extension{.row = {row, row + before}, .pivot_squared = gram(slots[k], slots[k]), .independent = true};
    for (std::size_t i = static_cast<std::size_t>(before); i < support_.size(); ++i)
      extension.row.push_back(gram(support_[i], slots[k]));
    factor_.solve_transposed(extension.row, before);
    const double square = extension.pivot_squared;
    extension.pivot_squared -= dot(extension.row, extension.row);
    if (extension.pivot_squared > kCancelled * square && support_.size() < target_.size()) join(slots[k], extension);
  }
}

void ActiveSet::enter(Index slot) {
  entered_at_[at(slot)] = progress_;
  signs_[at(slot)] = scores_[at(slot)] > 0.0 ? 1.0 : -1.0;
  const Extension extension = extend(slot);
  if (extension.independent) {
    join(slot, extension);
  } else {
    exchange(slot, extension);
  }
  move_to_target();
}

// How column `slot` stands to the support. The Gram matrix loses the distance of a nearly dependent column to
// cancellation; then it is taken from the columns, with the projection refined twice.
ActiveSet::Extension ActiveSet::extend(Index slot) const {
  const double square = gram(slot, slot);
  Extension result;
  result.row.resize(support_.size());
  for (std::size_t k = 0; k < support_.size(); ++k) result.row[k] = gram(support_[k], slot);
  factor_.solve_transposed(result.row);
  result.pivot_squared = square - dot(result.row, result.row);
  double scale = std::sqrt(square);
  if (result.pivot_squared < kCancelled * square) {
    std::vector<double> combination(at(size()));
    std::vector<double> difference(target_.size());
    std::vector<double> products(at(size()));
    std::vector<double> correction(support_.size());
    for (int refinement = 0; refinement < 3; ++refinement) {
      std::vector<double> h = result.row;
      factor_.solve(h);
      for (std::size_t k = 0; k < support_.size(); ++k) combination[at(support_[k])] = -h[k];
      combination[at(slot)] = 1.0;
      columns_.product(combination, difference);
      result.pivot_squared = dot(difference, difference);
      if (refinement == 2) {
        for (std::size_t k = 0; k < support_.size(); ++k)
          scale += std::fabs(h[k]) * std::sqrt(gram(support_[k], support_[k]));
        break;
      }
      columns_.scores(difference, products);
      for (std::size_t k = 0; k < support_.size(); ++k) correction[k] = products[at(support_[k])];
      factor_.solve_transposed(correction);
      map(result.row) += map(correction);
    }
  }
  const bool may_be =
      support_.size() < target_.size();  // more than d columns depend on each other, whatever rounding says
  result.independent = may_be && std::sqrt(result.pivot_squared) > kDependent * scale;
  return result;
}

// The column joins the support and the factor with the sign, the weight and the score that it has.
void ActiveSet::join(Index slot, const Extension& extension) {
  const double pivot = std::sqrt(extension.pivot_squared);
  reduced_scores_.push_back((scores_[at(slot)] - dot(extension.row, reduced_scores_)) / pivot);
  reduced_signs_.push_back((signs_[at(slot)] - dot(extension.row, reduced_signs_)) / pivot);
  factor_.append(extension.row, pivot);
  support_.push_back(slot);
}

void ActiveSet::drop(Index position) {
  const Index slot = support_[at(position)];
  weights_[at(slot)] = 0.0;
  signs_[at(slot)] = 0.0;
  factor_.remove(position, reduced_scores_, reduced_signs_);
  reduced_scores_.pop_back();
  reduced_signs_.pop_back();
  support_.erase(support_.begin() + position);
}

// How far the support's weights can go along `direction` before the first of them vanishes.
ActiveSet::Blocked ActiveSet::first_zero(std::span<const double> direction) const {
  Blocked blocked{kInfinity, -1};
  for (std::size_t k = 0; k < support_.size(); ++k) {
    const std::size_t slot = at(support_[k]);
    if (direction[k] * signs_[slot] >= 0.0) continue;
    const double step = std::max(0.0, -weights_[slot] / direction[k]);  // rounding may have left it beyond zero
    if (step < blocked.step) blocked = {step, static_cast<Index>(k)};
  }
  return blocked;
}

bool ActiveSet::weights_have_their_signs() const {
  const double rounding = 1e-12 * norm();  // of moves that end together, or of a null-space step
  return std::all_of(support_.begin(), support_.end(),
                     [&](Index slot) { return weights_[at(slot)] * signs_[at(slot)] >= -rounding; });
}

void ActiveSet::move(std::span<const double> direction, double step) {
  for (std::size_t k = 0; k < support_.size(); ++k) {
    const std::size_t slot = at(support_[k]);
    weights_[slot] += step * direction[k];
    if (weights_[slot] * signs_[slot] < 0.0) weights_[slot] = 0.0;  // two that vanish together: by rounding
  }
}

// Where columns are nearly dependent or of very different norms, rounding lets the direction miss the radius. One more
// step along G^-1 s puts it back, at the price of a change of lambda that is below rounding.
void ActiveSet::correct_norm(std::vector<double>& reduced, std::vector<double>& direction) {
  double missing = radius();
  for (std::size_t k = 0; k < support_.size(); ++k) {
    const std::size_t slot = at(support_[k]);
    missing -= signs_[slot] * (weights_[slot] + direction[k]);
  }
  if (std::fabs(missing) <= kNormTolerance * radius()) return;
  const double change = missing / dot(reduced_signs_, reduced_signs_);
  std::vector<double> correction = reduced_signs_;
  factor_.solve(correction);
  map(direction) += change * map(correction);
  map(reduced) += change * map(reduced_signs_);
  level_ -= change;
}

// From x to the optimum of the support and its signs; `reduced` is R times it.
std::vector<double> ActiveSet::direction_to_target(std::vector<double>& reduced) {
  update_level();
  reduced = reduced_scores_;
  map(reduced) -= level_ * map(reduced_signs_);
  std::vector<double> direction = reduced;
  factor_.solve(direction);
  if (is_constrained() && level_ > 0.0) correct_norm(reduced, direction);
  return direction;
}

// Moves to the optimum of the support and its signs, dropping on the way every column whose weight would change sign.
void ActiveSet::move_to_target() {
  fresh_ = -1;
  while (!support_.empty()) {
    assert(weights_have_their_signs());
    std::vector<double> reduced;
    const std::vector<double> direction = direction_to_target(reduced);
    const Blocked blocked = first_zero(direction);
    const bool stopped = blocked.step <= 1.0;
    const double step = stopped ? blocked.step : 1.0;
    const double slope = term_.is_penalty() ? dot(reduced, reduced) : dot(reduced_scores_, reduced);
    const double gain = step * (slope - 0.5 * step * dot(reduced, reduced));
    if (stopped && drop_crossing(direction, gain)) continue;
    progress_ += gain;
    move(direction, step);
    map(reduced_scores_) -= step * map(reduced);
    if (!stopped) return;
    drop(blocked.position);
  }
  update_level();
}

// Where several weights would change sign on the way along `direction`: the whole step with all of them at zero
// instead, or else so far as the first few of them change it. False, and nothing done, where the objective falls by no
// more than `least_gain` either way.
bool ActiveSet::drop_crossing(std::span<const double> direction, double least_gain) {
  std::vector<Blocked> crossing;
  for (std::size_t k = 0; k < support_.size(); ++k) {
    const std::size_t slot = at(support_[k]);
    if ((weights_[slot] + direction[k]) * signs_[slot] > 0.0) continue;
    const double step = weights_[slot] * signs_[slot] <= 0.0 ? 0.0 : -weights_[slot] / direction[k];
    crossing.push_back({step, static_cast<Index>(k)});
  }
  if (crossing.size() < 2) return false;
  std::sort(crossing.begin(), crossing.end(), [](const Blocked& a, const Blocked& b) { return a.step < b.step; });
  if (drop_together(direction, 1.0, crossing, least_gain)) return true;
  const std::size_t few = crossing.size() / kShareOfCrossing;
  return few >= 2 && drop_together(direction, crossing[few - 1].step, std::span(crossing).first(few), least_gain);
}

// A step along `direction` with these at zero, scaled into the radius, if the objective falls by more than
// `least_gain`.
bool ActiveSet::drop_together(std::span<const double> direction, double step, std::span<const Blocked> crossing,
                              double least_gain) {
  std::vector<double> weights(support_.size());
  for (std::size_t k = 0; k < support_.size(); ++k) weights[k] = weights_[at(support_[k])] + step * direction[k];
  for (const Blocked& blocked : crossing) weights[at(blocked.position)] = 0.0;
  double norm_after = 0.0;
  for (const double weight : weights) norm_after += std::fabs(weight);
  if (is_constrained() && norm_after > radius()) map(weights) *= radius() / norm_after;
  std::vector<double> change(support_.size());
  for (std::size_t k = 0; k < support_.size(); ++k) change[k] = weights[k] - weights_[at(support_[k])];
  const std::vector<double> reduced = factor_.product(change);
  const double penalty = term_.is_penalty() ? level_ * dot(reduced_signs_, reduced) : 0.0;
  const double gain = dot(reduced_scores_, reduced) - 0.5 * dot(reduced, reduced) - penalty;
  if (!(gain > least_gain)) return false;
  progress_ += gain;
  for (std::size_t k = 0; k < support_.size(); ++k) weights_[at(support_[k])] = weights[k];
  map(reduced_scores_) -= map(reduced);
  std::vector<Index> positions;
  for (const Blocked& blocked : crossing) positions.push_back(blocked.position);
  std::sort(positions.begin(), positions.end(), std::greater<>());
  for (const Index position : positions) drop(position);
  return true;
}

// Column j lies, but for rounding, in the span of the support, which is at its optimum: a_j = A_P h. It still enters
// along the direction that keeps the rest optimal and, where a constraint is active, the norm: p_j = sigma, p_P =
// -sigma h + kappa G^-1 s with s'p = 0. The objective falls at first by |a_j'w| - lambda, with curvature ||a_j - A_P
// h||^2 + kappa^2 s'G^-1 s. One column then leaves: the first one that vanishes on the way or, where none does, one
// that a null-space step brings to zero (settle).
void ActiveSet::exchange(Index slot, const Extension& extension) {
  fresh_ = -1;
  const double sigma = signs_[at(slot)];
  const double signs_square = dot(reduced_signs_, reduced_signs_);
  const double projected_sign = dot(extension.row, reduced_signs_);  // s'h
  const bool tight = is_constrained() && level_ > 0.0;
  const double kappa = tight ? (sigma * projected_sign - 1.0) / signs_square : 0.0;
  std::vector<double> direction = reduced_signs_;
  map(direction) = kappa * map(direction) - sigma * map(std::span<const double>(extension.row));
  factor_.solve(direction);

  const double slope = std::fabs(scores_[at(slot)]) - level_;
  const double curvature = extension.pivot_squared + kappa * kappa * signs_square;
  Blocked blocked = first_zero(direction);
  double step = curvature > 0.0 ? slope / curvature : kInfinity;
  const double growth = 1.0 - sigma * projected_sign;
  if (is_constrained() && !tight && growth > 0.0) step = std::min(step, std::max(0.0, radius() - norm()) / growth);
  if (blocked.step <= step) {
    step = blocked.step;
  } else {
    blocked.position = -1;
  }
  if (!std::isfinite(step)) {  // nothing bounds the way: the violation was rounding
    signs_[at(slot)] = 0.0;
    return;
  }

  progress_ += step * (slope - 0.5 * step * curvature);
  move(direction, step);
  weights_[at(slot)] = step * sigma;
  map(reduced_scores_) -= step * kappa * map(reduced_signs_);
  scores_[at(slot)] -= step * (sigma * extension.pivot_squared + kappa * projected_sign);
  if (blocked.position >= 0) drop(blocked.position);
  settle(slot);
}

// A column with weight joins the support. While it depends on it, a null-space step (A x stays, the norm does not rise)
// brings one weight to zero, that of a column of the support, which is dropped, or the newcomer's own. The support
// shrinks each time: this ends.
void ActiveSet::settle(Index slot) {
  const double sigma = signs_[at(slot)];
  for (;;) {
    const Extension extension = extend(slot);
    if (extension.independent) {
      join(slot, extension);
      return;
    }
    const double growth =
        1.0 - sigma * dot(extension.row, reduced_signs_);  // of the norm, as the newcomer's weight grows
    const double sense = growth < 0.0 ? sigma : -sigma;
    std::vector<double> direction = extension.row;
    factor_.solve(direction);
    map(direction) *= -sense;
    const Blocked blocked = first_zero(direction);
    const double own = sense * sigma < 0.0 ? std::fabs(weights_[at(slot)]) : kInfinity;
    const double step = std::min(own, blocked.step);
    if (own <= blocked.step) {
      if (std::isfinite(step)) move(direction, step);
      weights_[at(slot)] = 0.0;
      signs_[at(slot)] = 0.0;
      return;
    }
    move(direction, step);
    weights_[at(slot)] += step * sense;
    scores_[at(slot)] -= step * sense * extension.pivot_squared;
    drop(blocked.position);
  }
}

}  // namespace wolfpack::frank_wolfe
