#include "frank_wolfe/line_search_step.hpp"

namespace wolfpack::frank_wolfe {

void LineSearchStep::move(ConvexCombination& point, std::span<const Index> proposed) {
  for (const Index slot : proposed) point.descend(point.toward(ConvexCombination::uphill(slot, point.score(slot))));
}

}  // namespace wolfpack::frank_wolfe
