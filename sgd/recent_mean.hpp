// The mean of the weights over about the last epoch: the model that is evaluated and reported.
//
// The last weights of a stochastic method jump about the optimum by the length of a step; their mean does not (Polyak,
// Juditsky, "Acceleration of stochastic approximation by averaging", 1992), and as f is convex it is never worse than
// the weights are on average. One thread's.
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <vector>

namespace wolfpack::sgd {

class RecentMean {
 public:
  /// Over the last `window` additions, as soon as there are so many.
  RecentMean(std::size_t parameters, std::uint64_t window) : window_(window), mean_(parameters), earlier_(parameters) {}

  void add(std::span<const double> weights) {
    ++count_;
    const double share = 1.0 / static_cast<double>(count_);
    for (std::size_t j = 0; j < mean_.size(); ++j) mean_[j] += share * (weights[j] - mean_[j]);
  }

  /// Of the additions since the last cut(): none before the first.
  [[nodiscard]] std::uint64_t count() const { return count_; }
  [[nodiscard]] const std::vector<double>& since_cut() const { return mean_; }

  /// Begins anew; what has come since the last cut fills the window until enough has come again.
  void cut() {
    std::swap(mean_, earlier_);
    std::fill(mean_.begin(), mean_.end(), 0.0);
    count_ = 0;
    has_earlier_ = true;
  }

  /// The additions since the last cut, and for the rest of the window the mean before it; zeros before the first
  /// addition.
  [[nodiscard]] std::vector<double> value() const {
    std::vector<double> value = mean_;
    if (!has_earlier_ || count_ >= window_) return value;
    const double share = static_cast<double>(count_) / static_cast<double>(window_);
    for (std::size_t j = 0; j < value.size(); ++j) value[j] = share * mean_[j] + (1.0 - share) * earlier_[j];
    return value;
  }

 private:
  std::uint64_t window_;
  std::uint64_t count_ = 0;
  bool has_earlier_ = false;
  std::vector<double> mean_, earlier_;
};

}  // namespace wolfpack::sgd
