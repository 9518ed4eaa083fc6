// The design matrix A (d rows, n columns; a column is an atom) and its partitions: what owns the numbers, and views of
// them.
//
// Dense storage is column-major, so that an atom is contiguous. Sparse storage is CSC (compressed sparse columns). Both
// come in float32 and float64; everything that decides or certifies is computed in float64.
#pragma once

#include <cassert>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <variant>
#include <vector>

#include "base/large_array.hpp"
#include "base/types.hpp"

namespace wolfpack {

/// d x n, column-major, host memory; column j starts at data + j * stride (in elements, stride >= rows). Does not own.
template <class Scalar>
struct DenseView {
  const Scalar* data = nullptr;
  Index rows = 0;
  Index columns = 0;
  Index stride = 0;

  [[nodiscard]] std::span<const Scalar> column(Index j) const {
    assert(j >= 0 && j < columns);
    return {data + j * stride, static_cast<std::size_t>(rows)};
  }
};

/// d x n in CSC: column j holds rows row_indices[k] (0-based, strictly increasing) and values[k] for column_starts[j]
/// <= k < column_starts[j + 1]. column_starts has n + 1 entries. Does not own.
template <class Scalar>
struct SparseView {
  Index rows = 0;
  Index columns = 0;
  std::span<const Index> column_starts;
  std::span<const std::int32_t> row_indices;
  std::span<const Scalar> values;
};

using MatrixView = std::variant<DenseView<float>, DenseView<double>, SparseView<float>, SparseView<double>>;

[[nodiscard]] inline Index rows(const MatrixView& a) {
  return std::visit([](const auto& view) { return view.rows; }, a);
}
[[nodiscard]] inline Index columns(const MatrixView& a) {
  return std::visit([](const auto& view) { return view.columns; }, a);
}

[[nodiscard]] inline bool is_dense(const MatrixView& a) {
  return std::holds_alternative<DenseView<float>>(a) || std::holds_alternative<DenseView<double>>(a);
}

/// The size of its arrays.
template <class Scalar>
[[nodiscard]] std::uint64_t matrix_bytes(const DenseView<Scalar>& a) {
  return static_cast<std::uint64_t>(a.rows * a.columns) * sizeof(Scalar);
}
template <class Scalar>
[[nodiscard]] std::uint64_t matrix_bytes(const SparseView<Scalar>& a) {
  return a.column_starts.size_bytes() + a.row_indices.size_bytes() + a.values.size_bytes();
}
[[nodiscard]] inline std::uint64_t matrix_bytes(const MatrixView& a) {
  return std::visit([](const auto& view) { return matrix_bytes(view); }, a);
}

/// Owns a dense matrix, column-major with stride == rows.
template <class Scalar>
struct DenseMatrix {
  Index rows = 0;
  Index columns = 0;
  LargeArray<Scalar> values;

  [[nodiscard]] DenseView<Scalar> view() const { return {values.data(), rows, columns, rows}; }
};

/// Owns a CSC matrix.
template <class Scalar>
struct SparseMatrix {
  Index rows = 0;
  Index columns = 0;
  std::vector<Index> column_starts{0};
  LargeArray<std::int32_t> row_indices;
  LargeArray<Scalar> values;

  [[nodiscard]] SparseView<Scalar> view() const { return {rows, columns, column_starts, row_indices, values}; }
};

using Matrix = std::variant<DenseMatrix<float>, DenseMatrix<double>, SparseMatrix<float>, SparseMatrix<double>>;

[[nodiscard]] inline MatrixView view(const Matrix& a) {
  return std::visit([](const auto& matrix) -> MatrixView { return matrix.view(); }, a);
}

/// One atom in float64, dense or sparse: what a proposal carries to the owner.
struct Column {
  bool sparse = false;
  std::vector<std::int32_t> rows;  ///< strictly increasing; empty where dense
  std::vector<double> values;      ///< d values where dense, one a row where sparse
};

}  // namespace wolfpack
