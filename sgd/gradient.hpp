// The objective and its gradients, over the samples that one worker has:
//
//     f(w, b) = (1/n) sum_i log(1 + exp(-y_i (x_i'w + b))) + (l2 / 2) ||w||^2
//
// n counts the samples of all workers; b is the last parameter and is not regularised. It is scikit-learn's
// LogisticRegression with C = 1 / (n l2).
//
// The regulariser is shared out among the samples (Niu, Recht, Re, Wright: "Hogwild!", NIPS 2011): with n_j the number
// of samples in which feature j is not 0, sample i carries
//
//     f_i(w, b) = log(1 + exp(-y_i (x_i'w + b))) + (l2 / 2) sum over j in i of (n / n_j) w_j^2
//
// The mean of all f_i is f, exactly, so a minibatch's gradient is right on average and yet touches only the features
// that its samples have. (A feature that no sample has begins and stays at w_j = 0.)
#pragma once

#include <span>
#include <vector>

#include "base/types.hpp"
#include "sgd/samples.hpp"

namespace wolfpack::sgd {

/// A minibatch's gradient: only the parameters that it touches, in the order of the first touch, the intercept first.
/// Keeps its memory from batch to batch. One thread's.
class BatchGradient {
 public:
  /// `l2_shares[j]` = l2 n / n_j, 0 where n_j is 0: what one sample with feature j carries.
  BatchGradient(Index features, std::vector<double> l2_shares);

  /// (1 / batch_size) sum over the batch of grad f_i. `weights`: features + 1 values; `batch`: which samples.
  /// `batch_size` need not be the batch's: a worker that has a part of the samples of a step divides by all of the
  /// step's.
  void compute(const Samples& samples, std::span<const Index> batch, std::span<const double> weights,
               double batch_size);

  [[nodiscard]] std::span<const Index> touched() const { return touched_; }
  /// Of a touched parameter.
  [[nodiscard]] double operator[](Index parameter) const { return gradient_[static_cast<std::size_t>(parameter)]; }
  /// The second derivative that the regulariser adds to a touched parameter's.
  [[nodiscard]] double l2_curvature(Index parameter) const {
    return l2_curvature_[static_cast<std::size_t>(parameter)];
  }

 private:
  void forget();

  std::vector<double> l2_shares_;
  std::vector<double> gradient_, l2_curvature_;  // features + 1; 0 where not touched
  std::vector<std::uint32_t> hits_;              // samples of the batch with the feature
  std::vector<Index> touched_;
};

/// What one worker's samples say of a model.
struct Fit {
  double loss_sum = 0.0;      ///< sum of the logistic losses
  std::uint64_t correct = 0;  ///< samples of which x'w + b > 0 tells the class
};
/// `weights`: w and b of at least as many features as the samples have.
[[nodiscard]] Fit evaluate(const Samples& samples, std::span<const double> weights);

/// (l2 / 2) ||w||^2, without the intercept.
[[nodiscard]] double penalty(std::span<const double> weights, double l2);

}  // namespace wolfpack::sgd
