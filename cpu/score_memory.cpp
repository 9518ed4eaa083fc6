#include "cpu/score_memory.hpp"

namespace wolfpack::cpu {

ScoreMemory::ScoreMemory(Index rows, Index columns, bool magnitudes_differ)
    : scores_(static_cast<std::size_t>(columns)),
      open_(static_cast<std::size_t>(columns)),
      norms_(static_cast<std::size_t>(columns)),
      magnitudes_(magnitudes_differ ? static_cast<std::size_t>(columns) : 0),
      slots_(static_cast<std::size_t>(columns), KeptDuals::kForgotten),
      duals_(rows) {}

void ScoreMemory::bounds(Index first, Index count, double* bounds) const {
  const auto& terms = duals_.bound_terms();
  const double* scores = scores_.data() + first;
  const double* open = open_.data() + first;
  const double* magnitudes = (magnitudes_.empty() ? norms_ : magnitudes_).data() + first;
  const std::uint8_t* slots = slots_.data() + first;
  for (Index k = 0; k < count; ++k) bounds[k] = score_bound(terms[slots[k]], scores[k], open[k], magnitudes[k]);
}

void ScoreMemory::add(const Moves& moves) {
  for (std::size_t slot = 0; slot < duals_.size(); ++slot) duals_.set_columns(slot, duals_.columns(slot) + moves[slot]);
}

void ScoreMemory::end_pass() {
  while (const auto slot = duals_.to_forget()) forget(*slot);
}

void ScoreMemory::forget(std::size_t slot) {
  for (std::size_t j = 0; j < slots_.size(); ++j) {
    if (slots_[j] != slot) continue;
    slots_[j] = KeptDuals::kForgotten;
    open_[j] = norms_[j];
  }
  duals_.set_columns(slot, 0);
}

}  // namespace wolfpack::cpu
