// Frank-Wolfe with away steps (Guelat and Marcotte 1986; Lacoste-Julien and Jaggi, NIPS 2015, algorithm 1): toward the
// best vertex, or away from the worst one that the point is made of, whichever descends more steeply.
//
//     AwayStep rule(LeastSquares(y), L1Ball(beta));  rule.advance(proposals);
//
// s = the best vertex, v = the worst with a share: toward s where <w, A s - z> >= <w, z - A v>, away from v otherwise,
// by exact line search, t <= share(v) / (1 - share(v)). At that bound the step drops v from the active set. The best
// vertex is sought among the active atoms and those proposed in this round, at the *current* w. Under BSP the first
// step of a round is therefore the published algorithm; a round has as many steps as proposals, and the later ones make
// do with the atoms at hand. The objective never rises. Linear convergence (theorem 1 there): at least every second
// step lowers f - f* by a constant factor, given by the pyramidal width of the set and the strong convexity of f over
// z. Stops: by the certificate; stalls when no step lowers the objective any more. Weak: the factor is close to 1 for
// many or correlated columns; one atom a worker a round enters, however many are needed.
#pragma once

#include "frank_wolfe/line_step.hpp"

namespace wolfpack::frank_wolfe {

class AwayStep final : public LineStep {
 public:
  AwayStep(LeastSquares objective, L1Ball ball) : LineStep(std::move(objective), ball) {}

 private:
  void move(ConvexCombination& point, std::span<const Index> proposed) override;
};

}  // namespace wolfpack::frank_wolfe
