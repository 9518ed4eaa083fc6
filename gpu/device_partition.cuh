// A partition in device memory: what owns it, how it gets there, and how single columns come back. For
// atom_selector.cu.
#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>
#include <span>
#include <type_traits>
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

  /// As many of the first columns as `near_bytes` hold go to the device.
  template <class Scalar>
  DensePartition(const DenseView<Scalar>& matrix, std::uint64_t near_bytes)
      : stride_(padded(matrix.rows)),
        rows_(matrix.rows),
        columns_(matrix.columns),
        near_(std::min<Index>(columns_, static_cast<Index>(near_bytes / std::max<std::uint64_t>(1, column_bytes())))),
        near_values_(static_cast<std::size_t>(stride_ * near_)),
        far_values_(static_cast<std::size_t>(stride_ * (columns_ - near_))) {
    // By numbers and not by columns: one may be longer than a buffer.
    Index j = 0, i = 0;
    const auto fill = [&](Stored* buffer, std::size_t, std::size_t count) {
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
    };
    upload_in_pieces(near_values_.data(), near_values_.size(), fill);
    fill(far_values_.data(), 0, far_values_.size());
  }

  /// What all of it takes.
  template <class Scalar>
  [[nodiscard]] static std::uint64_t bytes_of(const DenseView<Scalar>& matrix) {
    return static_cast<std::uint64_t>(padded(matrix.rows) * matrix.columns) * sizeof(Stored);
  }

  [[nodiscard]] View view() const {
    return {near_values_.data(),
            far_values_.data(),
            stride_,
            static_cast<std::int32_t>(rows_),
            static_cast<std::int32_t>(columns_),
            static_cast<std::int32_t>(near_)};
  }
  [[nodiscard]] Index rows() const { return rows_; }
  [[nodiscard]] Index columns() const { return columns_; }
  /// What a pass reads of it.
  [[nodiscard]] std::uint64_t bytes() const { return static_cast<std::uint64_t>(rows_ * columns_) * sizeof(Stored); }
  [[nodiscard]] std::uint64_t near_bytes() const { return near_values_.bytes(); }
  [[nodiscard]] std::uint64_t far_bytes() const { return far_values_.bytes(); }
  /// Vectors of a column: how many threads can work at it.
  [[nodiscard]] Index width() const { return stride_ / kPerVector<Stored>; }
  /// Numbers of the largest column.
  [[nodiscard]] Index largest_column() const { return rows_; }
  /// Products that a thread sums up in Real, one after another.
  static constexpr int kChain = kVectorsAChain * kPerVector<Stored>;

  /// Column j, from where its numbers (and rows, of a sparse one) have been copied to.
  [[nodiscard]] Column column(Index /*j*/, const Stored* values, const std::int32_t* /*rows*/) const {
    Column column;
    column.values.reserve(static_cast<std::size_t>(rows_));
    for (Index i = 0; i < rows_; ++i) column.values.push_back(widened(values[i]));
    return column;
  }
  [[nodiscard]] Column fetch(Index j, const Stream& stream) const {
    if (j >= near_) return column(j, far_values_.data() + (j - near_) * stride_, nullptr);
    std::vector<Stored> values(static_cast<std::size_t>(rows_));
    copy_to_host(values.data(), near_values_.data() + j * stride_, values.size(), stream.get());
    stream.wait();
    return column(j, values.data(), nullptr);
  }

 private:
  static Index padded(Index rows) { return (rows + kPerVector<Stored> - 1) / kPerVector<Stored> * kPerVector<Stored>; }
  [[nodiscard]] std::uint64_t column_bytes() const { return static_cast<std::uint64_t>(stride_) * sizeof(Stored); }

  Index stride_;
  Index rows_;
  Index columns_;
  Index near_;  // columns on the device
  DeviceArray<Stored> near_values_;
  PinnedArray<Stored> far_values_;
};

template <class Stored>
class SparsePartition {
 public:
  using Value = Stored;
  using View = SparseOnDevice<Stored>;

  /// As many of the first columns as `near_bytes` hold go to the device; where all of them start, it always knows.
  template <class Scalar>
  SparsePartition(const SparseView<Scalar>& matrix, std::uint64_t near_bytes)
      : rows_(matrix.rows),
        host_starts_(starts_from_zero(matrix.column_starts)),
        near_(columns_within(near_bytes)),
        starts_(host_starts_.size()),
        near_rows_(far_start()),
        near_values_(far_start()),
        far_rows_(entries() - far_start()),
        far_values_(entries() - far_start()) {
    const auto all_rows = matrix.row_indices.subspan(static_cast<std::size_t>(matrix.column_starts.front()));
    const auto all_values = matrix.values.subspan(static_cast<std::size_t>(matrix.column_starts.front()));
    const auto fill_rows = [&](std::int32_t* buffer, std::size_t first, std::size_t count) {
      std::copy_n(all_rows.data() + first, count, buffer);
    };
    const auto fill_values = [&](Stored* buffer, std::size_t first, std::size_t count) {
      for (std::size_t k = 0; k < count; ++k) buffer[k] = narrowed<Stored>(static_cast<double>(all_values[first + k]));
    };
    upload_in_pieces(starts_.data(), starts_.size(), [&](Index* buffer, std::size_t first, std::size_t count) {
      std::copy_n(host_starts_.data() + first, count, buffer);
    });
    upload_in_pieces(near_rows_.data(), near_rows_.size(), fill_rows);
    upload_in_pieces(near_values_.data(), near_values_.size(), fill_values);
    fill_rows(far_rows_.data(), far_start(), far_rows_.size());
    fill_values(far_values_.data(), far_start(), far_values_.size());
    for (Index j = 0; j < columns(); ++j) largest_ = std::max(largest_, nonzeros(j));
  }

  template <class Scalar>
  [[nodiscard]] static std::uint64_t bytes_of(const SparseView<Scalar>& matrix) {
    const auto entries = static_cast<std::uint64_t>(matrix.column_starts.back() - matrix.column_starts.front());
    return entries * (sizeof(Stored) + sizeof(std::int32_t));
  }

  [[nodiscard]] View view() const {
    return {starts_.data(),
            near_rows_.data(),
            far_rows_.data(),
            near_values_.data(),
            far_values_.data(),
            static_cast<std::int32_t>(rows_),
            static_cast<std::int32_t>(columns()),
            static_cast<std::int32_t>(near_),
            host_starts_[near_]};
  }
  [[nodiscard]] Index rows() const { return rows_; }
  [[nodiscard]] Index columns() const { return static_cast<Index>(host_starts_.size()) - 1; }
  [[nodiscard]] std::uint64_t bytes() const { return near_bytes() + far_bytes(); }
  [[nodiscard]] std::uint64_t near_bytes() const { return starts_.bytes() + near_rows_.bytes() + near_values_.bytes(); }
  [[nodiscard]] std::uint64_t far_bytes() const { return far_rows_.bytes() + far_values_.bytes(); }
  [[nodiscard]] Index width() const { return host_starts_.back() / std::max<Index>(1, columns()); }
  [[nodiscard]] Index largest_column() const { return largest_; }
  static constexpr int kChain = kVectorsAChain;

  [[nodiscard]] Column column(Index j, const Stored* values, const std::int32_t* rows) const {
    Column column{.sparse = true, .rows = {rows, rows + nonzeros(j)}, .values = {}};
    for (Index k = 0; k < nonzeros(j); ++k) column.values.push_back(widened(values[k]));
    return column;
  }
  [[nodiscard]] Column fetch(Index j, const Stream& stream) const {
    if (j >= near_) {
      const Index at = host_starts_[j] - host_starts_[near_];
      return column(j, far_values_.data() + at, far_rows_.data() + at);
    }
    const auto count = static_cast<std::size_t>(nonzeros(j));
    std::vector<Stored> values(count);
    std::vector<std::int32_t> rows(count);
    copy_to_host(values.data(), near_values_.data() + host_starts_[j], count, stream.get());
    copy_to_host(rows.data(), near_rows_.data() + host_starts_[j], count, stream.get());
    stream.wait();
    return column(j, values.data(), rows.data());
  }

 private:
  [[nodiscard]] Index nonzeros(Index j) const { return host_starts_[j + 1] - host_starts_[j]; }
  // A view of some columns of a matrix has the starts that they have there.
  static std::vector<Index> starts_from_zero(std::span<const Index> starts) {
    std::vector<Index> moved(starts.begin(), starts.end());
    for (Index& start : moved) start -= starts.front();
    return moved;
  }
  [[nodiscard]] std::size_t entries() const { return static_cast<std::size_t>(host_starts_.back()); }
  [[nodiscard]] std::size_t far_start() const { return static_cast<std::size_t>(host_starts_[near_]); }
  [[nodiscard]] Index columns_within(std::uint64_t bytes) const {
    const auto entries = static_cast<Index>(bytes / (sizeof(Stored) + sizeof(std::int32_t)));
    const auto after = std::upper_bound(host_starts_.begin(), host_starts_.end(), entries);
    return after - host_starts_.begin() - 1;
  }

  Index rows_;
  Index largest_ = 0;
  std::vector<Index> host_starts_;
  Index near_;  // columns on the device
  DeviceArray<Index> starts_;
  DeviceArray<std::int32_t> near_rows_;
  DeviceArray<Stored> near_values_;
  PinnedArray<std::int32_t> far_rows_;
  PinnedArray<Stored> far_values_;
};

}  // namespace wolfpack::gpu
