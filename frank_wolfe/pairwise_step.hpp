// Pairwise Frank-Wolfe (Lacoste-Julien and Jaggi, NIPS 2015, algorithm 2): moves weight from the worst vertex that the
// point is made of to the best one, and leaves the others alone.
//
//     PairwiseStep rule(LeastSquares(y), L1Ball(beta));  rule.advance(proposals);
//
// Direction A (s - v), s the best vertex and v the worst with a share, by exact line search, t <= share(v). At that
// bound v's share is s's: a drop step where s was active, a swap where it was not. The best vertex is sought as in
// away_step.hpp, and a round has as many steps as proposals. The objective never rises. Stops: by the certificate;
// stalls when no step lowers the objective any more. Weak: swaps gain nothing that can be counted on, so that the
// theory (linear convergence, theorem 1 there) is poorer than that of away steps; in practice it is the faster one. One
// atom a worker a round enters.
#pragma once

#include "frank_wolfe/line_step.hpp"

namespace wolfpack::frank_wolfe {

class PairwiseStep final : public LineStep {
 public:
  PairwiseStep(LeastSquares objective, L1Ball ball) : LineStep(std::move(objective), ball) {}

 private:
  void move(ConvexCombination& point, std::span<const Index> proposed) override;
};

}  // namespace wolfpack::frank_wolfe
