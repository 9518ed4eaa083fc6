#include "frank_wolfe/away_step.hpp"

#include <vector>

namespace wolfpack::frank_wolfe {

namespace {

// Away from a vertex that is all but alone there is no direction to speak of, only rounding magnified.
constexpr double kAlone = 1.0 - 1e-8;

Direction steeper(const ConvexCombination& point) {
  const std::vector<double> scores = point.scores();
  const Vertex best = point.best(scores), worst = point.worst(scores);
  const double here = point.inner();
  const bool toward = point.inner(best, scores) - here >= here - point.inner(worst, scores);
  return toward || point.share(worst) > kAlone ? point.toward(best) : point.away_from(worst);
}

}  // namespace

void AwayStep::move(ConvexCombination& point, std::span<const Index> proposed) {
  for (std::size_t step = 0; step < proposed.size(); ++step) {
    if (!(point.descend(steeper(point)) > 0.0)) return;
  }
}

}  // namespace wolfpack::frank_wolfe
