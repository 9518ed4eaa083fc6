// Which of its samples a worker takes in which iteration: every epoch in a new random order, cut into as many batches
// as an epoch has steps. Sizes differ by at most one; with fewer samples than steps some are empty.
#pragma once

#include <algorithm>
#include <cstdint>
#include <numeric>
#include <random>
#include <span>
#include <vector>

#include "base/types.hpp"

namespace wolfpack::sgd {

/// One thread's.
class Minibatches {
 public:
  /// The order follows from `seed` and `worker`.
  Minibatches(std::size_t samples, std::uint64_t steps, std::uint64_t seed, WorkerId worker)
      : steps_(steps), order_(samples) {
    std::iota(order_.begin(), order_.end(), Index{0});
    std::seed_seq sequence{static_cast<std::uint32_t>(seed), static_cast<std::uint32_t>(seed >> 32), worker.value};
    random_.seed(sequence);
  }

  /// To be called for one clock after the other, from 0. Valid until the next call.
  [[nodiscard]] std::span<const Index> at(Clock clock) {
    const std::uint64_t step = clock.value % steps_;
    if (step == 0) std::shuffle(order_.begin(), order_.end(), random_);
    const std::size_t first = step * order_.size() / steps_;
    return std::span(order_).subspan(first, (step + 1) * order_.size() / steps_ - first);
  }

 private:
  std::uint64_t steps_;
  std::vector<Index> order_;
  std::mt19937_64 random_;
};

}  // namespace wolfpack::sgd
