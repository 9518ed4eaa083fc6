// The logistic loss of one sample as a function of its margin m = y (x'w + b), y = +1 or -1. Neither overflows,
// whatever the margin.
#pragma once

#include <cmath>

namespace wolfpack::sgd {

/// log(1 + exp(-m)).
[[nodiscard]] inline double log_loss(double margin) {
  return margin > 0 ? std::log1p(std::exp(-margin)) : std::log1p(std::exp(margin)) - margin;
}

/// Its derivative, -1 / (1 + exp(m)).
[[nodiscard]] inline double log_loss_slope(double margin) { return -1.0 / (1.0 + std::exp(margin)); }

}  // namespace wolfpack::sgd
