// Frank-Wolfe under SSP as published by Tran, Peel and Skhiri (IEEE Big Data 2015): each worker makes a whole iterate
// of its own and overwrites the shared one, if it looks no worse.
//
//     worker, clock c:  alpha, w <- get(model)
//                       j = argmax |a_j'w| over its own columns, s = beta sign(a_j'w) e_j
//                       candidate = (1 - t) alpha + t s, t by exact line search from the alpha it read candidate_of()
//                       f <- objective of get(model), again
//                       update(candidate) where f(candidate) <= f                                 worker.cpp
//     owner:            alpha <- candidate, whatever alpha is by now                                  TranRule
//
// The comparison and the overwriting are two operations (check, then act), and the line search starts from an alpha
// that may be stale: candidates made from the same alpha overwrite each other, and all steps but the last are lost; a
// slow worker's candidate, better than what it saw, may replace something better still. So the objective *may rise*,
// and nothing proves that it converges with more than one worker. At staleness 0 every worker compares with the same
// version, and the last worker that sends one wins, always. With one worker it is Frank-Wolfe with line search.
// Nothing here repairs that: the method is the baseline that the others are measured by. What is not as published: w
// and f are recomputed from the columns, the certificate (certificate.hpp) stops the run, and a worker whose line
// search does not lower the objective it started from sends nothing, so that a run that cannot move ends as stalled.
#pragma once

#include <map>
#include <optional>
#include <span>
#include <vector>

#include "frank_wolfe/column_store.hpp"
#include "frank_wolfe/l1_ball.hpp"
#include "frank_wolfe/least_squares.hpp"
#include "frank_wolfe/step_rule.hpp"

namespace wolfpack::frank_wolfe {

/// A candidate, and the objective that its worker computed for it.
struct RatedCandidate {
  Candidate candidate;
  double objective = 0.0;
};

/// The step of a worker that has read `read` and found `atom`, its score at read.dual. Nothing where the line search
/// does not lower the objective. Any thread.
[[nodiscard]] std::optional<RatedCandidate> candidate_of(const Iterate& read, const Proposal& atom,
                                                         const LeastSquares& objective, const L1Ball& ball);

/// The owner's side. Keeps every column that was ever in its iterate: an old candidate may name it again. One thread.
class TranRule final : public StepRule {
 public:
  /// Starts at alpha = 0.
  TranRule(LeastSquares objective, L1Ball ball);

  /// Of several before one advance(), the last stays.
  void overwrite(Candidate candidate) override { last_ = std::move(candidate); }

  /// Takes the candidate as it comes. Workers send no proposals. Throws RuntimeFailure where it names a column that was
  /// never in the iterate and is not its atom's.
  [[nodiscard]] bool advance(std::span<const Proposal> proposals) override;
  [[nodiscard]] const Iterate& iterate() const override { return iterate_; }

 private:
  void hold(const Proposal& atom);

  LeastSquares objective_;
  L1Ball ball_;
  ColumnStore columns_;
  std::vector<Index> atoms_;            // by slot: the column's place in the whole matrix
  std::map<Index, std::size_t> slots_;  // and back
  std::optional<Candidate> last_;
  Iterate iterate_;
};

}  // namespace wolfpack::frank_wolfe
