#include "gpu/number_type.hpp"

#include <algorithm>
#include <bit>
#include <cstdint>
#include <span>
#include <variant>

namespace wolfpack::gpu {
namespace {

bool is_bfloat16(float value) { return (std::bit_cast<std::uint32_t>(value) & 0xffffU) == 0; }

/// The wider of `at_least` and what these numbers need.
NumberType widened(NumberType at_least, std::span<const float> values) {
  if (at_least != NumberType::bfloat16 || std::all_of(values.begin(), values.end(), is_bfloat16)) return at_least;
  return NumberType::float32;
}
NumberType widened(NumberType at_least, std::span<const double> values) {
  for (const double value : values) {
    // The largest float64 numbers have no float32 to be converted to.
    const bool fits = value >= -3.4028234663852886e38 && value <= 3.4028234663852886e38;
    const auto narrow = static_cast<float>(fits ? value : 0.0);
    if (static_cast<double>(narrow) != value) return NumberType::float64;
    if (at_least == NumberType::bfloat16 && !is_bfloat16(narrow)) at_least = NumberType::float32;
  }
  return at_least;
}

template <class Scalar>
NumberType narrowest(const DenseView<Scalar>& matrix) {
  NumberType type = NumberType::bfloat16;
  for (Index j = 0; j < matrix.columns && type != NumberType::float64; ++j) {
    type = widened(type, matrix.column(j));
    if (sizeof(Scalar) == sizeof(float) && type == NumberType::float32) break;
  }
  return type;
}
NumberType narrowest(const SparseView<float>& /*matrix*/) { return NumberType::float32; }
NumberType narrowest(const SparseView<double>& matrix) {
  const auto first = static_cast<std::size_t>(matrix.column_starts.front());
  const auto last = static_cast<std::size_t>(matrix.column_starts.back());
  return widened(NumberType::float32, matrix.values.subspan(first, last - first));
}

}  // namespace

NumberType narrowest_type(const MatrixView& partition) {
  return std::visit([](const auto& matrix) { return narrowest(matrix); }, partition);
}

std::string storage_text(const MatrixView& partition, NumberType type) {
  return std::string(is_dense(partition) ? "dense " : "sparse ") + (type == NumberType::bfloat16  ? "bfloat16"
                                                                    : type == NumberType::float32 ? "float32"
                                                                                                  : "float64");
}

}  // namespace wolfpack::gpu
