#include "frank_wolfe/pairwise_step.hpp"

#include <vector>

namespace wolfpack::frank_wolfe {

void PairwiseStep::move(ConvexCombination& point, std::span<const Index> proposed) {
  for (std::size_t step = 0; step < proposed.size(); ++step) {
    const std::vector<double> scores = point.scores();
    if (!(point.descend(point.exchange(point.worst(scores), point.best(scores))) > 0.0)) return;
  }
}

}  // namespace wolfpack::frank_wolfe
