#include "cpu/quantized_columns.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "cpu/score_bounds.hpp"

namespace wolfpack::cpu {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kLargestNumber = 127.0;

// Room for float64's rounding of a score and of a bound, as a share of ||scale_j q_j|| ||w||, beside that of their
// sums.
constexpr double kRounding = 1e-9;
constexpr double kEpsilon = std::numeric_limits<double>::epsilon();

Index whole_steps(Index rows) { return (rows + kQuantizedStep - 1) / kQuantizedStep * kQuantizedStep; }

}  // namespace

QuantizedDual::QuantizedDual(std::span<const double> dual, double norm)
    : numbers_(static_cast<std::size_t>(whole_steps(static_cast<Index>(dual.size()))), std::int16_t{0}), norm_(norm) {
  double largest = 0.0;
  for (const double value : dual) largest = std::max(largest, std::abs(value));
  is_usable_ = has_a_square(largest) && has_a_square(norm);
  if (!is_usable_) return;
  scale_ = largest / kLargestQuantizedDual;
  double square = 0.0;  // in units of scale_
  for (std::size_t i = 0; i < dual.size(); ++i) {
    const double value = dual[i] / scale_;
    numbers_[i] = static_cast<std::int16_t>(std::lrint(value));
    const double rest = value - numbers_[i];
    square += rest * rest;
  }
  missed_ = scale_ * std::sqrt(square) + (kRounding + static_cast<double>(dual.size()) * kEpsilon) * norm;
}

QuantizedColumns::QuantizedColumns(Index rows, Index columns)
    : rows_(rows),
      stride_(whole_steps(rows)),
      numbers_(static_cast<std::size_t>(stride_ * columns)),
      scales_(static_cast<std::size_t>(columns)),
      missed_(static_cast<std::size_t>(columns)),
      kept_(static_cast<std::size_t>(columns)),
      kernel_(best_kernels().quantized_dot) {}

std::uint64_t QuantizedColumns::bytes(Index rows, Index columns) {
  const auto of_a_column = static_cast<std::uint64_t>(whole_steps(rows)) + 3 * sizeof(double);
  return static_cast<std::uint64_t>(columns) * of_a_column;
}

template <class Scalar>
void QuantizedColumns::set(Index j, const Scalar* values) {
  std::int8_t* numbers = numbers_.data() + j * stride_;
  std::fill(numbers + rows_, numbers + stride_, std::int8_t{0});
  const auto column = static_cast<std::size_t>(j);
  const auto& kernels = storage_kernels<Scalar>(best_kernels());
  const double largest = kernels.largest_magnitude(values, rows_);
  if (!has_a_square(largest)) {
    std::fill(numbers, numbers + rows_, std::int8_t{0});
    scales_[column] = 0.0;
    missed_[column] = largest == 0.0 ? 0.0 : kInfinity;
    kept_[column] = 0.0;
    return;
  }
  const double scale = largest / kLargestNumber;
  const QuantizationSums sums = kernels.quantize(values, rows_, scale, numbers);
  scales_[column] = scale;
  const double slack = 1.0 + static_cast<double>(rows_ + 64) * kEpsilon;
  kept_[column] = scale * std::sqrt(sums.kept) * slack;
  missed_[column] = std::sqrt(sums.missed) * slack;
}

template void QuantizedColumns::set(Index j, const float* values);
template void QuantizedColumns::set(Index j, const double* values);

}  // namespace wolfpack::cpu
