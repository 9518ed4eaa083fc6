#include "frank_wolfe/column_store.hpp"

#include <algorithm>
#include <cassert>
#include <stdexcept>
#include <utility>

#include "frank_wolfe/dense_kernels.hpp"
#include "frank_wolfe/eigen_map.hpp"

namespace wolfpack::frank_wolfe {

namespace {

void check(const Column& column, Index rows) {
  const auto d = static_cast<std::size_t>(rows);
  if (!column.sparse) {
    if (column.values.size() != d) throw std::invalid_argument("a dense column has another length than d");
    return;
  }
  if (column.rows.size() != column.values.size())
    throw std::invalid_argument("a sparse column has not one row a value");
  std::int64_t previous = -1;
  for (const std::int32_t row : column.rows) {
    if (row <= previous || row >= rows)
      throw std::invalid_argument("a sparse column's rows do not increase or leave d");
    previous = row;
  }
}

// The column's non-zeros against a full vector.
double gather_dot(const Column& column, const double* full) {
  double sum = 0.0;
  for (std::size_t k = 0; k < column.rows.size(); ++k) sum += column.values[k] * full[column.rows[k]];
  return sum;
}

}  // namespace

void ColumnStore::append(const Column& column) {
  check(column, rows_);
  if (column.sparse) {
    slots_.push_back({true, sparse_.size()});
    sparse_.push_back(column);
  } else {
    slots_.push_back({false, dense_slots_.size()});
    dense_slots_.push_back(size() - 1);
    dense_.insert(dense_.end(), column.values.begin(), column.values.end());
  }
}

void ColumnStore::keep(std::span<const Index> kept) {
  const auto d = static_cast<std::size_t>(rows_);
  std::size_t dense_kept = 0;
  std::size_t sparse_kept = 0;
  for (std::size_t to = 0; to < kept.size(); ++to) {
    Slot slot = slots_[static_cast<std::size_t>(kept[to])];
    const std::size_t from = slot.place;
    if (slot.sparse) {
      slot.place = sparse_kept++;
      if (slot.place != from) sparse_[slot.place] = std::move(sparse_[from]);
    } else {
      slot.place = dense_kept++;
      if (slot.place != from) std::copy_n(dense_.data() + from * d, d, dense_.data() + slot.place * d);
      dense_slots_[slot.place] = static_cast<Index>(to);
    }
    slots_[to] = slot;
  }
  slots_.resize(kept.size());
  dense_.resize(dense_kept * d);
  dense_slots_.resize(dense_kept);
  sparse_.resize(sparse_kept);
}

void ColumnStore::product(std::span<const double> x, std::span<double> z) const {
  assert(static_cast<Index>(x.size()) == size() && static_cast<Index>(z.size()) == rows_);
  const auto dense_count = static_cast<Eigen::Index>(dense_slots_.size());
  Eigen::VectorXd dense_x(dense_count);
  for (Eigen::Index k = 0; k < dense_count; ++k) {
    dense_x[k] = x[static_cast<std::size_t>(dense_slots_[static_cast<std::size_t>(k)])];
  }
  std::fill(z.begin(), z.end(), 0.0);
  for (Eigen::Index k = 0; k < dense_count; k += 2) {
    const bool has_two = k + 1 < dense_count;
    const double* column = dense_.data() + k * rows_;
    kernels().add_two(dense_x[k], column, has_two ? dense_x[k + 1] : 0.0, has_two ? column + rows_ : column, z.data(),
                      rows_);
  }
  for (std::size_t slot = 0; slot < slots_.size(); ++slot) {
    if (slots_[slot].sparse && x[slot] != 0.0) add_scaled(static_cast<Index>(slot), x[slot], z);
  }
}

void ColumnStore::scores(std::span<const double> w, std::span<double> g) const {
  assert(static_cast<Index>(w.size()) == rows_ && static_cast<Index>(g.size()) == size());
  const auto dense_count = static_cast<Eigen::Index>(dense_slots_.size());
  Eigen::VectorXd dense_g(dense_count);
  for (Eigen::Index k = 0; k < dense_count; k += 4)
    kernels().dots(w.data(), dense_.data() + k * rows_, rows_, std::min<Index>(4, dense_count - k), rows_, &dense_g[k]);
  for (std::size_t slot = 0; slot < slots_.size(); ++slot) {
    const auto [sparse, place] = slots_[slot];
    g[slot] = sparse ? gather_dot(sparse_[place], w.data()) : dense_g[static_cast<Eigen::Index>(place)];
  }
}

double ColumnStore::score(Index slot, std::span<const double> w) const {
  const auto [sparse, place] = slots_[static_cast<std::size_t>(slot)];
  if (sparse) return gather_dot(sparse_[place], w.data());
  const auto d = static_cast<std::size_t>(rows_);
  return kernels().dot(dense_.data() + place * d, w.data(), rows_);
}

void ColumnStore::add_scaled(Index slot, double factor, std::span<double> z) const {
  const auto [sparse, place] = slots_[static_cast<std::size_t>(slot)];
  if (!sparse) {
    const auto d = static_cast<std::size_t>(rows_);
    map(z) += factor * map(std::span(dense_).subspan(place * d, d));
    return;
  }
  const Column& column = sparse_[place];
  for (std::size_t k = 0; k < column.rows.size(); ++k) {
    z[static_cast<std::size_t>(column.rows[k])] += factor * column.values[k];
  }
}

void ColumnStore::gram(Index first, std::span<double> block) const {
  const Index count = size() - first;
  assert(static_cast<Index>(block.size()) == size() * count);
  Eigen::Map<Eigen::MatrixXd> out(block.data(), size(), count);

  // One matrix product for all pairs of dense columns.
  const auto dense_count = static_cast<Eigen::Index>(dense_slots_.size());
  const auto first_dense = std::lower_bound(dense_slots_.begin(), dense_slots_.end(), first) - dense_slots_.begin();
  if (dense_count == size()) return dense_gram(first_dense, block.data());
  Eigen::MatrixXd pairs(dense_count, dense_count - first_dense);
  dense_gram(first_dense, pairs.data());
  for (Eigen::Index j = 0; j < pairs.cols(); ++j) {
    const Index to = dense_slots_[static_cast<std::size_t>(first_dense + j)] - first;
    for (Eigen::Index i = 0; i < dense_count; ++i) out(dense_slots_[static_cast<std::size_t>(i)], to) = pairs(i, j);
  }

  // Pairs with a sparse column cost its non-zeros each.
  std::vector<double> scattered(static_cast<std::size_t>(rows_), 0.0);
  for (Index slot = first; slot < size(); ++slot) {
    sparse_gram(slot, scattered, block.subspan(static_cast<std::size_t>(size() * (slot - first)), slots_.size()));
  }
}

// All dense columns with those from `first` on: out is dense_slots_.size() x the rest.
void ColumnStore::dense_gram(Index first, double* out) const {
  const auto all = static_cast<Index>(dense_slots_.size());
  for (Index j = first; j < all; j += 4) {
    for (Index i = 0; i < all; i += 4) {
      kernels().tile(dense_.data() + i * rows_, rows_, std::min<Index>(4, all - i), dense_.data() + j * rows_, rows_,
                     std::min<Index>(4, all - j), rows_, out + i + (j - first) * all, all);
    }
  }
}

// out[i] = a_i'a_slot for all i where one of the two is sparse. `scattered` is zero before and after.
void ColumnStore::sparse_gram(Index slot, std::span<double> scattered, std::span<double> out) const {
  const auto d = static_cast<std::size_t>(rows_);
  const auto [sparse, place] = slots_[static_cast<std::size_t>(slot)];
  const double* full = sparse ? scattered.data() : dense_.data() + place * d;
  if (sparse) {
    const Column& column = sparse_[place];
    for (std::size_t k = 0; k < column.rows.size(); ++k) {
      scattered[static_cast<std::size_t>(column.rows[k])] = column.values[k];
    }
  }
  for (std::size_t i = 0; i < slots_.size(); ++i) {
    if (slots_[i].sparse) {
      out[i] = gather_dot(sparse_[slots_[i].place], full);
    } else if (sparse) {
      out[i] = gather_dot(sparse_[place], dense_.data() + slots_[i].place * d);
    }
  }
  if (sparse) {
    for (const std::int32_t row : sparse_[place].rows) scattered[static_cast<std::size_t>(row)] = 0.0;
  }
}

}  // namespace wolfpack::frank_wolfe
