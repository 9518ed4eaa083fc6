#include "frank_wolfe/active_set.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <utility>

#include "frank_wolfe/dense_kernels.hpp"
#include "frank_wolfe/eigen_map.hpp"

namespace wolfpack::frank_wolfe {

namespace {

constexpr double kEpsilon = std::numeric_limits<double>::epsilon();
constexpr double kInfinity = std::numeric_limits<double>::infinity();

// A score is exact to a few units of rounding(); below so many of them nothing is a violation.
constexpr double kScoreTolerance = 16.0;
// A column that left comes back only after the objective has fallen by more than this share of f(0): rounding cannot
// make a cycle.
constexpr double kProgress = 1e-15;
constexpr int kPasses = 20;
constexpr std::size_t kMirrored = 8;
constexpr int kRefinements = 8;

}  // namespace

ActiveSet::ActiveSet(std::vector<double> target, const L1Term& term)
    : target_(std::move(target)),
      term_(term),
      target_norm_(map(target_).norm()),
      columns_(static_cast<Index>(target_.size())),
      product_(target_.size()),
      dual_(target_) {
  update_level();
}

void ActiveSet::restate(const L1Term& term) {
  term_ = term;
  restated_ = true;
  const double now = norm();
  if (is_constrained() && now > radius()) {
    map(weights_) *= radius() / now;
    fresh_ = -1;
  }
  update_level();
}

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
    LargeArray<double> grown(stride * stride);
    for (std::size_t j = 0; j < old_size; ++j) {
      std::copy_n(gram_.data() + j * gram_stride_, old_size, grown.data() + j * stride);
    }
    gram_ = std::move(grown);
    gram_stride_ = stride;
  }
  columns_.gram(gram_size_, gram_.data() + old_size * gram_stride_, static_cast<Index>(gram_stride_));
  // The old columns' new rows, a cache line of them at a time.
  for (std::size_t j = old_size; j < new_size; j += kMirrored) {
    const std::size_t end = std::min(j + kMirrored, new_size);
    for (std::size_t i = 0; i < old_size; ++i)
      for (std::size_t k = j; k < end; ++k) gram_[k + i * gram_stride_] = gram_[i + k * gram_stride_];
  }
  gram_size_ = size();
}

double ActiveSet::norm() const {
  double sum = 0.0;
  for (const Index slot : support_) sum += std::fabs(weights_[at(slot)]);
  return sum;
}

void ActiveSet::evaluate() {
  columns_.product(weights_, product_);
  map(dual_) = map(target_) - map(product_);
  columns_.scores(dual_, scores_);
  fresh_ = size();
}

// w and all scores from the columns, as far as x has moved or columns are new, and with them the scores of the support
// in the factor's coordinates.
void ActiveSet::refresh() {
  if (fresh_ < 0) evaluate();
  for (; fresh_ < size(); ++fresh_) scores_[at(fresh_)] = columns_.score(fresh_, dual_);
  base_weights_ = weights_;
  base_scores_ = scores_;
  reduced_scores_.resize(support_.size());
  for (std::size_t k = 0; k < support_.size(); ++k) reduced_scores_[k] = scores_[at(support_[k])];
  factor_.solve_transposed(reduced_scores_);
  update_level();
}

// lambda of the optimum for the support and its signs. Of a constraint, in correction form: with g = A_P'w at the
// current x, lambda = max(0, (s'G^-1 g + s'x - beta) / (s'G^-1 s)).
void ActiveSet::update_level() {
  if (term_.is_penalty()) {
    level_ = term_.value;
    return;
  }
  if (support_.empty()) {
    level_ = 0.0;
    return;
  }
  const double missed = dot(reduced_signs_, reduced_scores_) + norm() - radius();
  level_ = std::max(0.0, missed / dot(reduced_signs_, reduced_signs_));
}

// What a_j'w may be wrong by for rounding: w = y - A x carries an error of a few eps (||y|| + sum |x_k| ||a_k||).
double ActiveSet::rounding(Index slot) const { return kEpsilon * std::sqrt(gram(slot, slot)) * magnitude_; }

void ActiveSet::update_magnitude() {
  magnitude_ = target_norm_;
  for (const Index k : support_) magnitude_ += std::fabs(weights_[at(k)]) * std::sqrt(gram(k, k));
}

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
  if (is_constrained() && radius() == 0.0) return false;
  if (!violated && !restated_) return false;

  const Index first_new = gram_size_;
  extend_gram();
  progress_ = 0.0;
  entered_at_.assign(at(size()), -1.0);
  // The first pass looks at the new columns only, whose scores are cheap to keep: the Gram entries lie side by side.
  // What it leaves is found by the passes after it, from the columns and over all of S.
  Index first = first_new;
  if (std::exchange(restated_, false)) {
    update_magnitude();
    move_to_target();
    refresh();
    first = 0;
  }
  for (int pass = 0; pass < kPasses; ++pass) {
    update_magnitude();
    const std::size_t most_moves = 10 * at(size()) + 100;
    const bool moved = enter_together(first);
    Index slot = most_violating(first);
    if (slot < 0 && first == 0 && !moved) break;
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
  std::copy(base_scores_.begin() + first, base_scores_.end(), scores_.begin() + first);
  const auto change = [&](Index j) { return base_weights_[at(j)] - weights_[at(j)]; };
  Index other = -1;  // columns that moved, two at a time
  for (Index j = 0; j < size(); ++j) {
    if (change(j) == 0.0) continue;
    if (other < 0) {
      other = j;
      continue;
    }
    kernels().add_two(change(other), gram_column(other, first), change(j), gram_column(j, first), &scores_[at(first)],
                      size() - first);
    other = -1;
  }
  if (other >= 0)
    kernels().add_two(change(other), gram_column(other, first), 0.0, gram_column(other, first), &scores_[at(first)],
                      size() - first);
}

// How far the column's score exceeds the level.
double ActiveSet::excess(Index slot) const {
  return std::fabs(scores_[at(slot)]) - level_ * (1.0 + kScoreTolerance * kEpsilon);
}

// Whether a column outside the support does by more than rounding, and would not come back to where it left.
bool ActiveSet::may_enter(Index slot) const {
  if (signs_[at(slot)] != 0.0) return false;
  const double over = excess(slot);
  if (!(over > 0.0) || over <= kScoreTolerance * rounding(slot)) return false;
  const double least_progress = kProgress * 0.5 * target_norm_ * target_norm_;
  return entered_at_[at(slot)] < 0.0 || progress_ - entered_at_[at(slot)] > least_progress;
}

// The column from `first` on that may enter and exceeds the level most; -1 where there is none.
Index ActiveSet::most_violating(Index first) const {
  double largest = 0.0;
  Index found = -1;
  for (Index j = first; j < size(); ++j) {
    if (excess(j) <= largest || !may_enter(j)) continue;
    largest = excess(j);
    found = j;
  }
  return found;
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
  evaluate();
  fresh_ = -1;
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
  if (fresh_ >= 0) fresh_ = std::lower_bound(kept.begin(), kept.end(), fresh_) - kept.begin();
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
