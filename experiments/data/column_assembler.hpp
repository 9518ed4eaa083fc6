// Builds the columns of one partition from entries that come in the order of a text file.
//
// The entries of a file are counted in one pass and placed in another, so that no more memory is used than the
// partition needs. Entries given twice are summed, the convention of Matrix Market and SciPy; explicit zeros are
// dropped.
//
//     ColumnAssembler assembler(path, rows, range, entry_counts, prefers_dense(entries, rows, columns));
//     assembler.add(row, column, value);
//     Matrix mine = std::move(assembler).finish();
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/matrix.hpp"
#include "experiments/data/dataset.hpp"

namespace wolfpack::data {

/// More than half of the entries present: an entry costs 12 bytes and an indirection in CSC, 8 and none in a dense
/// column.
[[nodiscard]] bool prefers_dense(Index entries, Index rows, Index columns);

/// How many non-zero entries each column has: every worker holds those of the whole file, so they are small.
using EntryCounts = std::vector<std::uint32_t>;

class ColumnAssembler {
 public:
  /// entry_counts: what add() will bring, for every column of the whole file; not read where `dense`.
  ColumnAssembler(std::string path, Index rows, ColumnRange range,
                  std::span<const EntryCounts::value_type> entry_counts, bool dense);

  /// An entry of the whole matrix, indices from 0; outside of the range it is passed over. Refuses more entries than
  /// were counted.
  void add(Index row, Index column, double value) {
    const Index j = column - range_.first;
    if (j < 0 || j >= range_.count || value == 0.0) return;
    if (dense_) return add_dense(row, j, value);
    add_sparse(row, j, value);
  }

  [[nodiscard]] Matrix finish() &&;

 private:
  void add_dense(Index row, Index j, double value);
  void add_sparse(Index row, Index j, double value);
  void sort_and_sum();
  [[noreturn]] void refuse_sum(Index row, Index j) const;

  std::string path_;
  ColumnRange range_;
  bool dense_;
  DenseMatrix<double> dense_matrix_;
  SparseMatrix<double> sparse_matrix_;
  EntryCounts placed_;  ///< how many entries each sparse column has already
};

}  // namespace wolfpack::data
