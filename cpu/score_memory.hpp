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
#include "cpu/kept_duals.hpp"
#include "cpu/score_bounds.hpp"

namespace wolfpack::cpu {

class ScoreMemory {
 public:
  static constexpr std::size_t kMostDuals = KeptDuals::kMost;
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

  void begin_pass(std::span<const double> dual) { duals_.begin_pass(dual); }
  /// Costs a few reads of each dual vector that columns still refer to.
  void prepare_bounds() { duals_.prepare_bounds(); }
  /// The bounds (score_bound) of `count` columns from `first` on, at the pass's dual vector.
  void bounds(Index first, Index count, double* bounds) const;
  /// A score at the pass's dual vector, known to within `error`.
  void record(Index j, double score, Moves& moves, double error = 0.0) {
    if (const std::uint8_t old = slots_[j]; old < kMostDuals) --moves[old];
    ++moves[duals_.current()];
    slots_[j] = duals_.current();
    scores_[j] = std::abs(score) + error;
    open_[j] = open_norm(duals_.score_terms(), std::max(0.0, std::abs(score) - error), norm(j), magnitude(j));
  }
  void add(const Moves& moves);
  /// After a pass over the partition: forgets dual vectors until two places are free.
  void end_pass();

  [[nodiscard]] const DualVector& dual() const { return duals_.dual(); }

 private:
  friend struct ScoreMemoryForTests;

  void forget(std::size_t slot);

  std::vector<double> scores_;
  std::vector<double> open_;  // of the norm, by the score: open_norm()
  std::vector<double> norms_;
  std::vector<double> magnitudes_;  // empty where they are the norms
  std::vector<std::uint8_t> slots_;
  KeptDuals duals_;
};

}  // namespace wolfpack::cpu
