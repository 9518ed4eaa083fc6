// The columns that an owner works on, dense and sparse ones side by side, under slots 0, 1, 2, ... in the order in
// which they came.
//
//     ColumnStore store(d);  store.append(column);  store.scores(w, g);      // g[slot] = a_slot'w
//
// One thread. The store copies what it is given.
#pragma once

#include <span>
#include <vector>

#include "base/large_array.hpp"
#include "base/matrix.hpp"
#include "base/types.hpp"

namespace wolfpack::frank_wolfe {

class ColumnStore {
 public:
  explicit ColumnStore(Index rows) : rows_(rows) {}

  [[nodiscard]] Index rows() const { return rows_; }
  [[nodiscard]] Index size() const { return static_cast<Index>(slots_.size()); }

  /// The column gets the slot size() - 1. Throws std::invalid_argument where it does not fit d rows.
  void append(const Column& column);

  /// Keeps these slots (increasing) and numbers them anew from 0 in the same order.
  void keep(std::span<const Index> kept);

  /// z = A x. x: size() values, z: d values.
  void product(std::span<const double> x, std::span<double> z) const;

  /// g = A'w. w: d values, g: size() values.
  void scores(std::span<const double> w, std::span<double> g) const;

  /// a_slot'w. w: d values.
  [[nodiscard]] double score(Index slot, std::span<const double> w) const;

  /// z += factor * a_slot. z: d values.
  void add_scaled(Index slot, double factor, std::span<double> z) const;

  /// The Gram matrix's columns `first`, ..., size() - 1 of size() values each, the k-th from columns + k * stride on.
  void gram(Index first, double* columns, Index stride) const;

 private:
  struct Slot {
    bool sparse;
    std::size_t place;  // in dense_slots_ (and among the columns of dense_) or in sparse_
  };

  void dense_gram(Index first, double* out, Index stride) const;
  void mixed_gram(Index first, double* out, Index stride) const;
  void sparse_gram(Index first, double* out, Index stride) const;

  Index rows_;
  std::vector<Slot> slots_;
  LargeArray<double> dense_;  // d x dense_slots_.size(), column-major
  std::vector<Index> dense_slots_;
  std::vector<Column> sparse_;
};

}  // namespace wolfpack::frank_wolfe
