#include "cpu/quantized_columns.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "cpu/score_bounds.hpp"

namespace wolfpack::cpu {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kLargestNumber = 127.0;

// The product in float32 is wrong by at most this share of ||scale_j q_j|| ||w||: sums of kQuantizedBlock products in
// at least 16 chains (some 80 roundings of 2^-24 one after another), the rounding of w, and its entries that are too
// small for float32. It covers float64's own rounding of a score, too.
constexpr double kProductError = 1e-5;
static_assert(kQuantizedBlock <= 1024);

Index whole_steps(Index rows) { return (rows + kQuantizedStep - 1) / kQuantizedStep * kQuantizedStep; }

}  // namespace

QuantizedDual::QuantizedDual(std::span<const double> dual, double norm)
    : values_(static_cast<std::size_t>(whole_steps(static_cast<Index>(dual.size()))), 0.0F) {
  double largest = 0.0;
  for (const double value : dual) largest = std::max(largest, std::abs(value));
  is_usable_ = has_a_square(largest) && has_a_square(norm);
  if (!is_usable_) return;
  scale_ = largest;
  for (std::size_t i = 0; i < dual.size(); ++i) values_[i] = static_cast<float>(dual[i] / largest);
}

QuantizedColumns::QuantizedColumns(Index rows, Index columns)
    : rows_(rows),
      stride_(whole_steps(rows)),
      numbers_(static_cast<std::size_t>(stride_ * columns)),
      scales_(static_cast<std::size_t>(columns)),
      errors_(static_cast<std::size_t>(columns)),
      kernel_(best_kernels().quantized_dot) {}

std::uint64_t QuantizedColumns::bytes(Index rows, Index columns) {
  const auto of_a_column = static_cast<std::uint64_t>(whole_steps(rows)) + 2 * sizeof(double);
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
    errors_[column] = largest == 0.0 ? 0.0 : kInfinity;
    return;
  }
  const double scale = largest / kLargestNumber;
  const QuantizationSums sums = kernels.quantize(values, rows_, scale, numbers);
  scales_[column] = scale;
  errors_[column] = (std::sqrt(sums.missed) + kProductError * scale * std::sqrt(sums.kept)) *
                    (1.0 + static_cast<double>(rows_ + 64) * std::numeric_limits<double>::epsilon());
}

template void QuantizedColumns::set(Index j, const float* values);
template void QuantizedColumns::set(Index j, const double* values);

}  // namespace wolfpack::cpu
