// The default step rule: solve the problem exactly over the active atoms and the proposed ones, then drop the atoms
// without weight (fully corrective Frank-Wolfe, Lacoste-Julien and Jaggi 2015, algorithm 4). A stale proposal can be
// useless, never harmful.
//
//     CorrectiveStep step(LeastSquares(y), l1_constraint(beta));
//     if (step.advance(proposals)) publish(step.iterate());
//
// One thread. It copies the columns it is given and keeps those of the active atoms.
#pragma once

#include <memory>
#include <span>
#include <vector>

#include "frank_wolfe/active_set.hpp"
#include "frank_wolfe/descent_guard.hpp"
#include "frank_wolfe/least_squares.hpp"
#include "frank_wolfe/problem.hpp"
#include "frank_wolfe/regularizer.hpp"
#include "frank_wolfe/step_rule.hpp"

namespace wolfpack::frank_wolfe {

class CorrectiveStep final : public StepRule {
 public:
  /// Starts at alpha = 0.
  CorrectiveStep(LeastSquares objective, const L1Term& term);

  [[nodiscard]] bool advance(std::span<const Proposal> proposals) override;
  void restate(const L1Term& term) override;
  [[nodiscard]] const Iterate& iterate() const override { return iterate_; }

 private:
  [[nodiscard]] std::vector<const Proposal*> news(std::span<const Proposal> proposals) const;
  [[nodiscard]] Iterate solved() const;
  void forget_zeros();

  LeastSquares objective_;
  std::unique_ptr<Regularizer> regularizer_;
  ActiveSet active_;
  std::vector<Index> atoms_;  // by slot: the column's place in the whole matrix
  Iterate iterate_;
  DescentGuard guard_;
};

}  // namespace wolfpack::frank_wolfe
