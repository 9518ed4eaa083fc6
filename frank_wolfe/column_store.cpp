#include "frank_wolfe/column_store.hpp"

#include <algorithm>
#include <array>
#include <cassert>
#include <numeric>
#include <stdexcept>
#include <utility>

#include "frank_wolfe/dense_kernels.hpp"
#include "frank_wolfe/eigen_map.hpp"

namespace wolfpack::frank_wolfe {

namespace {

// A sparse column of which more than 1 / kFullShare is non-zero is stored full: dense products with others are faster
// then. (20 newsgroups at lambda / lambda_max 0.1: half the time; a tenth or a fifth do as well.)
constexpr Index kFullShare = 8;
// Dense columns that a sparse one is multiplied with at a time.
constexpr std::size_t kTogether = 4;
// Dense columns are multiplied so many by so many at a time ...
constexpr Index kTile = 4;
// ... and each of them with so many while these are near the processor.
constexpr Index kBlock = 32;

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
  if (column.sparse && static_cast<Index>(column.rows.size()) * kFullShare <= rows_) {
    slots_.push_back({true, sparse_.size()});
    sparse_.push_back(column);
    return;
  }
  slots_.push_back({false, dense_slots_.size()});
  dense_slots_.push_back(size() - 1);
  const std::size_t start = dense_.size();
  dense_.resize(start + static_cast<std::size_t>(rows_));
  if (!column.sparse) {
    std::copy(column.values.begin(), column.values.end(), dense_.begin() + static_cast<std::ptrdiff_t>(start));
    return;
  }
  std::fill(dense_.begin() + static_cast<std::ptrdiff_t>(start), dense_.end(), 0.0);
  for (std::size_t k = 0; k < column.rows.size(); ++k)
    dense_[start + static_cast<std::size_t>(column.rows[k])] = column.values[k];
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

void ColumnStore::gram(Index first, double* columns, Index stride) const {
  assert(stride >= size());
  // One matrix product for all pairs of dense columns.
  const auto dense_count = static_cast<Eigen::Index>(dense_slots_.size());
  const auto first_dense = std::lower_bound(dense_slots_.begin(), dense_slots_.end(), first) - dense_slots_.begin();
  if (dense_count == size()) return dense_gram(first_dense, columns, stride);
  Eigen::MatrixXd pairs(dense_count, dense_count - first_dense);
  dense_gram(first_dense, pairs.data(), dense_count);
  for (Eigen::Index j = 0; j < pairs.cols(); ++j) {
    double* to = columns + (dense_slots_[static_cast<std::size_t>(first_dense + j)] - first) * stride;
    for (Eigen::Index i = 0; i < dense_count; ++i) to[dense_slots_[static_cast<std::size_t>(i)]] = pairs(i, j);
  }

  mixed_gram(first, columns, stride);
  sparse_gram(first, columns, stride);
}

// All dense columns with those from `first` on. Of two of the latter one product is made, and written twice.
void ColumnStore::dense_gram(Index first, double* out, Index stride) const {
  const auto all = static_cast<Index>(dense_slots_.size());
  const auto pointers = [&](Index begin, Index end) {
    std::array<const double*, kTile> columns{};
    for (Index k = begin; k < end; ++k) columns[static_cast<std::size_t>(k - begin)] = dense_.data() + k * rows_;
    return columns;
  };
  for (Index block = first; block < all; block += kBlock) {
    const Index block_end = std::min(block + kBlock, all);
    const auto multiply_with_block = [&](Index i, Index i_end, Index from) {
      const auto left = pointers(i, i_end);
      for (Index j = from; j < block_end; j += kTile) {
        const Index j_end = std::min(j + kTile, block_end);
        kernels().tile(left.data(), i_end - i, pointers(j, j_end).data(), j_end - j, rows_,
                       out + i + (j - first) * stride, stride);
        if (i < first || i >= j) continue;  // nothing that is written twice, or its mirror image is in the tile
        for (Index row = i; row < i_end; ++row)
          for (Index column = j; column < j_end; ++column)
            out[column + (row - first) * stride] = out[row + (column - first) * stride];
      }
    };
    for (Index i = 0; i < first; i += kTile) multiply_with_block(i, std::min(i + kTile, first), block);
    for (Index i = first; i < block_end; i += kTile)
      multiply_with_block(i, std::min(i + kTile, block_end), std::max(i, block));
  }
}

// Pairs of a dense and a sparse column, one of them new, cost the latter's non-zeros each.
void ColumnStore::mixed_gram(Index first, double* out, Index stride) const {
  const auto d = static_cast<std::size_t>(rows_);
  const auto write = [&](Index i, Index j, double product) {
    if (j >= first) out[i + stride * (j - first)] = product;
    if (i >= first) out[j + stride * (i - first)] = product;
  };
  for (std::size_t place = 0; place < dense_slots_.size(); place += kTogether) {
    const std::size_t count = std::min(kTogether, dense_slots_.size() - place);
    const double* full[kTogether];
    for (std::size_t k = 0; k < kTogether; ++k) full[k] = dense_.data() + (place + std::min(k, count - 1)) * d;
    const Index last_dense = dense_slots_[place + count - 1];
    for (Index slot = last_dense >= first ? 0 : first; slot < size(); ++slot) {
      if (!slots_[static_cast<std::size_t>(slot)].sparse) continue;
      double sums[kTogether] = {};
      const Column& column = sparse_[slots_[static_cast<std::size_t>(slot)].place];
      for (std::size_t k = 0; k < column.rows.size(); ++k) {
        const auto row = static_cast<std::size_t>(column.rows[k]);
        for (std::size_t which = 0; which < kTogether; ++which) sums[which] += column.values[k] * full[which][row];
      }
      for (std::size_t k = 0; k < count; ++k) write(slot, dense_slots_[place + k], sums[k]);
    }
  }
}

// Pairs of sparse columns: those from `first` on by rows, so that a pair costs only the rows that both have.
void ColumnStore::sparse_gram(Index first, double* out, Index stride) const {
  struct Entry {
    Index column;  // in the block
    double value;
  };
  std::vector<std::size_t> starts(static_cast<std::size_t>(rows_) + 1, 0);
  const auto for_each_new = [&](const auto& use) {
    for (Index j = first; j < size(); ++j) {
      const Slot slot = slots_[static_cast<std::size_t>(j)];
      if (!slot.sparse) continue;
      const Column& column = sparse_[slot.place];
      for (std::size_t k = 0; k < column.rows.size(); ++k)
        use(static_cast<std::size_t>(column.rows[k]), Entry{j - first, column.values[k]});
    }
  };
  for_each_new([&](std::size_t row, const Entry&) { ++starts[row + 1]; });
  std::partial_sum(starts.begin(), starts.end(), starts.begin());
  std::vector<Entry> entries(starts.back());
  std::vector<std::size_t> next(starts.begin(), starts.end() - 1);
  for_each_new([&](std::size_t row, const Entry& entry) { entries[next[row]++] = entry; });

  std::vector<double> sums(static_cast<std::size_t>(size() - first));  // side by side, unlike a row of the block
  for (Index i = 0; i < size(); ++i) {
    const Slot slot = slots_[static_cast<std::size_t>(i)];
    if (!slot.sparse) continue;
    std::fill(sums.begin(), sums.end(), 0.0);
    const Column& column = sparse_[slot.place];
    for (std::size_t k = 0; k < column.rows.size(); ++k) {
      const auto row = static_cast<std::size_t>(column.rows[k]);
      for (std::size_t at = starts[row]; at < starts[row + 1]; ++at)
        sums[static_cast<std::size_t>(entries[at].column)] += column.values[k] * entries[at].value;
    }
    for (Index j = first; j < size(); ++j)
      if (slots_[static_cast<std::size_t>(j)].sparse)
        out[i + stride * (j - first)] = sums[static_cast<std::size_t>(j - first)];
  }
}

}  // namespace wolfpack::frank_wolfe
