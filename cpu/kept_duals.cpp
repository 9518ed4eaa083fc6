#include "cpu/kept_duals.hpp"

#include <algorithm>
#include <cassert>

namespace wolfpack::cpu {
namespace {

constexpr std::size_t kDualBytes = std::size_t{64} << 20;
constexpr std::size_t kFewestDuals = 4;

std::size_t duals_kept(Index rows, std::size_t most) {
  const std::size_t bytes = sizeof(double) * static_cast<std::size_t>(std::max<Index>(rows, 1));
  return std::clamp(kDualBytes / bytes, kFewestDuals, most);
}

}  // namespace

KeptDuals::KeptDuals(Index rows, std::size_t most) : kept_(duals_kept(rows, most)) {}

void KeptDuals::begin_pass(std::span<const double> dual) {
  const auto free = std::find_if(kept_.begin(), kept_.end(), [](const Kept& kept) { return kept.columns == 0; });
  assert(free != kept_.end());
  current_ = static_cast<std::uint8_t>(free - kept_.begin());
  free->values.assign(dual.begin(), dual.end());
  free->view = {.dual = free->values, .norm = dual_norm(dual)};
  score_terms_ = wolfpack::cpu::score_terms(free->view);
}

void KeptDuals::prepare_bounds() {
  for (std::size_t slot = 0; slot < kept_.size(); ++slot) {
    if (kept_[slot].columns > 0) bound_terms_[slot] = wolfpack::cpu::bound_terms(kept_[slot].view, dual(), scratch_);
  }
  bound_terms_[kForgotten] = norm_terms(dual());
}

std::size_t KeptDuals::in_use() const {
  return static_cast<std::size_t>(
      std::count_if(kept_.begin(), kept_.end(), [](const Kept& kept) { return kept.columns > 0; }));
}

std::optional<std::size_t> KeptDuals::to_forget() const {
  if (in_use() + 2 <= kept_.size()) return std::nullopt;
  std::size_t fewest = current_;
  for (std::size_t slot = 0; slot < kept_.size(); ++slot) {
    if (slot == current_ || kept_[slot].columns == 0) continue;
    if (fewest == current_ || kept_[slot].columns < kept_[fewest].columns) fewest = slot;
  }
  return fewest;
}

}  // namespace wolfpack::cpu
