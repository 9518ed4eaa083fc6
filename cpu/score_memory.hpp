// What a selector remembers between passes: of every column its norm, the score of its last evaluation, or bounds of
// it, and at which dual vector that was; and those dual vectors. From it follow bounds of all scores at a new dual
// vector.
//
//     memory.begin_pass(w);                        // keeps w
//     memory.prepare_bounds();
//     memory.bounds(first, count, bounds);         // of columns first, first + 1, ...
//     memory.record(j, score, moves);              // j was evaluated at w; the last record of a column counts
//     memory.add(moves);  memory.end_pass();
//
// Between prepare_bounds() and add(), several threads may read bounds and record, at any one time each its own columns
// and with Moves of its own. Memory: 25 bytes a column (33 where magnitudes differ from norms) and at most 64 dual
// vectors.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <span>
#include <vector>

#include "base/types.hpp"
#include "cpu/score_bounds.hpp"

namespace wolfpack::cpu {

class ScoreMemory {
 public:
  static constexpr std::size_t kMostDuals = 64;
  /// By how many columns the count of each kept dual vector changes.
  using Moves = std::array<Index, kMostDuals>;

  ScoreMemory(Index rows, Index columns, bool magnitudes_differ);

  /// Norms, before the first pass is over; `magnitude` as in score_bounds.hpp.
  void set_norm(Index j, double norm, double magnitude) {
    norms_[j] = norm;
    open_[j] = norm;
    if (!magnitudes_.empty()) magnitudes_[j] = magnitude;
  }
  [[nodiscard]] double norm(Index j) const { return norms_[j]; }
  [[nodiscard]] double magnitude(Index j) const { return magnitudes_.empty() ? norms_[j] : magnitudes_[j]; }

  void begin_pass(std::span<const double> dual);
  /// Costs a few reads of each dual vector that columns still refer to.
  void prepare_bounds();
  /// The bounds (score_bound) of `count` columns from `first` on, at the pass's dual vector.
  void bounds(Index first, Index count, double* bounds) const;
  /// A score at the pass's dual vector, known to within `error`.
  void record(Index j, double score, Moves& moves, double error = 0.0) {
    if (const std::uint8_t old = slots_[j]; old < kMostDuals) --moves[old];
    ++moves[current_];
    slots_[j] = current_;
    scores_[j] = std::abs(score) + error;
    open_[j] = open_norm(score_terms_, std::max(0.0, std::abs(score) - error), norm(j), magnitude(j));
  }
  void add(const Moves& moves);
  /// After a pass over the partition: forgets dual vectors until two places are free. Then passes over one and the same
  /// set of columns, between two of these, find a free place each: what they wrote last but one is referred to no more.
  void end_pass();

  [[nodiscard]] const DualVector& dual() const { return duals_[current_].view; }
  /// How many dual vectors columns refer to.
  [[nodiscard]] std::size_t duals_in_use() const;

 private:
  static constexpr std::uint8_t kForgotten = kMostDuals;

  struct Kept {
    std::vector<double> values;
    DualVector view;
    Index columns = 0;  // that were last evaluated here
  };

  void forget(std::size_t slot);

  std::vector<double> scores_;
  std::vector<double> open_;  // of the norm, by the score: open_norm()
  std::vector<double> norms_;
  std::vector<double> magnitudes_;  // empty where they are the norms
  std::vector<std::uint8_t> slots_;
  std::vector<Kept> duals_;
  ScoreTerms score_terms_;                                // of the pass's dual vector
  std::array<BoundTerms, kMostDuals + 1> bound_terms_{};  // the last: of forgotten ones
  std::vector<double> scratch_;
  std::uint8_t current_ = 0;
};

}  // namespace wolfpack::cpu
