#include "experiments/data/column_assembler.hpp"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <functional>
#include <numeric>
#include <utility>

#include <fmt/format.h>

#include "experiments/data/input_file.hpp"

namespace wolfpack::data {

bool prefers_dense(Index entries, Index rows, Index columns) {
  return static_cast<double>(entries) > 0.5 * static_cast<double>(rows) * static_cast<double>(columns);
}

ColumnAssembler::ColumnAssembler(std::string path, Index rows, ColumnRange range,
                                 std::span<const EntryCounts::value_type> entry_counts, bool dense)
    : path_(std::move(path)), range_(range), dense_(dense) {
  if (dense) {
    dense_matrix_ = {rows, range.count, LargeArray<double>(static_cast<std::size_t>(rows * range.count), 0.0)};
    return;
  }
  const auto counts =
      entry_counts.subspan(static_cast<std::size_t>(range.first), static_cast<std::size_t>(range.count));
  sparse_matrix_.rows = rows;
  sparse_matrix_.columns = range.count;
  sparse_matrix_.column_starts.resize(counts.size() + 1);
  std::inclusive_scan(counts.begin(), counts.end(), sparse_matrix_.column_starts.begin() + 1, std::plus<>(), Index{0});
  sparse_matrix_.row_indices.resize(static_cast<std::size_t>(sparse_matrix_.column_starts.back()));
  sparse_matrix_.values.resize(sparse_matrix_.row_indices.size());
  placed_.resize(counts.size());
}

void ColumnAssembler::add_dense(Index row, Index j, double value) {
  double& entry = dense_matrix_.values[static_cast<std::size_t>(j * dense_matrix_.rows + row)];
  entry += value;
  if (!std::isfinite(entry)) refuse_sum(row, j);
}

void ColumnAssembler::add_sparse(Index row, Index j, double value) {
  const Index at = sparse_matrix_.column_starts[static_cast<std::size_t>(j)] + placed_[static_cast<std::size_t>(j)]++;
  if (at >= sparse_matrix_.column_starts[static_cast<std::size_t>(j) + 1]) {
    refuse(path_, "changed while it was read; expected it to stay");
  }
  sparse_matrix_.row_indices[static_cast<std::size_t>(at)] = static_cast<std::int32_t>(row);
  sparse_matrix_.values[static_cast<std::size_t>(at)] = value;
}

Matrix ColumnAssembler::finish() && {
  if (dense_) return std::move(dense_matrix_);
  const auto& starts = sparse_matrix_.column_starts;
  for (std::size_t j = 0; j < placed_.size(); ++j) {
    if (starts[j] + placed_[j] != starts[j + 1]) {
      refuse(path_, "changed while it was read; expected it to stay");
    }
  }
  sort_and_sum();
  return std::move(sparse_matrix_);
}

namespace {

/// Whether the rows of every column are strictly increasing, as in a file in the order of its rows or columns.
bool is_sorted(const SparseMatrix<double>& matrix) {
  for (std::size_t j = 0; j + 1 < matrix.column_starts.size(); ++j) {
    const auto first = matrix.row_indices.begin() + matrix.column_starts[j];
    const auto last = matrix.row_indices.begin() + matrix.column_starts[j + 1];
    if (std::adjacent_find(first, last, std::greater_equal<>()) != last) return false;
  }
  return true;
}

}  // namespace

/// Puts every column in strictly increasing rows, in place.
void ColumnAssembler::sort_and_sum() {
  if (is_sorted(sparse_matrix_)) return;
  auto& [rows, columns, starts, row_indices, values] = sparse_matrix_;
  std::vector<std::pair<std::int32_t, double>> entries;
  std::size_t end = 0;    // of what is kept so far; never ahead of what is read
  std::size_t begin = 0;  // of column j as it came; starts[j] is overwritten below
  for (std::size_t j = 0; j < placed_.size(); ++j) {
    entries.clear();
    for (std::size_t k = begin; k < begin + placed_[j]; ++k) {
      entries.emplace_back(row_indices[k], values[k]);
    }
    std::ranges::stable_sort(entries, {}, &std::pair<std::int32_t, double>::first);  // sums in the order of the file
    begin += placed_[j];
    const std::size_t start = end;
    for (const auto& [row, value] : entries) {
      if (end == start || row_indices[end - 1] != row) {
        row_indices[end] = row;
        values[end++] = value;
        continue;
      }
      values[end - 1] += value;
      if (!std::isfinite(values[end - 1])) refuse_sum(row, static_cast<Index>(j));
    }
    starts[j] = static_cast<Index>(start);
  }
  starts.back() = static_cast<Index>(end);
  row_indices.resize(end);
  values.resize(end);
}

void ColumnAssembler::refuse_sum(Index row, Index j) const {
  refuse(path_,
         fmt::format(
             "the entries given for row {}, column {} (from 1) sum to more than float64 holds; expected finite numbers",
             row + 1, range_.first + j + 1));
}

}  // namespace wolfpack::data
