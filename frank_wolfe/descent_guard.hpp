// Whether a step rule may take its next iterate: the objective never rises above the lowest so far by more than
// rounding, and not for ever.
//
//     DescentGuard guard(f0);
//     if (guard.accepts(next.objective)) iterate = next;
//
// One thread.
#pragma once

namespace wolfpack::frank_wolfe {

class DescentGuard {
 public:
  /// null_objective: f(0), where the rule begins; objective: where it goes on from, with another problem.
  explicit DescentGuard(double null_objective) : DescentGuard(null_objective, null_objective) {}
  DescentGuard(double null_objective, double objective) : null_objective_(null_objective), lowest_(objective) {}

  [[nodiscard]] double null_objective() const { return null_objective_; }

  [[nodiscard]] bool accepts(double objective) {
    if (objective < lowest_) {
      lowest_ = objective;
      without_gain_ = 0;
      return true;
    }
    return objective <= lowest_ + kRise * null_objective_ && ++without_gain_ <= kMostWithoutGain;
  }

 private:
  // An iterate whose objective rounding has lifted by no more than this share of f(0) is still taken: near the optimum
  // the gap falls, with the first power of what is left, long after the objective, with the second, stands still.
  static constexpr double kRise = 1e-12;
  // But not for ever: a run must be able to see that it has stalled.
  static constexpr int kMostWithoutGain = 10;

  double null_objective_;
  double lowest_;
  int without_gain_ = 0;  // accepted iterates in a row that did not lower `lowest_`
};

}  // namespace wolfpack::frank_wolfe
