#include "cpu/atom_selector.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>
#include <optional>
#include <stdexcept>
#include <utility>
#include <variant>
#include <vector>

#include <fmt/format.h>

#include "cpu/atom_ranking.hpp"
#include "cpu/column_products.hpp"

namespace wolfpack::cpu {
namespace {

template <class Columns>
class CpuAtomSelector final : public AtomSelector {
 public:
  CpuAtomSelector(Columns partition, std::shared_ptr<const Matrix> owner)
      : owner_(std::move(owner)), partition_(partition) {}

  [[nodiscard]] Index rows() const override { return partition_.rows(); }
  [[nodiscard]] Index columns() const override { return partition_.columns(); }

  [[nodiscard]] SelectedAtoms select(const SelectionRequest& request) override {
    if (static_cast<Index>(request.dual.size()) != rows()) {
      throw std::invalid_argument(
          fmt::format("the dual vector has {} values, the partition {} rows", request.dual.size(), rows()));
    }
    AtomRanking ranking(request);
    if (largest_norm_) {
      for (Index j = 0; j < columns(); ++j) ranking.offer(j, partition_.dot(j, request.dual.data()));
    } else {
      pass_with_norms(request.dual.data(), [&](Index j, double score) { ranking.offer(j, score); });
    }
    SelectedAtoms best = std::move(ranking).finish();
    best.columns_evaluated = columns();
    best.bytes_read = partition_.bytes();
    return best;
  }

  [[nodiscard]] double largest_norm() override {
    if (!largest_norm_) {
      const std::vector<double> zeros(static_cast<std::size_t>(rows()), 0.0);
      pass_with_norms(zeros.data(), [](Index, double) {});
    }
    return *largest_norm_;
  }

  [[nodiscard]] Column column(Index j) const override { return partition_.column(j); }

 private:
  // Squares in this range are normal numbers, and so are all that matter in their sum.
  static constexpr double kSmallestSquare = 1e-280;
  static constexpr double kLargestSquare = 1e300;

  template <class Consume>
  void pass_with_norms(const double* dual, Consume&& consume) {
    double largest_square = 0.0;
    double largest_extreme = 0.0;
    for (Index j = 0; j < columns(); ++j) {
      const DotAndNorm sums = partition_.dot_and_norm(j, dual);
      consume(j, sums.dot);
      if (sums.squared_norm >= kSmallestSquare && sums.squared_norm <= kLargestSquare) {
        largest_square = std::max(largest_square, sums.squared_norm);
      } else {
        largest_extreme = std::max(largest_extreme, partition_.norm(j));
      }
    }
    // A sum of d squares is off by at most a factor 1 + d 2^-53, its root by half of that; twice as much covers
    // stable_norm.
    const double rounding = static_cast<double>(rows() + 4) * std::numeric_limits<double>::epsilon();
    largest_norm_ = std::max(std::sqrt(largest_square), largest_extreme) * (1.0 + rounding);
  }

  std::shared_ptr<const Matrix> owner_;  // of what partition_ views; null where the caller owns it
  Columns partition_;
  std::optional<double> largest_norm_;
};

template <class Scalar>
void check(const DenseView<Scalar>& matrix) {
  if (matrix.rows < 0 || matrix.columns < 0 || matrix.stride < matrix.rows) {
    throw std::invalid_argument(fmt::format("a dense partition of {} rows, {} columns and stride {} is no matrix",
                                            matrix.rows, matrix.columns, matrix.stride));
  }
}

template <class Scalar>
void check(const SparseView<Scalar>& matrix) {
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

template <class Scalar>
DenseColumns<Scalar> columns_of(const DenseView<Scalar>& matrix) {
  return DenseColumns<Scalar>(matrix);
}
template <class Scalar>
SparseColumns<Scalar> columns_of(const SparseView<Scalar>& matrix) {
  return SparseColumns<Scalar>(matrix);
}

std::unique_ptr<AtomSelector> make(const MatrixView& partition, std::shared_ptr<const Matrix> owner) {
  return std::visit(
      [&](const auto& matrix) -> std::unique_ptr<AtomSelector> {
        check(matrix);
        auto columns = columns_of(matrix);
        return std::make_unique<CpuAtomSelector<decltype(columns)>>(columns, std::move(owner));
      },
      partition);
}

}  // namespace

std::unique_ptr<AtomSelector> make_cpu_atom_selector(MatrixView partition) { return make(partition, nullptr); }

std::unique_ptr<AtomSelector> make_cpu_atom_selector(Matrix&& partition) {
  auto owner = std::make_shared<const Matrix>(std::move(partition));
  return make(view(*owner), owner);
}

}  // namespace wolfpack::cpu
