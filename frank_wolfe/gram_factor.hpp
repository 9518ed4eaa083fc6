// The Cholesky factor of a Gram matrix, G = R'R with R upper triangular, that grows and shrinks by one column at a
// time.
//
//     std::vector<double> row = {G_0j, ..., G_mj};  factor.solve_transposed(row);
//     factor.append(row, std::sqrt(G_jj - dot(row, row)));         // column j joins as the last
//     factor.remove(2, first, second);                             // the third leaves
//
// Nothing here judges whether a pivot is large enough: the caller does, who has the columns. One thread.
#pragma once

#include <span>
#include <vector>

#include "base/large_array.hpp"
#include "base/types.hpp"

namespace wolfpack::frank_wolfe {

class GramFactor {
 public:
  [[nodiscard]] Index size() const { return size_; }
  void clear();

  /// Keeps the first columns. R^-T b of the shorter factor is the beginning of what it was.
  void truncate(Index size);

  /// v <- R^-T v. size() values, of which the first `begin` are R^-T v already; O(size^2).
  void solve_transposed(std::span<double> v, Index begin = 0) const;

  /// The same for `count` vectors at once, one after another in `block`.
  void solve_transposed_block(std::span<double> block, Index count) const;

  /// v <- R^-1 v. size() values; O(size^2).
  void solve(std::span<double> v) const;

  /// R v. size() values; O(size^2).
  [[nodiscard]] std::vector<double> product(std::span<const double> v) const;

  /// Appends the column (row, pivot) to R: row = R^-T G_Pj, size() values; pivot > 0.
  void append(std::span<const double> row, double pivot);

  /// Takes out the column at `position` by Givens rotations (Golub and Van Loan, section 6.5.2). `first` and `second`
  /// are vectors of the form R^-T b, size() values each; they turn with the factor and their last value is then void:
  /// without it they are R^-T b again for b without the entry at `position`. O((size - position)^2).
  void remove(Index position, std::span<double> first, std::span<double> second);

 private:
  // Column j of R begins at j (j + 1) / 2 and has j + 1 values: every sweep below reads memory in order.
  [[nodiscard]] static std::size_t start(Index j) { return static_cast<std::size_t>(j * (j + 1) / 2); }

  Index size_ = 0;
  LargeArray<double> packed_;
};

}  // namespace wolfpack::frank_wolfe
