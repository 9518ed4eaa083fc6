// The exact line search for least squares.
//
//     const double step = exact_step(w, direction, 1.0);   // alpha moves by step * (what has the image `direction`)
//
// Any thread.
#pragma once

#include <span>

namespace wolfpack::frank_wolfe {

/// The step t in [0, max_step] that makes 1/2 ||w - t d||^2 least, w being the residual and d = A (the direction):
/// <w, d> / ||d||^2, clamped. 0 where d does not descend, d = 0 included. max_step may be infinite.
[[nodiscard]] double exact_step(std::span<const double> w, std::span<const double> d, double max_step);

}  // namespace wolfpack::frank_wolfe
