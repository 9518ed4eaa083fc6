// How far a weight moves for a gradient: plain stochastic gradient descent, or AdaGrad.
//
//     sgd       w_j -= eta g_j / s_j^2,                    eta = step / (1 + decay * epochs passed)
//     adagrad   w_j -= eta / s_j * h_j / sqrt(sum h_j^2)   h_j = g_j / s_j; Duchi, Hazan, Singer, "Adaptive subgradient
//     methods", JMLR 2011,
//                                                          section 1.1; the sums of squares are on the parameter server
//
// s_j is the largest absolute value of feature j: the steps are those of features scaled to at most 1, so that one step
// suits features of any scale; the objective stays that of the features as they are. (An intercept's feature is 1.)
//
// Several workers move the same weights in one clock, each by its part of a step's gradient. Where a step could be too
// long because the others make the same one unseen, it is shortened by their number: in AdaGrad the part of the sum
// that nobody has published yet, in sgd the regulariser's curvature, which is unbounded for a rare feature.
#pragma once

#include <vector>

#include "base/types.hpp"
#include "sgd/gradient.hpp"
#include "sgd/samples.hpp"

namespace wolfpack::sgd {

enum class OptimizerKind { sgd, adagrad };
[[nodiscard]] const char* to_string(OptimizerKind kind);

/// What the features' scale asks for: 2 / r for adagrad, 8 / r^2 for sgd, with r^2 the mean over the samples of the
/// squared length of the scaled sample, its intercept's 1 included. (The Hessian's largest eigenvalue is at most r^2 /
/// 4, so sgd's is the longest step that a quadratic would bear.)
[[nodiscard]] double automatic_step(OptimizerKind kind, double mean_squared_length);
/// r^2 of a part of the samples times their number, for features scaled by `largest`.
[[nodiscard]] double sum_of_squared_lengths(const Samples& samples, const std::vector<double>& largest);

/// How much shorter sgd's steps get: by 1 / (1 + decay) after one epoch. AdaGrad's get shorter by themselves.
[[nodiscard]] constexpr double automatic_decay(OptimizerKind kind) { return kind == OptimizerKind::sgd ? 0.1 : 0.0; }

/// Steps grow over the first clocks: AdaGrad's sums are empty then, the first gradients all point the same way, and as
/// many are taken unseen as reads are stale.
inline constexpr std::uint64_t kWarmUpClocks = 16;

class Optimizer {
 public:
  struct Options {
    OptimizerKind kind = OptimizerKind::adagrad;
    double step = 1.0;
    double decay = 0.0;
    std::size_t workers = 1;
  };
  /// `largest`: of each feature (s_j).
  Optimizer(const Options& options, const std::vector<double>& largest);

  /// The step's length, eta, in a clock of a run with `steps` clocks an epoch, where this worker's last `unfolded`
  /// clocks are unseen by the others, and so are theirs by this one: divided by sqrt(1 + unseen share of the moves), as
  /// delayed gradients ask for (Sra, Yu, Li, Smola, "AdaDelay", AISTATS 2016).
  [[nodiscard]] double step_at(Clock clock, std::uint64_t steps, std::uint64_t unfolded = 0) const;

  /// g_j / s_j of a touched parameter: of moderate size whatever the feature's scale, so that its square neither
  /// overflows nor vanishes. AdaGrad's sums are of these squares.
  [[nodiscard]] double scaled(Index parameter, const BatchGradient& gradient) const {
    return gradient[parameter] / scale_[static_cast<std::size_t>(parameter)];
  }

  /// What to add to a touched parameter. `squares`: AdaGrad's sum for it as read from the parameter server, without
  /// this gradient. `step`: step_at().
  [[nodiscard]] double change(Index parameter, const BatchGradient& gradient, double squares, double step) const;

 private:
  Options options_;
  std::vector<double> scale_;  // s_j; 1 of the intercept and of a feature that is in no sample
};

}  // namespace wolfpack::sgd
