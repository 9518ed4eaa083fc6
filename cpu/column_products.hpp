// The columns of a partition as the CPU pass needs them: products with w, squared norms, float64 copies. Dense and CSC
// storage behind the same names, for transformed_columns.hpp. `next` is a column that will be read lead() columns
// later, or j itself: its memory is asked for meanwhile. Views: they own nothing, and are safe from any thread while
// the memory stays.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>

#include <Eigen/Core>

#include "base/matrix.hpp"
#include "cpu/dot_kernels.hpp"
#include "cpu/lane_sums.hpp"

namespace wolfpack::cpu {

/// ||values|| without the overflow or underflow of their squares. Slower than a sum of squares.
template <class Scalar>
[[nodiscard]] double stable_norm(const Scalar* values, Index count) {
  if (count == 0) return 0.0;
  return Eigen::Map<const Eigen::VectorX<Scalar>>(values, count).template cast<double>().stableNorm();
}

/// ||values - shift 1||, safe like stable_norm.
template <class Scalar>
[[nodiscard]] double shifted_norm(const Scalar* values, Index count, double shift) {
  const double square = lane_sum(values, count, [&](double value) { return (value - shift) * (value - shift); });
  if (square >= 1e-280 && square <= 1e300) return std::sqrt(square);
  double largest = 0.0;
  for (Index k = 0; k < count; ++k) largest = std::max(largest, std::abs(static_cast<double>(values[k]) - shift));
  if (largest == 0.0) return std::sqrt(square);
  const auto part = [&](double value) { return (value - shift) / largest; };
  return largest * std::sqrt(lane_sum(values, count, [&](double value) { return part(value) * part(value); }));
}

/// Asks for memory that is read soon.
inline constexpr Index kLineBytes = 64;
inline void prefetch(const void* memory) { __builtin_prefetch(memory); }

template <class Scalar>
class DenseColumns {
 public:
  static constexpr bool kIsDense = true;

  explicit DenseColumns(DenseView<Scalar> matrix)
      : matrix_(matrix), kernels_(storage_kernels<Scalar>(best_kernels())) {}

  [[nodiscard]] Index rows() const { return matrix_.rows; }
  [[nodiscard]] Index columns() const { return matrix_.columns; }
  /// What one pass reads.
  [[nodiscard]] std::uint64_t bytes() const {
    return static_cast<std::uint64_t>(matrix_.rows * matrix_.columns) * sizeof(Scalar);
  }
  [[nodiscard]] std::uint64_t bytes(Index) const { return static_cast<std::uint64_t>(matrix_.rows) * sizeof(Scalar); }
  void ask_for_start(Index) const {}  // it is computed
  [[nodiscard]] Index lead() const {
    return std::clamp<Index>(kAheadBytes / std::max<Index>(1, static_cast<Index>(bytes(0))), 1, 16);
  }
  [[nodiscard]] double dot(Index j, const double* dual, Index next) const {
    return kernels_.dot(start(j), dual, matrix_.rows, start(next));
  }
  [[nodiscard]] DotAndNorm dot_and_norm(Index j, const double* dual, Index next) const {
    return kernels_.dot_and_norm(start(j), dual, matrix_.rows, start(next));
  }
  [[nodiscard]] double norm(Index j) const { return stable_norm(start(j), matrix_.rows); }
  /// ||a_j - shift 1||
  [[nodiscard]] double norm_around(Index j, double shift) const { return shifted_norm(start(j), matrix_.rows, shift); }

  [[nodiscard]] const Scalar* values(Index j) const { return start(j); }
  [[nodiscard]] Column column(Index j) const {
    const auto values = matrix_.column(j);
    return {.sparse = false, .rows = {}, .values = {values.begin(), values.end()}};
  }

 private:
  [[nodiscard]] const Scalar* start(Index j) const { return matrix_.data + j * matrix_.stride; }

  DenseView<Scalar> matrix_;
  StorageKernels<Scalar> kernels_;
};

template <class Scalar>
class SparseColumns {
 public:
  static constexpr bool kIsDense = false;

  explicit SparseColumns(SparseView<Scalar> matrix)
      : matrix_(matrix), kernels_(storage_kernels<Scalar>(best_kernels())) {}

  [[nodiscard]] Index rows() const { return matrix_.rows; }
  [[nodiscard]] Index columns() const { return matrix_.columns; }
  [[nodiscard]] std::uint64_t bytes() const {
    return matrix_.values.size_bytes() + matrix_.row_indices.size_bytes() + matrix_.column_starts.size_bytes();
  }
  [[nodiscard]] std::uint64_t bytes(Index j) const {
    return static_cast<std::uint64_t>(nonzeros(j)) * (sizeof(Scalar) + sizeof(std::int32_t)) + sizeof(Index);
  }

  /// Where column j starts is itself read from memory, and wanted lead() columns before the column.
  void ask_for_start(Index j) const { prefetch(matrix_.column_starts.data() + j); }
  [[nodiscard]] Index lead() const { return 4; }
  [[nodiscard]] double dot(Index j, const double* dual, Index next) const {
    ask_for(next);
    return kernels_.sparse_dot(values(j), row_indices(j), nonzeros(j), dual);
  }
  [[nodiscard]] DotAndNorm dot_and_norm(Index j, const double* dual, Index next) const {
    ask_for(next);
    return kernels_.sparse_dot_and_norm(values(j), row_indices(j), nonzeros(j), dual);
  }
  [[nodiscard]] double norm(Index j) const { return stable_norm(values(j), nonzeros(j)); }
  [[nodiscard]] double norm_around(Index j, double shift) const {
    const double zeros = static_cast<double>(matrix_.rows - nonzeros(j));
    return std::hypot(shifted_norm(values(j), nonzeros(j), shift), std::abs(shift) * std::sqrt(zeros));
  }

  [[nodiscard]] Column column(Index j) const {
    const auto first = begin(j);
    const auto last = end(j);
    return {.sparse = true,
            .rows = {matrix_.row_indices.begin() + first, matrix_.row_indices.begin() + last},
            .values = {matrix_.values.begin() + first, matrix_.values.begin() + last}};
  }

 private:
  [[nodiscard]] Index begin(Index j) const { return matrix_.column_starts[j]; }
  [[nodiscard]] Index end(Index j) const { return matrix_.column_starts[j + 1]; }

  [[nodiscard]] Index nonzeros(Index j) const { return end(j) - begin(j); }
  [[nodiscard]] const Scalar* values(Index j) const { return matrix_.values.data() + begin(j); }
  [[nodiscard]] const std::int32_t* row_indices(Index j) const { return matrix_.row_indices.data() + begin(j); }

  // The first lines alone: the rest of a long column the hardware sees coming.
  void ask_for(Index next) const {
    constexpr Index kMost = 512;
    const Index count = std::min(nonzeros(next), kMost / static_cast<Index>(sizeof(Scalar)));
    for (Index k = 0; k < count; k += kLineBytes / static_cast<Index>(sizeof(Scalar))) prefetch(values(next) + k);
    for (Index k = 0; k < count; k += kLineBytes / static_cast<Index>(sizeof(std::int32_t)))
      prefetch(row_indices(next) + k);
  }

  SparseView<Scalar> matrix_;
  StorageKernels<Scalar> kernels_;
};

}  // namespace wolfpack::cpu
