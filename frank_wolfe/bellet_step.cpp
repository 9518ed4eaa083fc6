#include "frank_wolfe/bellet_step.hpp"

#include <cmath>

namespace wolfpack::frank_wolfe {

void BelletStep::move(ConvexCombination& point, std::span<const Index> proposed) {
  Index winner = proposed.front();
  double winning = point.score(winner);
  for (const Index slot : proposed.subspan(1)) {
    const double score = point.score(slot);
    if (std::fabs(score) <= std::fabs(winning)) continue;
    winner = slot;
    winning = score;
  }
  const Direction direction = point.toward(ConvexCombination::uphill(winner, winning));
  if (step_ == StepSize::line_search)
    point.descend(direction);
  else
    point.move(direction, 2.0 / (static_cast<double>(rounds_) + 2.0));
  ++rounds_;
}

}  // namespace wolfpack::frank_wolfe
