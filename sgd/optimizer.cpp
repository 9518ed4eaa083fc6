#include "sgd/optimizer.hpp"

#include <algorithm>
#include <cmath>

namespace wolfpack::sgd {

const char* to_string(OptimizerKind kind) { return kind == OptimizerKind::sgd ? "sgd" : "adagrad"; }

double automatic_step(OptimizerKind kind, double mean_squared_length) {
  return kind == OptimizerKind::sgd ? 8.0 / mean_squared_length : 2.0 / std::sqrt(mean_squared_length);
}

double sum_of_squared_lengths(const Samples& samples, const std::vector<double>& largest) {
  auto sum = static_cast<double>(samples.size());
  for (std::size_t k = 0; k < samples.entry_indices.size(); ++k) {
    const double scaled = samples.entry_values[k] / largest[static_cast<std::size_t>(samples.entry_indices[k])];
    sum += scaled * scaled;
  }
  return sum;
}

Optimizer::Optimizer(const Options& options, const std::vector<double>& largest) : options_(options) {
  for (const double scale : largest) scale_.push_back(scale > 0 ? scale : 1.0);
  scale_.push_back(1.0);
}

double Optimizer::step_at(Clock clock, std::uint64_t steps, std::uint64_t unfolded) const {
  const double epochs = static_cast<double>(clock.value) / static_cast<double>(steps);
  const double warmth = std::min(1.0, static_cast<double>(clock.value + 1) / static_cast<double>(kWarmUpClocks));
  const auto workers = static_cast<double>(options_.workers);
  const double unseen = static_cast<double>(unfolded) * (workers - 1.0) / workers;
  return options_.step * warmth / (1.0 + options_.decay * epochs) / std::sqrt(1.0 + unseen);
}

double Optimizer::change(Index parameter, const BatchGradient& gradient, double squares, double step) const {
  const double g = gradient[parameter];
  if (g == 0.0) return 0.0;
  const double scale = scale_[static_cast<std::size_t>(parameter)];
  const double scaled_step = step / scale, scaled = g / scale;
  const auto workers = static_cast<double>(options_.workers);
  if (options_.kind == OptimizerKind::adagrad)
    return -scaled_step * (scaled / std::hypot(std::sqrt(squares), workers * scaled));
  return -scaled_step * scaled / (1.0 + workers * scaled_step * (gradient.l2_curvature(parameter) / scale));
}

}  // namespace wolfpack::sgd
