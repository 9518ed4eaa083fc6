#include "cpu/column_transform.hpp"

#include <algorithm>
#include <cmath>
#include <utility>
#include <variant>

#include <fmt/format.h>

#include "base/scale.hpp"
#include "base/status.hpp"
#include "cpu/lane_sums.hpp"

namespace wolfpack::cpu {
namespace {

struct Moments {
  double mean = 0.0;
  double deviation = 0.0;
};

// Of `values` and rows - count zeros. Where there are no zeros, numbers are taken relative to the first: a constant
// column's are then exactly 0, and digits that all of them share cannot drown the rest.
template <class Scalar>
Moments moments(const Scalar* values, Index count, Index rows) {
  if (count == 0) return {};
  const auto d = static_cast<double>(rows);
  const auto zeros = static_cast<double>(rows - count);
  const double shift = count == rows ? static_cast<double>(values[0]) : 0.0;
  const double mean = lane_sum(values, count, [&](double value) { return value - shift; }) / d;
  const auto deviation = [&](double value) { return (value - shift) - mean; };
  const double squares = lane_sum(values, count, [&](double value) { return deviation(value) * deviation(value); });
  // What the rounding of the mean added to every deviation.
  const double drift = (lane_sum(values, count, deviation) - zeros * mean) / d;
  const double variance = (squares + zeros * mean * mean) / d - drift * drift;
  const double root = std::sqrt(std::max(0.0, variance));
  if (root >= kSmallestSize) return {shift + mean, root};
  // The squares may have vanished, or made no number, though the deviations are not 0.
  double largest = zeros > 0.0 ? std::abs(mean) : 0.0;
  for (Index k = 0; k < count; ++k) largest = std::max(largest, std::abs(deviation(static_cast<double>(values[k]))));
  return {shift + mean, largest < kSmallestSize || largest > kLargestSize ? largest : root};
}

template <class Scalar>
Moments moments(const DenseView<Scalar>& matrix, Index j) {
  return moments(matrix.column(j).data(), matrix.rows, matrix.rows);
}
template <class Scalar>
Moments moments(const SparseView<Scalar>& matrix, Index j) {
  const Index first = matrix.column_starts[j];
  return moments(matrix.values.data() + first, matrix.column_starts[j + 1] - first, matrix.rows);
}

}  // namespace

Column transformed_column(const ColumnTransform& transform, Index j, Index rows, Column stored) {
  if (!transform.means.empty()) {
    const double mean = transform.means[static_cast<std::size_t>(j)];
    std::vector<double> values(static_cast<std::size_t>(rows), scaled(transform, j, -mean));
    for (std::size_t k = 0; k < stored.values.size(); ++k)
      values[stored.sparse ? static_cast<std::size_t>(stored.rows[k]) : k] =
          scaled(transform, j, stored.values[k] - mean);
    return {.sparse = false, .rows = {}, .values = std::move(values)};
  }
  if (!transform.scales.empty())
    for (double& value : stored.values) value = scaled(transform, j, value);
  return stored;
}

void check_scale(const ColumnTransform& transform, Index first_column) {
  const auto refuse = [&](std::size_t j, const char* what, double size, const char* accepted) {
    throw InputError(fmt::format("column {}: its {} is {:.3g}; accepted: {}; scale the column",
                                 first_column + static_cast<Index>(j), what, size, accepted));
  };
  for (std::size_t j = 0; j < std::max(transform.means.size(), transform.scales.size()); ++j) {
    if (!transform.means.empty() && !(std::abs(transform.means[j]) <= kLargestSize))
      refuse(j, "mean", transform.means[j], "from -1e140 to 1e140");
    if (transform.scales.empty()) continue;
    const double scale = transform.scales[j];
    if (scale != 0.0 && !has_a_square(scale)) refuse(j, "standard deviation", scale, kAcceptedSizes);
  }
}

ColumnTransform column_transform(const MatrixView& matrix, bool centre, bool standardize) {
  ColumnTransform transform;
  if (!centre && !standardize) return transform;
  const auto n = static_cast<std::size_t>(columns(matrix));
  if (centre) transform.means.resize(n);
  if (standardize) transform.scales.resize(n);
  std::visit(
      [&](const auto& view) {
        for (Index j = 0; j < view.columns; ++j) {
          const Moments of_column = moments(view, j);
          if (centre) transform.means[j] = of_column.mean;
          if (standardize) transform.scales[j] = of_column.deviation;
        }
      },
      matrix);
  return transform;
}

}  // namespace wolfpack::cpu
