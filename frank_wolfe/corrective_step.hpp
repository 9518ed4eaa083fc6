// The default step rule: solve the problem exactly over the active atoms and the proposed ones, then drop the atoms
// without weight (fully corrective Frank-Wolfe, Lacoste-Julien and Jaggi 2015, algorithm 4). A stale proposal can be
// useless, never harmful.
//
//     CorrectiveStep step(LeastSquares(y), L1Ball(beta));
//     if (step.advance(proposals)) publish(step.iterate());
//
// One thread. It copies the columns it is given and keeps those of the active atoms.
#pragma once

#include <span>
#include <vector>

#include "frank_wolfe/active_set.hpp"
#include "frank_wolfe/descent_guard.hpp"
#include "frank_wolfe/l1_ball.hpp"
#include "frank_wolfe/least_squares.hpp"
#include "frank_wolfe/step_rule.hpp"

namespace wolfpack::frank_wolfe {

class CorrectiveStep final : public StepRule {
 public:
  /// Starts at alpha = 0.
  CorrectiveStep(LeastSquares objective, L1Ball ball);

  [[nodiscard]] bool advance(std::span<const Proposal> proposals) override;
  [[nodiscard]] const Iterate& iterate() const override { return iterate_; }

 private:
  [[nodiscard]] std::vector<const Proposal*> news(std::span<const Proposal> proposals) const;
  [[nodiscard]] Iterate solved() const;
  void forget_zeros();

  LeastSquares objective_;
  L1Ball ball_;
  ActiveSet active_;
  std::vector<Index> atoms_;  // by slot: the column's place in the whole matrix
  Iterate iterate_;
  DescentGuard guard_;
};

}  // namespace wolfpack::frank_wolfe
