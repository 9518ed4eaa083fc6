#include "cpu/score_memory.hpp"

#include <algorithm>
#include <cassert>

namespace wolfpack::cpu {
namespace {

constexpr std::size_t kDualBytes = std::size_t{64} << 20;
constexpr std::size_t kFewestDuals = 4;

std::size_t duals_kept(Index rows) {
  const std::size_t bytes = sizeof(double) * static_cast<std::size_t>(std::max<Index>(rows, 1));
  return std::clamp(kDualBytes / bytes, kFewestDuals, ScoreMemory::kMostDuals);
}

}  // namespace

ScoreMemory::ScoreMemory(Index rows, Index columns, bool magnitudes_differ)
    : scores_(static_cast<std::size_t>(columns)),
      open_(static_cast<std::size_t>(columns)),
      norms_(static_cast<std::size_t>(columns)),
      magnitudes_(magnitudes_differ ? static_cast<std::size_t>(columns) : 0),
      slots_(static_cast<std::size_t>(columns), kForgotten),
      duals_(duals_kept(rows)) {}

void ScoreMemory::begin_pass(std::span<const double> dual) {
  const auto free = std::find_if(duals_.begin(), duals_.end(), [](const Kept& kept) { return kept.columns == 0; });
  assert(free != duals_.end());
  current_ = static_cast<std::uint8_t>(free - duals_.begin());
  free->values.assign(dual.begin(), dual.end());
  free->view = {.dual = free->values, .norm = dual_norm(dual)};
  score_terms_ = score_terms(free->view);
}

void ScoreMemory::prepare_bounds() {
  for (std::size_t slot = 0; slot < duals_.size(); ++slot) {
    if (duals_[slot].columns > 0) bound_terms_[slot] = bound_terms(duals_[slot].view, dual(), scratch_);
  }
  bound_terms_[kForgotten] = norm_terms(dual());
}

void ScoreMemory::bounds(Index first, Index count, double* bounds) const {
  const double* scores = scores_.data() + first;
  const double* open = open_.data() + first;
  const double* magnitudes = (magnitudes_.empty() ? norms_ : magnitudes_).data() + first;
  const std::uint8_t* slots = slots_.data() + first;
  for (Index k = 0; k < count; ++k) bounds[k] = score_bound(bound_terms_[slots[k]], scores[k], open[k], magnitudes[k]);
}

void ScoreMemory::add(const Moves& moves) {
  for (std::size_t slot = 0; slot < duals_.size(); ++slot) duals_[slot].columns += moves[slot];
}

void ScoreMemory::end_pass() {
  while (duals_in_use() + 2 > duals_.size()) {
    std::size_t fewest = current_;
    for (std::size_t slot = 0; slot < duals_.size(); ++slot) {
      if (slot == current_ || duals_[slot].columns == 0) continue;
      if (fewest == current_ || duals_[slot].columns < duals_[fewest].columns) fewest = slot;
    }
    forget(fewest);
  }
}

std::size_t ScoreMemory::duals_in_use() const {
  return static_cast<std::size_t>(
      std::count_if(duals_.begin(), duals_.end(), [](const Kept& kept) { return kept.columns > 0; }));
}

void ScoreMemory::forget(std::size_t slot) {
  for (std::size_t j = 0; j < slots_.size(); ++j) {
    if (slots_[j] != slot) continue;
    slots_[j] = kForgotten;
    open_[j] = norms_[j];
  }
  duals_[slot].columns = 0;
}

}  // namespace wolfpack::cpu
