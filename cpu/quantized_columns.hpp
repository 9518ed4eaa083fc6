// A copy of dense columns in one byte a number, to tell from an eighth (float32: a quarter) of the memory which columns
// are worth reading: scalar quantization with exact evaluation of what is left, as vector search has it.
//
// Column a_j is kept as q_j with a_j ~ scale_j q_j, q_ij integers from -127 to 127, and the norm of the difference.
// With w ~ t v, v_i integers of 14 bits, products are exact, on every CPU, and by Cauchy and Schwarz a score is known
// to within
//
//     |a_j'w - scale_j t q_j'v| <= ||a_j - scale_j q_j|| ||w|| + ||scale_j q_j|| ||w - t v||
//
// which is about a hundredth of ||a_j|| ||w||: few columns are that close to the ones looked for. The bound holds for
// every column, however badly it is kept; one with entries that are not finite, or whose squares float64 does not hold,
// has an infinite one.
//
//     QuantizedColumns copy(rows, columns);   copy.set(j, values);              // for all j
//     const QuantizedDual dual(w, norm_of_w);
//     if (dual.is_usable()) near = copy.dot(j, dual, next);                      // +- copy.error(j, dual)
//
// set() of different columns and everything const are safe from any threads.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/large_array.hpp"
#include "base/types.hpp"
#include "cpu/dot_kernels.hpp"

namespace wolfpack::cpu {

/// The dual vector for such products.
class QuantizedDual {
 public:
  QuantizedDual() = default;
  /// w and ||w||.
  QuantizedDual(std::span<const double> dual, double norm);

  /// Whether float64 holds the squares of its largest entry and of its norm.
  [[nodiscard]] bool is_usable() const { return is_usable_; }
  [[nodiscard]] const std::int16_t* numbers() const { return numbers_.data(); }
  /// t.
  [[nodiscard]] double scale() const { return scale_; }
  [[nodiscard]] double norm() const { return norm_; }
  /// ||w - t v||.
  [[nodiscard]] double missed() const { return missed_; }

 private:
  std::vector<std::int16_t> numbers_;  // v, and zeros up to a whole step of the kernel
  double scale_ = 0.0;
  double norm_ = 0.0;
  double missed_ = 0.0;
  bool is_usable_ = false;
};

class QuantizedColumns {
 public:
  QuantizedColumns(Index rows, Index columns);

  /// What a copy takes.
  [[nodiscard]] static std::uint64_t bytes(Index rows, Index columns);

  /// Column j: `rows` values.
  template <class Scalar>
  void set(Index j, const Scalar* values);

  /// a_j'w, to within error(j, dual). `next`: one that is read lead() columns later, or j.
  [[nodiscard]] double dot(Index j, const QuantizedDual& dual, Index next) const {
    const std::int64_t product = kernel_(start(j), dual.numbers(), stride_, start(next));
    return scales_[static_cast<std::size_t>(j)] * dual.scale() * static_cast<double>(product);
  }
  [[nodiscard]] double error(Index j, const QuantizedDual& dual) const {
    const auto column = static_cast<std::size_t>(j);
    return missed_[column] * dual.norm() + kept_[column] * dual.missed();
  }
  /// How many columns ahead of its use one is asked for.
  [[nodiscard]] std::size_t lead() const { return static_cast<std::size_t>(kAheadBytes / stride_ + 1); }
  [[nodiscard]] std::uint64_t bytes_of_a_column() const { return static_cast<std::uint64_t>(stride_); }

 private:
  [[nodiscard]] const std::int8_t* start(Index j) const { return numbers_.data() + j * stride_; }

  Index rows_;
  Index stride_;
  LargeArray<std::int8_t> numbers_;
  LargeArray<double> scales_;
  LargeArray<double> missed_;  // by column: ||a_j - scale_j q_j||, with room for rounding
  LargeArray<double> kept_;    // ||scale_j q_j||
  decltype(DotKernels::quantized_dot) kernel_;
};

}  // namespace wolfpack::cpu
