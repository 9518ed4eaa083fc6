// Everything that lies in memory which others write or read one-sidedly, in one place.
//
// Two kinds of region exist. Every worker has a *board* that others put words into. Every shard has a *shard region*
// that writers put records into (lanes) and readers get rows from. All words are 8 bytes, little-endian, aligned, and
// have exactly one writer each, so no atomic read-modify-write is needed anywhere. Both sides compute offsets from the
// same JobLayout; each region opens with a RegionHeader by which a peer of another job, version or layout is refused.
//
//   board of worker i                                          written by
//     RegionHeader                                             worker i
//     probe word                                               any peer, at start only
//     heartbeat[j]   one cache line each                       worker j's progress thread
//     comparison[j]  in the same line: of clocks, at start     worker j
//     clock[j]       one cache line each: finished clocks      worker j
//     owner block[s] stop, lane head, newest[k]..., floor, own folded clock      owner of shard s
//
//   region of shard s
//     RegionHeader                                             owner
//     tail[j]        one cache line each: bytes ever written, and reads made (in a replay)     worker j
//     lane[j]        a ring of records                         worker j
//     row[k]         kRowSlots slots of SlotHeader, folded[j]..., payload         owner
//
// Against torn reads: a row's slot for version v is written only when the word "newest = v - 1" has been flushed to
// every worker, and a reader accepts what it got for version v only if, after the get completed, its own newest word is
// at most v + kRowSlots - 2: then the overwriting of the slot, which belongs to version v + kRowSlots, had not begun.
// See ps/row.hpp.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "base/types.hpp"

namespace wolfpack::ps {

inline constexpr std::uint32_t kWireVersion = 4;
inline constexpr std::uint64_t kMagic = 0x314b434150464c57;  // "WLFPACK1"
inline constexpr std::uint64_t kCacheLineBytes = 64;
inline constexpr std::uint64_t kRowSlots = 4;

struct RegionHeader {
  std::uint64_t magic = kMagic;
  std::uint64_t job_id = 0;
  std::uint32_t wire_version = kWireVersion;
  std::uint32_t shard = 0;        ///< shard regions: which shard; boards: which worker
  std::uint64_t layout_hash = 0;  ///< of the JobLayout
  std::array<std::uint64_t, 4> reserved{};
};
static_assert(sizeof(RegionHeader) == kCacheLineBytes);

/// Names a row within a job.
struct Key {
  std::uint32_t value = 0;
  constexpr auto operator<=>(const Key&) const = default;
};

/// What a record in a lane is.
enum class RecordKind : std::uint16_t { update = 1, end_of_clock = 2, padding = 3 };

/// Precedes every record in a lane. Records start at multiples of kRecordAlignment and never straddle the wrap.
struct RecordHeader {
  std::uint16_t magic = 0x5057;  // "WP"
  RecordKind kind = RecordKind::padding;
  std::uint32_t key = 0;
  std::uint64_t clock = 0;
  std::uint64_t payload_bytes = 0;
  std::uint64_t position = 0;  ///< of the record's first byte in the lane's history: catches a wrong wrap
};
inline constexpr std::uint64_t kRecordAlignment = 32;
static_assert(sizeof(RecordHeader) == kRecordAlignment);

/// Opens a row's slot; `folded` words, one a worker, and the payload follow.
struct SlotHeader {
  std::uint64_t magic = kMagic;
  std::uint64_t key = 0;
  std::uint64_t version = 0;
  std::uint64_t payload_bytes = 0;
};
static_assert(sizeof(SlotHeader) == 32);

/// Why a job stops. `running` is 0, so that a zeroed board means: go on.
enum class StopReason : std::uint8_t {
  running = 0,
  iterations_done,  ///< every worker's last clock is folded in
  converged,        ///< an application's policy says so
  stalled,          ///< an application's policy says so
  time_limit,
  interrupted,  ///< by a signal
  failed,       ///< somebody died
};

struct StopWord {
  StopReason reason = StopReason::running;
  Version version;  ///< of the result

  [[nodiscard]] constexpr std::uint64_t encode() const {
    return (static_cast<std::uint64_t>(reason) << 56) | (version.value & 0x00ff'ffff'ffff'ffff);
  }
  [[nodiscard]] static constexpr StopWord decode(std::uint64_t word) {
    return {static_cast<StopReason>(word >> 56), {word & 0x00ff'ffff'ffff'ffff}};
  }
};

[[nodiscard]] constexpr std::uint64_t round_up(std::uint64_t bytes, std::uint64_t multiple) {
  return (bytes + multiple - 1) / multiple * multiple;
}

[[nodiscard]] constexpr std::uint64_t shard_of(Key key, std::uint64_t shards) { return key.value % shards; }

/// What one row and its updates take at most. Bytes.
struct RowCapacity {
  std::uint64_t row_bytes = 0;
  std::uint64_t update_bytes = 0;
};

/// The sizes that fix every offset: the same in all processes of a job.
struct JobLayout {
  std::uint64_t workers = 1;
  std::uint64_t shards = 1;       ///< row k lives in shard k % shards, hosted by worker k % shards
  std::uint64_t lane_bytes = 0;   ///< of one ring; a multiple of kRecordAlignment
  std::vector<RowCapacity> rows;  ///< by key

  /// Lanes of at least `smallest_lane_bytes` that hold at least four of the largest update.
  [[nodiscard]] static JobLayout make(std::uint64_t workers, std::uint64_t shards, std::vector<RowCapacity> rows,
                                      std::uint64_t smallest_lane_bytes = 1 << 20);

  [[nodiscard]] std::uint64_t hash() const;
  [[nodiscard]] std::uint64_t shard_of(Key key) const { return ps::shard_of(key, shards); }
  [[nodiscard]] bool has_rows(std::uint64_t shard) const { return shard < rows.size(); }

  // Offsets into a board.
  [[nodiscard]] std::uint64_t probe_offset() const { return sizeof(RegionHeader); }
  [[nodiscard]] std::uint64_t heartbeat_offset(WorkerId worker) const { return (2 + worker.value) * kCacheLineBytes; }
  [[nodiscard]] std::uint64_t comparison_offset(WorkerId worker) const { return heartbeat_offset(worker) + 8; }
  [[nodiscard]] std::uint64_t clock_offset(WorkerId worker) const {
    return (2 + workers + worker.value) * kCacheLineBytes;
  }
  [[nodiscard]] std::uint64_t owner_block_bytes() const { return round_up((4 + rows.size()) * 8, kCacheLineBytes); }
  [[nodiscard]] std::uint64_t owner_block_offset(std::uint64_t shard) const {
    return (2 + 2 * workers) * kCacheLineBytes + shard * owner_block_bytes();
  }
  [[nodiscard]] std::uint64_t stop_offset(std::uint64_t shard) const { return owner_block_offset(shard); }
  [[nodiscard]] std::uint64_t lane_head_offset(std::uint64_t shard) const { return owner_block_offset(shard) + 8; }
  [[nodiscard]] std::uint64_t newest_offset(Key key) const {
    return owner_block_offset(shard_of(key)) + 16 + key.value * 8;
  }
  /// Two words, put after the rows' words: the floor, the least clock in the shard's folded vector, and the board's
  /// owner's own clock in it.
  [[nodiscard]] std::uint64_t floor_offset(std::uint64_t shard) const {
    return owner_block_offset(shard) + 16 + rows.size() * 8;
  }
  [[nodiscard]] std::uint64_t board_bytes() const { return owner_block_offset(shards); }

  // Offsets into a shard region.
  [[nodiscard]] std::uint64_t tail_offset(WorkerId writer) const { return (1 + writer.value) * kCacheLineBytes; }
  [[nodiscard]] std::uint64_t reads_offset(WorkerId reader) const { return tail_offset(reader) + 8; }
  [[nodiscard]] std::uint64_t lane_offset(WorkerId writer) const {
    return (1 + workers) * kCacheLineBytes + writer.value * lane_bytes;
  }
  [[nodiscard]] std::uint64_t slot_payload_offset() const { return sizeof(SlotHeader) + workers * 8; }
  [[nodiscard]] std::uint64_t slot_bytes(Key key) const {
    return round_up(slot_payload_offset() + rows[key.value].row_bytes, kCacheLineBytes);
  }
  [[nodiscard]] std::uint64_t row_offset(Key key) const;
  [[nodiscard]] std::uint64_t slot_offset(Key key, Version version) const {
    return row_offset(key) + version.value % kRowSlots * slot_bytes(key);
  }
  [[nodiscard]] std::uint64_t shard_bytes(std::uint64_t shard) const;
};

/// Why the job stops, as a board says it: the first shard's reason, but "iterations done" only once all shards say so.
[[nodiscard]] StopWord stop_of(const JobLayout& layout, std::span<const std::byte> board);

}  // namespace wolfpack::ps
