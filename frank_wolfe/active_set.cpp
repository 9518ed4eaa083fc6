#include "frank_wolfe/active_set.hpp"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <limits>
#include <numeric>
#include <utility>

#include "frank_wolfe/eigen_map.hpp"

namespace wolfpack::frank_wolfe {

namespace {

constexpr double kEpsilon = std::numeric_limits<double>::epsilon();
constexpr double kInfinity = std::numeric_limits<double>::infinity();

// A score is exact to a few units of rounding(); below so many of them nothing is a violation.
constexpr double kScoreTolerance = 16.0;
// A column a_j whose distance from the support's combination h that comes nearest is below this share of ||a_j|| + sum
// |h_k| ||a_k|| counts as dependent: rounding hides where it points. Well above that it must not count so, for a nearly
// dependent column can carry a first-order gain.
constexpr double kDependent = 1e-12;
// Above this one the Gram matrix gives that distance, squared and relative, well enough; below it is taken from the
// columns.
constexpr double kCancelled = 1e-6;
// A column that left comes back only after the objective has fallen by more than this share of f(0): rounding cannot
// make a cycle.
constexpr double kProgress = 1e-15;
// A direction that misses the radius by more than this share of it is corrected.
constexpr double kNormTolerance = 1e-13;
constexpr int kPasses = 20;
constexpr int kRefinements = 8;

}  // namespace

ActiveSet::ActiveSet(std::vector<double> target, double radius)
    : target_(std::move(target)),
      radius_(radius),
      target_norm_(map(target_).norm()),
      columns_(static_cast<Index>(target_.size())),
      dual_(target_) {}

void ActiveSet::add(std::span<const Column* const> added) {
  const Index before = size();
  try {
    for (const Column* column : added) columns_.append(*column);
  } catch (...) {
    std::vector<Index> kept(at(before));
    std::iota(kept.begin(), kept.end(), Index{0});
    columns_.keep(kept);
    throw;
  }
  for (std::vector<double>* values : {&weights_, &signs_, &scores_}) values->resize(at(size()), 0.0);
}

void ActiveSet::extend_gram() {
  const std::size_t old_size = at(gram_size_);
  const std::size_t new_size = at(size());
  if (new_size == old_size) return;
  if (new_size > gram_stride_) {
    const std::size_t stride = std::max(new_size, gram_stride_ + gram_stride_ / 2);
    std::vector<double> grown(stride * stride);
    for (std::size_t j = 0; j < old_size; ++j) {
      std::copy_n(gram_.data() + j * gram_stride_, old_size, grown.data() + j * stride);
    }
    gram_ = std::move(grown);
    gram_stride_ = stride;
  }
  std::vector<double> block(new_size * (new_size - old_size));
  columns_.gram(gram_size_, block);
  for (std::size_t j = old_size; j < new_size; ++j) {
    const double* column = block.data() + (j - old_size) * new_size;
    std::copy_n(column, new_size, gram_.data() + j * gram_stride_);
    for (std::size_t i = 0; i < old_size; ++i) gram_[j + i * gram_stride_] = column[i];
  }
  gram_size_ = size();
}

double ActiveSet::norm() const {
  double sum = 0.0;
  for (const Index slot : support_) sum += std::fabs(weights_[at(slot)]);
  return sum;
}

// w and all scores from the columns, and with them the scores of the support in the factor's coordinates.
void ActiveSet::refresh() {
  columns_.product(weights_, dual_);
  map(dual_) = map(target_) - map(dual_);
  columns_.scores(dual_, scores_);
  base_weights_ = weights_;
  base_scores_ = scores_;
  reduced_scores_.resize(support_.size());
  for (std::size_t k = 0; k < support_.size(); ++k) reduced_scores_[k] = scores_[at(support_[k])];
  factor_.solve_transposed(reduced_scores_);
  update_level();
}

// lambda of the optimum for the support and its signs (DESIGN.md section 4), in correction form: with g = A_P'w at the
// current x, lambda = max(0, (s'G^-1 g + s'x - beta) / (s'G^-1 s)).
void ActiveSet::update_level() {
  if (support_.empty()) {
    level_ = 0.0;
    return;
  }
  const double excess = dot(reduced_signs_, reduced_scores_) + norm() - radius_;
  level_ = std::max(0.0, excess / dot(reduced_signs_, reduced_signs_));
}

// What a_j'w may be wrong by for rounding: w = y - A x carries an error of a few eps (||y|| + sum |x_k| ||a_k||).
double ActiveSet::rounding(Index slot) const { return kEpsilon * std::sqrt(gram(slot, slot)) * magnitude_; }

// The largest violation of a_k'w = lambda s_k over the support, in units of rounding. Needs fresh scores.
double ActiveSet::residual() const {
  double largest = 0.0;
  for (const Index slot : support_) {
    const double violation = std::fabs(scores_[at(slot)] - level_ * signs_[at(slot)]);
    if (violation > 0.0) largest = std::max(largest, violation / rounding(slot));
  }
  return largest;
}

bool ActiveSet::solve() {
  refresh();
  bool violated = false;
  for (Index j = 0; j < size(); ++j) violated |= signs_[at(j)] == 0.0 && std::fabs(scores_[at(j)]) > level_;
  if (!violated || radius_ == 0.0) return false;

  const Index first_new = gram_size_;
  extend_gram();
  progress_ = 0.0;
  entered_at_.assign(at(size()), -1.0);
  // The first pass looks at the new columns only, whose scores are cheap to keep: the Gram entries lie side by side.
  // What it leaves is found by the passes after it, from the columns and over all of S.
  Index first = first_new;
  for (int pass = 0; pass < kPasses; ++pass) {
    magnitude_ = target_norm_;
    for (const Index k : support_) magnitude_ += std::fabs(weights_[at(k)]) * std::sqrt(gram(k, k));
    const std::size_t most_moves = 10 * at(size()) + 100;
    Index slot = most_violating(first);
    if (slot < 0 && first == 0) break;
    for (std::size_t moves = 0; slot >= 0 && moves < most_moves; ++moves) {
      enter(slot);
      update_candidates(first);
      slot = most_violating(first);
    }
    polish();
    first = 0;
  }
  return true;
}

// Scores of the slots from `first` on, by the Gram matrix, from the last fresh ones.
void ActiveSet::update_candidates(Index first) {
  const Eigen::Map<const Eigen::MatrixXd, 0, Eigen::OuterStride<>> rows(
      gram_.data() + at(first), size() - first, size(), Eigen::OuterStride<>(static_cast<Eigen::Index>(gram_stride_)));
  const Eigen::VectorXd change = map(weights_) - map(base_weights_);
  map(scores_).tail(size() - first) = map(base_scores_).tail(size() - first);
  map(scores_).tail(size() - first).noalias() -= rows * change;
}

// The column outside the support, from `first` on, that exceeds the level most, and by more than rounding; -1 where
// there is none.
Index ActiveSet::most_violating(Index first) const {
  const double least_progress = kProgress * 0.5 * target_norm_ * target_norm_;
  double largest = 0.0;
  Index found = -1;
  for (Index j = first; j < size(); ++j) {
    if (signs_[at(j)] != 0.0) continue;
    const double excess = std::fabs(scores_[at(j)]) - level_ * (1.0 + kScoreTolerance * kEpsilon);
    if (excess <= largest || excess <= kScoreTolerance * rounding(j)) continue;
    if (entered_at_[at(j)] >= 0.0 && progress_ - entered_at_[at(j)] <= least_progress) continue;
    largest = excess;
    found = j;
  }
  return found;
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
  result.independent = std::sqrt(result.pivot_squared) > kDependent * scale;
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
    const double step = -weights_[slot] / direction[k];
    if (step < blocked.step) blocked = {step, static_cast<Index>(k)};
  }
  return blocked;
}

void ActiveSet::move(std::span<const double> direction, double step) {
  for (std::size_t k = 0; k < support_.size(); ++k) weights_[at(support_[k])] += step * direction[k];
}

// Where columns are nearly dependent or of very different norms, rounding lets the direction miss the radius. One more
// step along G^-1 s puts it back, at the price of a change of lambda that is below rounding.
void ActiveSet::correct_norm(std::vector<double>& reduced, std::vector<double>& direction) {
  double missing = radius_;
  for (std::size_t k = 0; k < support_.size(); ++k) {
    const std::size_t slot = at(support_[k]);
    missing -= signs_[slot] * (weights_[slot] + direction[k]);
  }
  if (std::fabs(missing) <= kNormTolerance * radius_) return;
  const double change = missing / dot(reduced_signs_, reduced_signs_);
  std::vector<double> correction = reduced_signs_;
  factor_.solve(correction);
  map(direction) += change * map(correction);
  map(reduced) += change * map(reduced_signs_);
  level_ -= change;
}

// Moves to the optimum of the support and its signs, dropping on the way every column whose weight would change sign.
void ActiveSet::move_to_target() {
  while (!support_.empty()) {
    update_level();
    std::vector<double> reduced = reduced_scores_;  // R times the direction
    map(reduced) -= level_ * map(reduced_signs_);
    std::vector<double> direction = reduced;
    factor_.solve(direction);
    if (level_ > 0.0) correct_norm(reduced, direction);
    const Blocked blocked = first_zero(direction);
    const bool stopped = blocked.step <= 1.0;
    const double step = stopped ? blocked.step : 1.0;
    progress_ += step * (dot(reduced_scores_, reduced) - 0.5 * step * dot(reduced, reduced));
    move(direction, step);
    map(reduced_scores_) -= step * map(reduced);
    if (!stopped) return;
    drop(blocked.position);
  }
  level_ = 0.0;
}

// Column j lies, but for rounding, in the span of the support, which is at its optimum: a_j = A_P h. It still enters
// along the direction that keeps the rest optimal and, where the constraint is active, the norm: p_j = sigma, p_P =
// -sigma h + kappa G^-1 s with s'p = 0. The objective falls at first by |a_j'w| - lambda, with curvature ||a_j - A_P
// h||^2 + kappa^2 s'G^-1 s. One column then leaves: the first one that vanishes on the way or, where none does, one
// that a null-space step brings to zero (settle).
void ActiveSet::exchange(Index slot, const Extension& extension) {
  const double sigma = signs_[at(slot)];
  const double signs_square = dot(reduced_signs_, reduced_signs_);
  const double projected_sign = dot(extension.row, reduced_signs_);  // s'h
  const bool tight = level_ > 0.0;
  const double kappa = tight ? (sigma * projected_sign - 1.0) / signs_square : 0.0;
  std::vector<double> direction = reduced_signs_;
  map(direction) = kappa * map(direction) - sigma * map(std::span<const double>(extension.row));
  factor_.solve(direction);

  const double slope = std::fabs(scores_[at(slot)]) - level_;
  const double curvature = extension.pivot_squared + kappa * kappa * signs_square;
  Blocked blocked = first_zero(direction);
  double step = curvature > 0.0 ? slope / curvature : kInfinity;
  const double growth = 1.0 - sigma * projected_sign;
  if (!tight && growth > 0.0) step = std::min(step, std::max(0.0, radius_ - norm()) / growth);
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

// Refines the optimum with scores from the columns until their conditions hold to rounding, or refining gains nothing
// even with a new factor.
void ActiveSet::polish() {
  double previous = kInfinity;
  bool factored_anew = false;
  for (int refinement = 0; refinement < kRefinements; ++refinement) {
    refresh();
    const double now = residual();
    if (now <= kScoreTolerance) return;
    if (now > 0.5 * previous) {
      if (factored_anew) return;
      factored_anew = true;
      refactor();
    }
    previous = now;
    move_to_target();
  }
  refresh();
}

void ActiveSet::refactor() {
  const std::vector<double> x = weights_;
  restart(x);
}

void ActiveSet::restart(std::span<const double> x) {
  extend_gram();
  weights_.assign(x.begin(), x.end());
  signs_.assign(x.size(), 0.0);
  support_.clear();
  factor_.clear();
  reduced_scores_.clear();
  reduced_signs_.clear();
  columns_.product(weights_, dual_);
  map(dual_) = map(target_) - map(dual_);
  columns_.scores(dual_, scores_);
  for (Index slot = 0; slot < size(); ++slot) {
    if (weights_[at(slot)] == 0.0) continue;
    signs_[at(slot)] = weights_[at(slot)] > 0.0 ? 1.0 : -1.0;
    settle(slot);
  }
  refresh();
}

std::vector<Index> ActiveSet::drop_zeros() {
  std::vector<Index> kept;
  std::vector<Index> new_slot(at(size()), -1);
  for (Index slot = 0; slot < size(); ++slot) {
    if (signs_[at(slot)] == 0.0) continue;
    new_slot[at(slot)] = static_cast<Index>(kept.size());
    kept.push_back(slot);
  }
  columns_.keep(kept);
  gram_size_ =
      std::min(gram_size_, static_cast<Index>(std::lower_bound(kept.begin(), kept.end(), gram_size_) - kept.begin()));
  for (std::size_t j = 0; j < at(gram_size_); ++j) {
    const double* from = gram_.data() + at(kept[j]) * gram_stride_;
    for (std::size_t i = 0; i < at(gram_size_); ++i) gram_[i + j * gram_stride_] = from[at(kept[i])];
  }
  for (std::vector<double>* values : {&weights_, &signs_, &scores_}) {
    for (std::size_t to = 0; to < kept.size(); ++to) (*values)[to] = (*values)[at(kept[to])];
    values->resize(kept.size());
  }
  for (Index& slot : support_) slot = new_slot[at(slot)];
  return kept;
}

}  // namespace wolfpack::frank_wolfe
