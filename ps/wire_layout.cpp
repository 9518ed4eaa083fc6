#include "ps/wire_layout.hpp"

#include <algorithm>

#include "base/fnv1a.hpp"
#include "base/words.hpp"

namespace wolfpack::ps {

JobLayout JobLayout::make(std::uint64_t workers, std::uint64_t shards, std::vector<RowCapacity> rows,
                          std::uint64_t smallest_lane_bytes) {
  std::uint64_t largest_update = 0;
  for (const auto& row : rows) largest_update = std::max(largest_update, row.update_bytes);
  const std::uint64_t record = sizeof(RecordHeader) + round_up(largest_update, kRecordAlignment);
  return {workers, shards, round_up(std::max(smallest_lane_bytes, 4 * record), kRecordAlignment), std::move(rows)};
}

std::uint64_t JobLayout::hash() const {
  Fnv1a hash;
  for (const std::uint64_t word : {workers, shards, lane_bytes, kRowSlots}) hash.add(word);
  for (const auto& row : rows) hash.add(row.row_bytes), hash.add(row.update_bytes);
  return hash.value();
}

std::uint64_t JobLayout::row_offset(Key key) const {
  std::uint64_t offset = round_up(lane_offset({static_cast<std::uint32_t>(workers)}), kCacheLineBytes);
  for (std::uint32_t k = key.value % static_cast<std::uint32_t>(shards); k < key.value;
       k += static_cast<std::uint32_t>(shards))
    offset += kRowSlots * slot_bytes({k});
  return offset;
}

std::uint64_t JobLayout::shard_bytes(std::uint64_t shard) const {
  std::uint64_t bytes = round_up(lane_offset({static_cast<std::uint32_t>(workers)}), kCacheLineBytes);
  for (std::uint64_t k = shard; k < rows.size(); k += shards)
    bytes += kRowSlots * slot_bytes({static_cast<std::uint32_t>(k)});
  return bytes;
}

StopWord stop_of(const JobLayout& layout, std::span<const std::byte> board) {
  std::uint64_t done = 0;
  StopWord last;
  for (std::uint64_t s = 0; s < layout.shards; ++s) {
    last = StopWord::decode(load_word(board.data() + layout.stop_offset(s)));
    if (last.reason == StopReason::iterations_done)
      ++done;
    else if (last.reason != StopReason::running)
      return last;
  }
  return done == layout.shards ? last : StopWord{};
}

}  // namespace wolfpack::ps
