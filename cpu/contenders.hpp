// Which columns may be among the best, where scores are known to within an error only.
//
//     Contenders contenders(request);
//     contenders.offer(j, |score| - error, |score| + error);            // for columns above the level
//     const Contenders* all[] = {&contenders};                          // one for each thread
//     std::vector<Index> left = Contenders::left_of(all);               // these have to be evaluated
//
// A column that as many others surpass for certain as atoms are asked for is neither proposed nor the largest: it is
// not left. One thread each; the request must outlive them.
#pragma once

#include <algorithm>
#include <cstddef>
#include <functional>
#include <span>
#include <vector>

#include "base/atom_selector.hpp"

namespace wolfpack::cpu {

class Contenders {
 public:
  explicit Contenders(const SelectionRequest& request)
      : excluded_(request.count == 0 ? std::span<const Index>() : request.excluded),
        wanted_(std::max<std::size_t>(1, request.count)) {}

  /// The column's |score| is at least `least`, which is a number, and at most `most`.
  void offer(Index column, double least, double most) {
    if (is_full() && most < best_.front()) return;
    columns_.push_back({column, most});
    if (is_full() && least <= best_.front()) return;
    if (std::binary_search(excluded_.begin(), excluded_.end(), column)) return;  // surpasses nobody who is proposed
    if (is_full()) {
      std::pop_heap(best_.begin(), best_.end(), std::greater<>());
      best_.pop_back();
    }
    best_.push_back(least);
    std::push_heap(best_.begin(), best_.end(), std::greater<>());
  }

  /// Of what several were offered: the columns that are left, increasing.
  [[nodiscard]] static std::vector<Index> left_of(std::span<const Contenders* const> all) {
    std::vector<double> best;
    for (const Contenders* some : all) best.insert(best.end(), some->best_.begin(), some->best_.end());
    double needed = 0.0;
    if (!all.empty() && best.size() >= all.front()->wanted_) {
      const auto last = best.begin() + static_cast<std::ptrdiff_t>(all.front()->wanted_ - 1);
      std::nth_element(best.begin(), last, best.end(), std::greater<>());
      needed = *last;
    }
    std::vector<Index> columns;
    for (const Contenders* some : all)
      for (const auto& [column, most] : some->columns_)
        if (!(most < needed)) columns.push_back(column);
    std::sort(columns.begin(), columns.end());
    return columns;
  }

 private:
  struct Offered {
    Index column;
    double most;
  };

  [[nodiscard]] bool is_full() const { return best_.size() == wanted_; }

  std::span<const Index> excluded_;
  std::size_t wanted_;
  std::vector<Offered> columns_;
  std::vector<double> best_;  // the largest `least`, as a heap with the smallest of them in front
};

}  // namespace wolfpack::cpu
