// The dual vectors at which columns were last evaluated, each in a slot, and what follows from each for scores at
// another one (cpu/score_bounds.hpp). What is remembered of single columns lies elsewhere: cpu/score_memory.hpp, and on
// a GPU in gpu/selection_kernels.cuh.
//
//     duals.begin_pass(w);                             // keeps w, in a free slot
//     duals.prepare_bounds();                          // duals.bound_terms()[slot], for each that columns refer to
//     ...                                              // columns refer to duals.current() from now on
//     duals.set_columns(slot, count);                  // how many refer to each
//     while (auto slot = duals.to_forget()) ...        // until two slots are free
//
// One thread. Memory: at most kMost dual vectors, fewer where they are long.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "base/types.hpp"
#include "cpu/score_bounds.hpp"

namespace wolfpack::cpu {

class KeptDuals {
 public:
  static constexpr std::size_t kMost = 64;
  /// Of columns that were never evaluated, or whose dual vector is forgotten: only their norms are known.
  static constexpr std::uint8_t kForgotten = kMost;

  /// Keeps at most `most`, from 4 to kMost.
  explicit KeptDuals(Index rows, std::size_t most = kMost);

  void begin_pass(std::span<const double> dual);
  /// Costs a few reads of each dual vector that columns refer to.
  void prepare_bounds();

  [[nodiscard]] std::uint8_t current() const { return current_; }
  [[nodiscard]] const DualVector& dual() const { return kept_[current_].view; }
  [[nodiscard]] const ScoreTerms& score_terms() const { return score_terms_; }
  /// By slot; the last is of kForgotten.
  [[nodiscard]] const std::array<BoundTerms, kMost + 1>& bound_terms() const { return bound_terms_; }

  /// How many slots there are.
  [[nodiscard]] std::size_t size() const { return kept_.size(); }
  [[nodiscard]] double norm(std::size_t slot) const { return kept_[slot].view.norm; }
  [[nodiscard]] Index columns(std::size_t slot) const { return kept_[slot].columns; }
  void set_columns(std::size_t slot, Index columns) { kept_[slot].columns = columns; }
  [[nodiscard]] std::size_t in_use() const;
  /// Of the slots in use but for the current one, that with the fewest columns; none where two are free, so that passes
  /// over one and the same set of columns find a free one each: what they wrote last but one is referred to no more.
  [[nodiscard]] std::optional<std::size_t> to_forget() const;

 private:
  struct Kept {
    std::vector<double> values;
    DualVector view;
    Index columns = 0;  // that were last evaluated here
  };

  std::vector<Kept> kept_;
  ScoreTerms score_terms_;  // of the pass's dual vector
  std::array<BoundTerms, kMost + 1> bound_terms_{};
  std::vector<double> scratch_;
  std::uint8_t current_ = 0;
};

}  // namespace wolfpack::cpu
