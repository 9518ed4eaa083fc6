// The columns of the atoms that a pass chose: the device writes them to pinned memory with the answer, so that nobody
// has to ask for them. For atom_selector.cu.
#pragma once

#include <algorithm>
#include <optional>
#include <span>
#include <vector>

#include "base/atom_selector.hpp"
#include "gpu/device_buffer.cuh"
#include "gpu/device_partition.cuh"
#include "gpu/selection_kernels.cuh"

namespace wolfpack::gpu {

template <class Partition>
class GatheredColumns {
 public:
  using Value = typename Partition::Value;
  using View = typename Partition::View;

  explicit GatheredColumns(const Partition& partition)
      : pitch_(partition.largest_column()),
        room_(room_for(pitch_)),
        values_(room_ * static_cast<std::size_t>(pitch_)),
        rows_(View::kIsDense ? 0 : room_ * static_cast<std::size_t>(pitch_)) {}

  /// Of `count` chosen columns, as many as there is room for.
  [[nodiscard]] std::size_t most_of(std::size_t count) const { return std::min(count, room_); }

  [[nodiscard]] static auto kernel() {
    if constexpr (View::kIsDense) {
      return &gather_dense<Value>;
    } else {
      return &gather_sparse<Value>;
    }
  }
  void gather(const View& columns, int blocks, const std::int32_t* chosen, const Counters* counters,
              const Stream& stream) const {
    const auto room = static_cast<unsigned>(room_);
    if constexpr (View::kIsDense) {
      launch(kernel(), blocks, kThreads, stream.get(), columns, chosen, counters, room, pitch_, values_.data());
    } else {
      launch(kernel(), blocks, kThreads, stream.get(), columns, chosen, counters, room, pitch_, values_.data(),
             rows_.data());
    }
  }
  /// Which they are, best first, once the stream has been waited for.
  void note(std::span<const ScoredAtom> atoms) {
    columns_.clear();
    for (const ScoredAtom& atom : atoms.first(std::min(atoms.size(), room_))) columns_.push_back(atom.column);
  }
  /// None where the column is not among them.
  [[nodiscard]] std::optional<Column> column(const Partition& partition, Index j) const {
    const auto found = std::find(columns_.begin(), columns_.end(), j);
    if (found == columns_.end()) return std::nullopt;
    const auto at = (found - columns_.begin()) * pitch_;
    return partition.column(j, values_.data() + at, rows_.data() + at);
  }

 private:
  static constexpr std::size_t kMostBytes = std::size_t{16} << 20;

  static std::size_t room_for(Index pitch) {
    const auto bytes = static_cast<std::size_t>(std::max<Index>(1, pitch)) *
                       (sizeof(Value) + (View::kIsDense ? 0 : sizeof(std::int32_t)));
    return std::clamp<std::size_t>(kMostBytes / bytes, 1, kMostRanked);
  }

  Index pitch_;  // of one column to the next, in numbers
  std::size_t room_;
  PinnedArray<Value> values_;
  PinnedArray<std::int32_t> rows_;
  std::vector<Index> columns_;
};

}  // namespace wolfpack::gpu
