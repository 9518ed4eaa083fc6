#include "cpu/reference_atom_selector.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <stdexcept>
#include <utility>
#include <variant>
#include <vector>

namespace wolfpack::cpu {
namespace {

template <class Scalar>
Column float64_column(const DenseView<Scalar>& matrix, Index j) {
  Column column;
  for (const Scalar value : matrix.column(j)) column.values.push_back(static_cast<double>(value));
  return column;
}

template <class Scalar>
Column float64_column(const SparseView<Scalar>& matrix, Index j) {
  Column column{.sparse = true, .rows = {}, .values = {}};
  for (Index k = matrix.column_starts[j]; k < matrix.column_starts[j + 1]; ++k) {
    column.rows.push_back(matrix.row_indices[k]);
    column.values.push_back(static_cast<double>(matrix.values[k]));
  }
  return column;
}

std::uint64_t stored_bytes(const MatrixView& matrix) {
  if (const auto* dense = std::get_if<DenseView<float>>(&matrix)) return 4 * dense->rows * dense->columns;
  if (const auto* dense = std::get_if<DenseView<double>>(&matrix)) return 8 * dense->rows * dense->columns;
  const auto sparse_bytes = [](const auto& sparse) {
    return sparse.values.size_bytes() + sparse.row_indices.size_bytes() + sparse.column_starts.size_bytes();
  };
  if (const auto* sparse = std::get_if<SparseView<float>>(&matrix)) return sparse_bytes(*sparse);
  return sparse_bytes(std::get<SparseView<double>>(matrix));
}

class ReferenceAtomSelector final : public AtomSelector {
 public:
  ReferenceAtomSelector(MatrixView partition, ColumnTransform transform)
      : partition_(partition), transform_(std::move(transform)) {}

  [[nodiscard]] Index rows() const override { return wolfpack::rows(partition_); }
  [[nodiscard]] Index columns() const override { return wolfpack::columns(partition_); }

  [[nodiscard]] SelectedAtoms select(const SelectionRequest& request) override {
    if (static_cast<Index>(request.dual.size()) != rows())
      throw std::invalid_argument("the dual vector has not d values");

    std::vector<ScoredAtom> all;
    for (Index j = 0; j < columns(); ++j) {
      const ScoredAtom atom{j, score(column(j), request.dual)};
      if (!is_screened(atom, request)) all.push_back(atom);
    }
    std::stable_sort(all.begin(), all.end(),
                     [](const ScoredAtom& a, const ScoredAtom& b) { return std::abs(a.score) > std::abs(b.score); });

    SelectedAtoms best;
    best.largest_score = all.empty() ? 0.0 : std::abs(all.front().score);
    best.columns_evaluated = columns();
    best.columns_screened = columns() - static_cast<Index>(all.size());
    best.bytes_read = stored_bytes(partition_);
    for (const ScoredAtom& atom : all) {
      const bool excluded =
          std::find(request.excluded.begin(), request.excluded.end(), atom.column) != request.excluded.end();
      if (best.atoms.size() < request.count && std::abs(atom.score) > request.level && !excluded) {
        best.atoms.push_back(atom);
      }
    }
    return best;
  }

  [[nodiscard]] double largest_norm() override {
    double largest = 0.0;
    for (Index j = 0; j < columns(); ++j) largest = std::max(largest, norm(column(j)));
    return largest > 0.0 ? std::nextafter(largest, std::numeric_limits<double>::infinity()) : 0.0;
  }

  [[nodiscard]] Column column(Index j) const override {
    const Column stored = std::visit([j](const auto& matrix) { return float64_column(matrix, j); }, partition_);
    const double scale = transform_.scales.empty() ? 1.0 : transform_.scales[j];
    Column column = stored;
    if (!transform_.means.empty()) {
      column = {.sparse = false, .rows = {}, .values = {}};
      column.values.assign(static_cast<std::size_t>(rows()), -transform_.means[j]);
      for (std::size_t k = 0; k < stored.values.size(); ++k)
        column.values[stored.sparse ? static_cast<std::size_t>(stored.rows[k]) : k] += stored.values[k];
    }
    for (double& value : column.values) value = scale == 0.0 ? 0.0 : value / scale;
    return column;
  }

 private:
  // By this pass's inequality alone: what was screened out before is not remembered.
  [[nodiscard]] bool is_screened(const ScoredAtom& atom, const SelectionRequest& request) const {
    if (!request.screening) return false;
    return std::abs(atom.score) + norm(column(atom.column)) * request.screening->radius < request.screening->level;
  }

  static double norm(const Column& column) {
    long double square = 0.0L;
    for (const double value : column.values) square += static_cast<long double>(value) * value;
    return static_cast<double>(std::sqrt(square));
  }

  static double score(const Column& column, std::span<const double> dual) {
    long double sum = 0.0L;
    for (std::size_t k = 0; k < column.values.size(); ++k) {
      const std::size_t row = column.sparse ? static_cast<std::size_t>(column.rows[k]) : k;
      sum += static_cast<long double>(column.values[k]) * dual[row];
    }
    return static_cast<double>(sum);
  }

  MatrixView partition_;
  ColumnTransform transform_;
};

}  // namespace

std::unique_ptr<AtomSelector> make_reference_atom_selector(MatrixView partition, ColumnTransform transform) {
  return std::make_unique<ReferenceAtomSelector>(partition, std::move(transform));
}

}  // namespace wolfpack::cpu
