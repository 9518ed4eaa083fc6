// A partition in device memory: what owns it, how it gets there, and how single columns come back. For
// atom_selector.cu.
#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>
#include <cstring>
#include <limits>
#include <string>
#include <vector>

#include "base/matrix.hpp"
#include "gpu/device_buffer.cuh"
#include "gpu/device_columns.cuh"

namespace wolfpack::gpu {

/// `value` has to be one that Stored holds.
template <class Stored>
[[nodiscard]] Stored narrowed(double value) {
  if constexpr (std::is_same_v<Stored, Bfloat16>) {
    return {static_cast<std::uint16_t>(std::bit_cast<std::uint32_t>(static_cast<float>(value)) >> 16)};
  } else {
    return static_cast<Stored>(value);
  }
}
[[nodiscard]] inline double widened(Bfloat16 value) {
  return static_cast<double>(std::bit_cast<float>(static_cast<std::uint32_t>(value.bits) << 16));
}
[[nodiscard]] inline double widened(float value) { return static_cast<double>(value); }
[[nodiscard]] inline double widened(double value) { return value; }

/// Two pinned buffers in turn: while one is copied to the device, the other is filled.
template <class T>
class Upload {
 public:
  static constexpr std::size_t kCount = (std::size_t{8} << 20) / sizeof(T);

  /// The buffer to fill next, kCount long; waits for what was last sent from it.
  [[nodiscard]] T* next() {
    turn_ = 1 - turn_;
    streams_[turn_].wait();
    return buffers_[turn_].data();
  }
  void send(T* to, std::size_t count) { copy_to_device(to, buffers_[turn_].data(), count, streams_[turn_].get()); }
  void wait() {
    for (const Stream& stream : streams_) stream.wait();
  }

 private:
  Stream streams_[2];
  PinnedArray<T> buffers_[2] = {PinnedArray<T>(kCount), PinnedArray<T>(kCount)};
  int turn_ = 0;
};

/// fill(buffer, first, count) for consecutive pieces of `total` elements.
template <class T, class Fill>
void upload_in_pieces(T* to, std::size_t total, Fill&& fill) {
  Upload<T> upload;
  for (std::size_t first = 0; first < total; first += Upload<T>::kCount) {
    const std::size_t count = std::min(Upload<T>::kCount, total - first);
    fill(upload.next(), first, count);
    upload.send(to + first, count);
  }
  upload.wait();
}

template <class Stored>
class DensePartition {
 public:
  using Value = Stored;
  using View = DenseOnDevice<Stored>;

  template <class Scalar>
  explicit DensePartition(const DenseView<Scalar>& matrix)
      : stride_((matrix.rows + kPerVector<Stored> - 1) / kPerVector<Stored> * kPerVector<Stored>),
        rows_(matrix.rows),
        columns_(matrix.columns),
        values_(static_cast<std::size_t>(stride_ * columns_)) {
    // By elements and not by columns: one may be longer than a buffer.
    Index j = 0, i = 0;
    upload_in_pieces(values_.data(), values_.size(), [&](Stored* buffer, std::size_t, std::size_t count) {
      const Stored* end = buffer + count;
      while (buffer != end) {
        const Index run = std::min<Index>(stride_ - i, end - buffer);
        const Index given = std::clamp<Index>(rows_ - i, 0, run);
        const Scalar* from = matrix.data + j * matrix.stride + i;
        for (Index k = 0; k < given; ++k) buffer[k] = narrowed<Stored>(static_cast<double>(from[k]));
        std::fill(buffer + given, buffer + run, narrowed<Stored>(0.0));
        buffer += run;
        i += run;
        if (i == stride_) {
          i = 0;
          ++j;
        }
      }
    });
  }

  [[nodiscard]] View view() const {
    return {values_.data(), stride_, static_cast<std::int32_t>(rows_), static_cast<std::int32_t>(columns_)};
  }
  [[nodiscard]] Index rows() const { return rows_; }
  [[nodiscard]] Index columns() const { return columns_; }
  /// What a pass reads of it.
  [[nodiscard]] std::uint64_t bytes() const { return static_cast<std::uint64_t>(rows_ * columns_) * sizeof(Stored); }
  [[nodiscard]] std::uint64_t device_bytes() const { return values_.bytes(); }
  /// Vectors of a column: how many threads can work at it.
  [[nodiscard]] Index width() const { return stride_ / kPerVector<Stored>; }
  /// Numbers of the largest column.
  [[nodiscard]] Index largest_column() const { return rows_; }
  /// Products that a thread sums up in Real, one after another.
  static constexpr int kChain = kVectorsAChain * kPerVector<Stored>;

  [[nodiscard]] Column column(Index j, const Stored* values, const std::int32_t* /*rows*/) const {
    (void)j;
    Column column;
    column.values.reserve(static_cast<std::size_t>(rows_));
    for (Index i = 0; i < rows_; ++i) column.values.push_back(widened(values[i]));
    return column;
  }
  [[nodiscard]] Column fetch(Index j, const Stream& stream) const {
    std::vector<Stored> values(static_cast<std::size_t>(rows_));
    copy_to_host(values.data(), values_.data() + j * stride_, values.size(), stream.get());
    stream.wait();
    return column(j, values.data(), nullptr);
  }

 private:
  Index stride_;
  Index rows_;
  Index columns_;
  DeviceArray<Stored> values_;
};

template <class Stored>
class SparsePartition {
 public:
  using Value = Stored;
  using View = SparseOnDevice<Stored>;

  template <class Scalar>
  explicit SparsePartition(const SparseView<Scalar>& matrix)
      : rows_(matrix.rows),
        host_starts_(matrix.column_starts.begin(), matrix.column_starts.end()),
        starts_(host_starts_.size()),
        row_indices_(matrix.row_indices.size()),
        values_(matrix.values.size()) {
    upload_in_pieces(starts_.data(), starts_.size(), [&](Index* buffer, std::size_t first, std::size_t count) {
      std::copy_n(host_starts_.begin() + static_cast<std::ptrdiff_t>(first), count, buffer);
    });
    upload_in_pieces(row_indices_.data(), row_indices_.size(),
                     [&](std::int32_t* buffer, std::size_t first, std::size_t count) {
                       std::copy_n(matrix.row_indices.data() + first, count, buffer);
                     });
    upload_in_pieces(values_.data(), values_.size(), [&](Stored* buffer, std::size_t first, std::size_t count) {
      for (std::size_t k = 0; k < count; ++k)
        buffer[k] = narrowed<Stored>(static_cast<double>(matrix.values[first + k]));
    });
    for (Index j = 0; j < columns(); ++j) largest_ = std::max(largest_, nonzeros(j));
  }

  [[nodiscard]] View view() const {
    return {starts_.data(), row_indices_.data(), values_.data(), static_cast<std::int32_t>(rows_),
            static_cast<std::int32_t>(columns())};
  }
  [[nodiscard]] Index rows() const { return rows_; }
  [[nodiscard]] Index columns() const { return static_cast<Index>(host_starts_.size()) - 1; }
  [[nodiscard]] std::uint64_t bytes() const { return device_bytes(); }
  [[nodiscard]] std::uint64_t device_bytes() const { return starts_.bytes() + row_indices_.bytes() + values_.bytes(); }
  [[nodiscard]] Index width() const { return static_cast<Index>(values_.size()) / std::max<Index>(1, columns()); }
  [[nodiscard]] Index largest_column() const { return largest_; }
  static constexpr int kChain = kVectorsAChain;

  [[nodiscard]] Column column(Index j, const Stored* values, const std::int32_t* rows) const {
    Column column{.sparse = true, .rows = {rows, rows + nonzeros(j)}, .values = {}};
    for (Index k = 0; k < nonzeros(j); ++k) column.values.push_back(widened(values[k]));
    return column;
  }
  [[nodiscard]] Column fetch(Index j, const Stream& stream) const {
    const auto count = static_cast<std::size_t>(nonzeros(j));
    std::vector<Stored> values(count);
    std::vector<std::int32_t> rows(count);
    copy_to_host(values.data(), values_.data() + host_starts_[j], count, stream.get());
    copy_to_host(rows.data(), row_indices_.data() + host_starts_[j], count, stream.get());
    stream.wait();
    return column(j, values.data(), rows.data());
  }

 private:
  [[nodiscard]] Index nonzeros(Index j) const { return host_starts_[j + 1] - host_starts_[j]; }

  Index rows_;
  Index largest_ = 0;
  std::vector<Index> host_starts_;
  DeviceArray<Index> starts_;
  DeviceArray<std::int32_t> row_indices_;
  DeviceArray<Stored> values_;
};

}  // namespace wolfpack::gpu
