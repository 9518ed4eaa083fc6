// What a pass remembers: the best atoms so far and the largest score, under the rules of base/atom_selector.hpp.
//
//     AtomRanking ranking(request);
//     for (Index j = 0; j < n; ++j) ranking.offer(j, score(j));
//     SelectedAtoms best = std::move(ranking).finish();
//
// One pass, one thread; merged_atoms() joins what several threads found in parts of the partition, to the same answer.
// The request must outlive the ranking.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <iterator>
#include <limits>
#include <span>
#include <utility>
#include <vector>

#include "base/atom_selector.hpp"

namespace wolfpack::cpu {

/// Larger |score| first; of equal |score| the smaller column first.
[[nodiscard]] inline bool better(const ScoredAtom& a, const ScoredAtom& b) {
  const double left = std::abs(a.score);
  const double right = std::abs(b.score);
  return left != right ? left > right : a.column < b.column;
}

class AtomRanking {
 public:
  explicit AtomRanking(const SelectionRequest& request)
      : excluded_(request.excluded),
        count_(request.count),
        threshold_(request.count == 0 ? std::numeric_limits<double>::infinity() : request.level) {}

  /// Columns come in increasing order; `score` is a_j'w.
  void offer(Index column, double score) {
    const double magnitude = std::abs(score);
    if (magnitude > threshold_) propose({column, score});
    // A sum that overflowed both ways is not a number: no finite bound of it is known, and none may be claimed.
    if (!(magnitude <= largest_))
      largest_ = std::isnan(magnitude) ? std::numeric_limits<double>::infinity() : magnitude;
  }

  /// The atoms, best first, and largest_score; the rest of the answer is the caller's.
  [[nodiscard]] SelectedAtoms finish() && {
    std::sort_heap(heap_.begin(), heap_.end(), better);
    return {.atoms = std::move(heap_), .largest_score = largest_};
  }

 private:
  // Few columns come here, so that the search among the excluded ones costs the pass nothing.
  void propose(const ScoredAtom& atom) {
    if (std::binary_search(excluded_.begin(), excluded_.end(), atom.column)) return;
    if (heap_.size() == count_) {
      std::pop_heap(heap_.begin(), heap_.end(), better);
      heap_.back() = atom;
    } else {
      heap_.push_back(atom);
    }
    std::push_heap(heap_.begin(), heap_.end(), better);
    // Of equal scores the smaller column, which came first, stays: from here on only a larger score gets in.
    if (heap_.size() == count_) threshold_ = std::abs(heap_.front().score);
  }

  std::span<const Index> excluded_;
  std::size_t count_;
  double threshold_;              // only a larger magnitude is worth a look
  std::vector<ScoredAtom> heap_;  // at most count_, the worst in front
  double largest_ = 0.0;
};

/// The best `count` atoms of two answers, each best first, and the larger largest_score.
[[nodiscard]] inline SelectedAtoms merged_atoms(const SelectedAtoms& a, const SelectedAtoms& b, std::size_t count) {
  SelectedAtoms merged{.atoms = {}, .largest_score = std::max(a.largest_score, b.largest_score)};
  std::merge(a.atoms.begin(), a.atoms.end(), b.atoms.begin(), b.atoms.end(), std::back_inserter(merged.atoms), better);
  if (merged.atoms.size() > count) merged.atoms.resize(count);
  return merged;
}

}  // namespace wolfpack::cpu
