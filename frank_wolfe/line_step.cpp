#include "frank_wolfe/line_step.hpp"

#include <utility>
#include <vector>

namespace wolfpack::frank_wolfe {

LineStep::LineStep(LeastSquares objective, L1Ball ball, Descent descent)
    : point_(std::move(objective), ball), descent_(descent), iterate_(point_.assemble()), guard_(iterate_.objective) {}

bool LineStep::advance(std::span<const Proposal> proposals) {
  const std::vector<Index> proposed = point_.hold(proposals);
  if (proposed.empty()) return false;
  move(point_, proposed);
  Iterate next = point_.assemble();
  const bool taken = !same_alpha(next, iterate_) && (descent_ == Descent::not_asked || guard_.accepts(next.objective));
  if (taken) iterate_ = std::move(next);
  point_.restore(iterate_);
  return taken;
}

}  // namespace wolfpack::frank_wolfe
