// Distributed Frank-Wolfe of Bellet, Liang, Garakani, Balcan and Sha (SDM 2015, arXiv 1404.2644, algorithm 3, dFW): of
// all workers' best local atoms the best one wins, and everybody takes the one step toward it.
//
//     BelletStep rule(LeastSquares(y), L1Ball(beta), StepSize::open_loop);  rule.advance(proposals);
//
// The winner is the atom that the whole problem's linear subproblem would choose, so this is centralised Frank-Wolfe,
// and only makes sense bulk-synchronously: a round is one proposal of each worker, all of one version. Ties go to the
// lowest worker. The step is 2 / (k + 2) in round k = 0, 1, ..., or the exact line search; both have f_k - f* <= 2 C /
// (k + 2) (Jaggi 2013, theorem 1; C: line_search_step.hpp). The objective rises now and then with 2 / (k + 2), and
// never with the line search. As published, only the winner's atom travels, and only if not seen before; here the owner
// decides, so that each worker's atom travels to it, and none to the workers, who only need w. Stops: by the
// certificate, in the place of the partial sums of the paper's duality gap; stalls when the winner's step changes
// nothing, which 2 / (k + 2) hardly ever does: give such a run a tolerance that it can reach, or a limit. Weak:
// sublinear, one atom a round however many workers there are, and as slow as the slowest of them.
#pragma once

#include <cstdint>

#include "frank_wolfe/line_step.hpp"
#include "frank_wolfe/method.hpp"

namespace wolfpack::frank_wolfe {

class BelletStep final : public LineStep {
 public:
  BelletStep(LeastSquares objective, L1Ball ball, StepSize step)
      : LineStep(std::move(objective), ball, step == StepSize::line_search ? Descent::always : Descent::not_asked),
        step_(step) {}

 private:
  void move(ConvexCombination& point, std::span<const Index> proposed) override;

  StepSize step_;
  std::uint64_t rounds_ = 0;  // k
};

}  // namespace wolfpack::frank_wolfe
