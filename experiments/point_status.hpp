// How a problem of a path ended, from what the solver says of the point and of the run.
#pragma once

#include "frank_wolfe/solve.hpp"

namespace wolfpack::experiments {

/// A problem that did not converge has stalled, but for the last, of which the run's status says why.
[[nodiscard]] inline frank_wolfe::SolveStatus point_status(bool converged, bool is_last, frank_wolfe::SolveStatus run) {
  if (converged) return frank_wolfe::SolveStatus::converged;
  return is_last && run != frank_wolfe::SolveStatus::converged ? run : frank_wolfe::SolveStatus::stalled;
}

}  // namespace wolfpack::experiments
