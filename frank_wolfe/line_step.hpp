// What the step rules that move along lines share (line_search_step.hpp, bellet_step.hpp, away_step.hpp,
// pairwise_step.hpp): hold the proposed columns, move, and publish what the columns say.
//
// A rule adds only where to go: derive, and say it in move(). One thread, the owner's.
#pragma once

#include <span>

#include "frank_wolfe/convex_combination.hpp"
#include "frank_wolfe/descent_guard.hpp"
#include "frank_wolfe/step_rule.hpp"

namespace wolfpack::frank_wolfe {

class LineStep : public StepRule {
 public:
  [[nodiscard]] bool advance(std::span<const Proposal> proposals) final;
  [[nodiscard]] const Iterate& iterate() const final { return iterate_; }

 protected:
  enum class Descent {
    always,     ///< an iterate above the lowest objective is refused (DescentGuard)
    not_asked,  ///< the method is allowed to rise
  };

  /// Starts at alpha = 0.
  LineStep(LeastSquares objective, L1Ball ball, Descent descent = Descent::always);

 private:
  /// One round: moves `point`. `proposed`: the slots of the proposals, in their order, at least one.
  virtual void move(ConvexCombination& point, std::span<const Index> proposed) = 0;

  ConvexCombination point_;
  Descent descent_;
  Iterate iterate_;
  DescentGuard guard_;
};

}  // namespace wolfpack::frank_wolfe
