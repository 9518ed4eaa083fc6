#include "cpu/matrix_checks.hpp"

#include <algorithm>
#include <stdexcept>
#include <variant>

#include <fmt/format.h>

namespace wolfpack::cpu {
namespace {

template <class Scalar>
void check_view(const DenseView<Scalar>& matrix) {
  if (matrix.rows < 0 || matrix.columns < 0 || matrix.stride < matrix.rows) {
    throw std::invalid_argument(fmt::format("a dense partition of {} rows, {} columns and stride {} is no matrix",
                                            matrix.rows, matrix.columns, matrix.stride));
  }
}

template <class Scalar>
void check_view(const SparseView<Scalar>& matrix) {
  const auto starts = matrix.column_starts;
  const auto nonzeros = static_cast<Index>(matrix.values.size());
  if (matrix.rows < 0 || matrix.columns < 0 || static_cast<Index>(starts.size()) != matrix.columns + 1 ||
      matrix.row_indices.size() != matrix.values.size() || starts.front() < 0 || starts.back() > nonzeros ||
      !std::is_sorted(starts.begin(), starts.end())) {
    throw std::invalid_argument(fmt::format(
        "the column starts of a CSC partition of {} columns and {} values are wrong", matrix.columns, nonzeros));
  }
  for (Index j = 0; j < matrix.columns; ++j) {
    Index previous = -1;
    for (Index k = starts[j]; k < starts[j + 1]; ++k) {
      const Index row = matrix.row_indices[k];
      if (row <= previous || row >= matrix.rows) {
        throw std::invalid_argument(fmt::format("column {} of a CSC partition names row {} after row {}, of {} rows", j,
                                                row, previous, matrix.rows));
      }
      previous = row;
    }
  }
}

}  // namespace

void check(const MatrixView& matrix, const ColumnTransform& transform) {
  std::visit([](const auto& view) { check_view(view); }, matrix);
  const auto n = static_cast<std::size_t>(columns(matrix));
  for (const auto* numbers : {&transform.means, &transform.scales}) {
    if (!numbers->empty() && numbers->size() != n) {
      throw std::invalid_argument(
          fmt::format("a transform of {} columns does not fit a partition of {}", numbers->size(), n));
    }
  }
}

}  // namespace wolfpack::cpu
