// The device memory of a selector beside its partition: what it remembers of each column, and lists of columns. For
// atom_selector.cu.
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <vector>

#include "base/types.hpp"
#include "cpu/column_transform.hpp"
#include "gpu/device_buffer.cuh"
#include "gpu/selection_state.cuh"

namespace wolfpack::gpu {

/// Owns what a ColumnState points to; the transform must stay until the stream has been waited for. No column is
/// evaluated, excluded or screened out at first.
class ColumnMemory {
 public:
  ColumnMemory(std::size_t columns, const cpu::ColumnTransform& transform, const Stream& stream)
      : norms_(columns),
        floats_(3 * columns),
        bytes_(3 * columns),
        magnitudes_(transform.means.size()),
        means_(transform.means.size()),
        scales_(transform.scales.size()),
        slot_columns_(kSlots),
        screened_columns_(1),
        largest_norm_(1) {
    copy_to_device(means_.data(), transform.means.data(), transform.means.size(), stream.get());
    copy_to_device(scales_.data(), transform.scales.data(), transform.scales.size(), stream.get());
    state_ = {.norms = norms_.data(),
              .magnitudes = transform.means.empty() ? norms_.data() : magnitudes_.data(),
              .scores = floats_.data(),
              .open = floats_.data() + columns,
              .most = floats_.data() + 2 * columns,
              .slots = bytes_.data(),
              .excluded = bytes_.data() + columns,
              .screened = bytes_.data() + 2 * columns,
              .slot_columns = slot_columns_.data(),
              .screened_columns = screened_columns_.data(),
              .means = means_.data(),
              .scales = scales_.data(),
              .largest_norm = largest_norm_.data()};
    fill_bytes(state_.slots, kNoDual, columns, stream.get());
    fill_bytes(state_.excluded, 0, columns, stream.get());
    slot_columns_.fill_bytes(0, stream.get());
    largest_norm_.fill_bytes(0, stream.get());
    unscreen(columns, stream);
  }

  [[nodiscard]] const ColumnState& state() const { return state_; }
  [[nodiscard]] std::uint64_t bytes() const {
    return norms_.bytes() + floats_.bytes() + bytes_.bytes() + magnitudes_.bytes() + means_.bytes() + scales_.bytes();
  }

  void unscreen(std::size_t columns, const Stream& stream) const {
    fill_bytes(state_.screened, 0, columns, stream.get());
    screened_columns_.fill_bytes(0, stream.get());
  }

 private:
  DeviceArray<double> norms_;
  DeviceArray<float> floats_;
  DeviceArray<std::uint8_t> bytes_;
  DeviceArray<double> magnitudes_;
  DeviceArray<double> means_;
  DeviceArray<double> scales_;
  DeviceArray<int> slot_columns_;
  DeviceArray<unsigned> screened_columns_;
  DeviceArray<unsigned long long> largest_norm_;
  ColumnState state_{};
};

/// Lists of columns, each with room for all.
class ColumnLists {
 public:
  explicit ColumnLists(std::size_t columns) : columns_(columns), lists_(4 * columns) {}

  [[nodiscard]] std::int32_t* to_read() const { return lists_.data(); }
  [[nodiscard]] std::int32_t* candidates() const { return lists_.data() + columns_; }
  [[nodiscard]] std::int32_t* contenders() const { return lists_.data() + 2 * columns_; }
  [[nodiscard]] std::int32_t* chosen() const { return lists_.data() + 3 * columns_; }
  [[nodiscard]] std::uint64_t bytes() const { return lists_.bytes(); }

 private:
  std::size_t columns_;
  DeviceArray<std::int32_t> lists_;
};

/// The excluded columns as the device has them marked, of which only what changes is sent.
class ExcludedColumns {
 public:
  explicit ExcludedColumns(std::size_t columns) : staged_(columns) {}

  struct Change {
    std::int32_t marked = 0;    ///< so many of the list are to be marked,
    std::int32_t unmarked = 0;  ///< and so many after them to be unmarked
  };
  /// To these, which increase; the list of what changes is on its way to the device afterwards.
  [[nodiscard]] Change change_to(std::span<const Index> columns, std::int32_t* list, const Stream& stream) {
    const std::size_t marked = put(columns, now_, 0);
    const std::size_t all = put(now_, columns, marked);
    now_.assign(columns.begin(), columns.end());
    copy_to_device(list, staged_.data(), all, stream.get());
    return {static_cast<std::int32_t>(marked), static_cast<std::int32_t>(all - marked)};
  }

 private:
  std::size_t put(std::span<const Index> columns, std::span<const Index> but_not, std::size_t at) {
    for (const Index j : columns)
      if (!std::binary_search(but_not.begin(), but_not.end(), j)) staged_[at++] = static_cast<std::int32_t>(j);
    return at;
  }

  PinnedArray<std::int32_t> staged_;
  std::vector<Index> now_;
};

}  // namespace wolfpack::gpu
