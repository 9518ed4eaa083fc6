// Frank-Wolfe with exact line search, an atom a worker a round (Frank and Wolfe 1956; Jaggi, ICML 2013, algorithm 1
// with the step of algorithm 3): the owner takes the proposals in their order, and goes from where it *then* is toward
// each.
//
//     LineSearchStep rule(LeastSquares(y), L1Ball(beta));  rule.advance(proposals);
//
// Nothing in a step is stale but the choice of the atom: the sign is that of a_j'w now, s = beta sign(a_j'w) e_j, and
// the step is the exact minimum t = <w, A s - z> / ||A s - z||^2 in [0, 1] of 1/2 ||y - z - t (A s - z)||^2, z = A
// alpha. So the objective never rises. One worker under BSP: the method of 1956, f_k - f* <= 2 C / (k + 2), C being the
// curvature constant, here the largest ||A (a - b)||^2 over the ball.
// Stops: by the certificate; stalls when no proposal lowers the objective any more.
// Weak: sublinear where the optimum lies on a face of the ball (it zigzags), and no atom is ever dropped but by a step
// of length 1: the active set only grows.
#pragma once

#include "frank_wolfe/line_step.hpp"

namespace wolfpack::frank_wolfe {

class LineSearchStep final : public LineStep {
 public:
  LineSearchStep(LeastSquares objective, L1Ball ball) : LineStep(std::move(objective), ball) {}

 private:
  void move(ConvexCombination& point, std::span<const Index> proposed) override;
};

}  // namespace wolfpack::frank_wolfe
