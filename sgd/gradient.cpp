#include "sgd/gradient.hpp"

#include "sgd/logistic_loss.hpp"

namespace wolfpack::sgd {
namespace {

/// x_i'w + b.
double score(const Samples& samples, std::size_t i, std::span<const double> weights) {
  const auto indices = samples.indices(i);
  const auto values = samples.values(i);
  double sum = weights.back();
  for (std::size_t k = 0; k < indices.size(); ++k) sum += values[k] * weights[static_cast<std::size_t>(indices[k])];
  return sum;
}

}  // namespace

BatchGradient::BatchGradient(Index features, std::vector<double> l2_shares)
    : l2_shares_(std::move(l2_shares)),
      gradient_(static_cast<std::size_t>(features) + 1),
      l2_curvature_(gradient_.size()),
      hits_(gradient_.size()) {}

void BatchGradient::forget() {
  for (const Index parameter : touched_) {
    const auto j = static_cast<std::size_t>(parameter);
    gradient_[j] = l2_curvature_[j] = 0.0;
    hits_[j] = 0;
  }
  touched_.clear();
}

void BatchGradient::compute(const Samples& samples, std::span<const Index> batch, std::span<const double> weights,
                            double batch_size) {
  forget();
  if (batch.empty()) return;
  const std::size_t intercept = gradient_.size() - 1;
  touched_.push_back(static_cast<Index>(intercept));
  for (const Index sample : batch) {
    const auto i = static_cast<std::size_t>(sample);
    const double label = samples.labels[i];
    const double slope = label * log_loss_slope(label * score(samples, i, weights)) / batch_size;
    gradient_[intercept] += slope;
    const auto indices = samples.indices(i);
    const auto values = samples.values(i);
    for (std::size_t k = 0; k < indices.size(); ++k) {
      const auto j = static_cast<std::size_t>(indices[k]);
      if (hits_[j]++ == 0) touched_.push_back(indices[k]);
      gradient_[j] += slope * values[k];
    }
  }
  for (std::size_t k = 1; k < touched_.size(); ++k) {
    const auto j = static_cast<std::size_t>(touched_[k]);
    l2_curvature_[j] = l2_shares_[j] * static_cast<double>(hits_[j]) / batch_size;
    gradient_[j] += l2_curvature_[j] * weights[j];
  }
}

Fit evaluate(const Samples& samples, std::span<const double> weights) {
  Fit fit;
  for (std::size_t i = 0; i < samples.size(); ++i) {
    const double predicted = score(samples, i, weights);
    fit.loss_sum += log_loss(samples.labels[i] * predicted);
    fit.correct += (predicted > 0) == (samples.labels[i] > 0);
  }
  return fit;
}

double penalty(std::span<const double> weights, double l2) {
  double sum = 0.0;
  for (const double w : weights.first(weights.size() - 1)) sum += w * w;
  return l2 / 2 * sum;
}

}  // namespace wolfpack::sgd
