#include "ps/wire_layout.hpp"

#include <algorithm>
#include <set>
#include <string>

#include <gtest/gtest.h>

namespace wolfpack::ps {
namespace {

struct Piece {
  std::uint64_t begin, bytes;
  std::string name;
};

/// No two pieces overlap, all lie before `end`, all start at multiples of 8.
void expect_disjoint(std::vector<Piece> pieces, std::uint64_t end) {
  std::sort(pieces.begin(), pieces.end(), [](const Piece& a, const Piece& b) { return a.begin < b.begin; });
  for (std::size_t i = 0; i < pieces.size(); ++i) {
    const std::uint64_t next = i + 1 < pieces.size() ? pieces[i + 1].begin : end;
    EXPECT_LE(pieces[i].begin + pieces[i].bytes, next) << pieces[i].name;
    EXPECT_EQ(pieces[i].begin % 8, 0u) << pieces[i].name;
  }
}

std::vector<JobLayout> layouts() {
  std::vector<JobLayout> all;
  for (const std::uint64_t workers : {1u, 2u, 7u})
    for (const std::uint64_t shards : {1u, 2u, 3u})
      for (const std::uint64_t rows : {0u, 1u, 5u}) {
        std::vector<RowCapacity> capacities;
        for (std::uint64_t k = 0; k < rows; ++k)
          capacities.push_back({.row_bytes = 100 * k + 1, .update_bytes = 1000 * k + 3});
        all.push_back(JobLayout::make(workers, std::min(workers, shards), capacities, 4096));
      }
  return all;
}

TEST(JobLayout, NothingOnABoardOverlaps) {
  for (const JobLayout& layout : layouts()) {
    std::vector<Piece> pieces{{0, sizeof(RegionHeader), "header"}, {layout.probe_offset(), 8, "probe word"}};
    for (std::uint32_t i = 0; i < layout.workers; ++i) {
      pieces.push_back({layout.heartbeat_offset({i}), 8, "heartbeat"});
      pieces.push_back({layout.comparison_offset({i}), 8, "comparison of clocks"});
      pieces.push_back({layout.clock_offset({i}), kCacheLineBytes, "clock"});
    }
    for (std::uint32_t s = 0; s < layout.shards; ++s) {
      pieces.push_back({layout.stop_offset(s), 8, "stop"});
      pieces.push_back({layout.lane_head_offset(s), 8, "lane head"});
      pieces.push_back({layout.floor_offset(s), 16, "floor and own folded clock"});
    }
    for (std::uint32_t k = 0; k < layout.rows.size(); ++k) pieces.push_back({layout.newest_offset({k}), 8, "newest"});
    expect_disjoint(pieces, layout.board_bytes());
  }
}

TEST(JobLayout, TheOwnersBlockIsInOnePiece) {
  // One put brings stop, lane head and the newest words; the floor has its own, after them.
  for (const JobLayout& layout : layouts())
    for (std::uint32_t k = 0; k < layout.rows.size(); ++k) {
      const std::uint64_t shard = layout.shard_of({k});
      EXPECT_GE(layout.newest_offset({k}), layout.owner_block_offset(shard) + 16);
      EXPECT_LT(layout.newest_offset({k}), layout.floor_offset(shard));
      EXPECT_LE(layout.floor_offset(shard) + 16, layout.owner_block_offset(shard) + layout.owner_block_bytes());
    }
}

TEST(JobLayout, NothingInAShardOverlapsAndSlotsHoldTheLargestRow) {
  for (const JobLayout& layout : layouts())
    for (std::uint64_t shard = 0; shard < layout.shards; ++shard) {
      std::vector<Piece> pieces{{0, sizeof(RegionHeader), "header"}};
      for (std::uint32_t i = 0; i < layout.workers; ++i) {
        pieces.push_back({layout.tail_offset({i}), kCacheLineBytes, "tail"});
        pieces.push_back({layout.lane_offset({i}), layout.lane_bytes, "lane"});
      }
      for (std::uint32_t k = 0; k < layout.rows.size(); ++k) {
        if (layout.shard_of({k}) != shard) continue;
        for (std::uint64_t v = 1; v <= kRowSlots; ++v)
          pieces.push_back(
              {layout.slot_offset({k}, {v}), layout.slot_payload_offset() + layout.rows[k].row_bytes, "slot"});
      }
      expect_disjoint(pieces, layout.shard_bytes(shard));
    }
}

TEST(JobLayout, AVersionReusesTheSlotOfTheOneRowSlotsBefore) {
  const auto layout = JobLayout::make(2, 1, {{.row_bytes = 80, .update_bytes = 80}});
  std::set<std::uint64_t> slots;
  for (std::uint64_t v = 1; v <= kRowSlots; ++v) {
    slots.insert(layout.slot_offset({0}, {v}));
    EXPECT_EQ(layout.slot_offset({0}, {v}), layout.slot_offset({0}, {v + kRowSlots}));
  }
  EXPECT_EQ(slots.size(), kRowSlots);
}

TEST(JobLayout, LanesHoldFourOfTheLargestUpdate) {
  for (const JobLayout& layout : layouts()) {
    std::uint64_t largest = 0;
    for (const auto& row : layout.rows) largest = std::max(largest, row.update_bytes);
    EXPECT_GE(layout.lane_bytes, 4 * (sizeof(RecordHeader) + largest));
    EXPECT_GE(layout.lane_bytes, 4096u);
    EXPECT_EQ(layout.lane_bytes % kRecordAlignment, 0u);
    EXPECT_EQ(layout.lane_offset({0}) % kRecordAlignment, 0u);
  }
}

TEST(JobLayout, TheHashTellsLayoutsApart) {
  std::set<std::uint64_t> hashes;
  for (const JobLayout& layout : layouts()) hashes.insert(layout.hash());
  std::set<std::string> different;
  for (const JobLayout& layout : layouts())
    different.insert(std::to_string(layout.workers) + "/" + std::to_string(layout.shards) + "/" +
                     std::to_string(layout.rows.size()));
  EXPECT_EQ(hashes.size(), different.size());
  const auto hash = [](std::vector<RowCapacity> rows) { return JobLayout::make(2, 1, std::move(rows)).hash(); };
  EXPECT_NE(hash({{.row_bytes = 8, .update_bytes = 16}}), hash({{.row_bytes = 16, .update_bytes = 8}}));
  EXPECT_EQ(hash({{.row_bytes = 8, .update_bytes = 16}}), hash({{.row_bytes = 8, .update_bytes = 16}}));
}

TEST(StopWord, SurvivesTheWire) {
  for (const auto reason : {StopReason::iterations_done, StopReason::converged, StopReason::stalled,
                            StopReason::time_limit, StopReason::interrupted, StopReason::failed}) {
    const auto word = StopWord::decode(StopWord{reason, {123'456'789'012}}.encode());
    EXPECT_EQ(word.reason, reason);
    EXPECT_EQ(word.version, Version{123'456'789'012});
  }
}

TEST(StopWord, AZeroedBoardMeansGoOn) { EXPECT_EQ(StopWord::decode(0).reason, StopReason::running); }

class StopOfABoard : public ::testing::Test {
 protected:
  void stop(std::uint64_t shard, StopReason reason) {
    board_[layout_.stop_offset(shard) / 8] = StopWord{reason, {shard + 1}}.encode();
  }
  [[nodiscard]] StopReason reason() const { return stop_of(layout_, std::as_bytes(std::span(board_))).reason; }

  JobLayout layout_ = JobLayout::make(3, 3, {});
  std::vector<std::uint64_t> board_ = std::vector<std::uint64_t>(layout_.board_bytes() / 8);
};

TEST_F(StopOfABoard, IsRunningUntilSomebodySaysSo) { EXPECT_EQ(reason(), StopReason::running); }

TEST_F(StopOfABoard, AnyShardsReasonStopsTheJob) {
  stop(2, StopReason::converged);
  EXPECT_EQ(reason(), StopReason::converged);
}

TEST_F(StopOfABoard, IterationsAreDoneOnlyWhenAllShardsHaveFoldedThem) {
  stop(0, StopReason::iterations_done);
  stop(2, StopReason::iterations_done);
  EXPECT_EQ(reason(), StopReason::running);
  stop(1, StopReason::iterations_done);
  EXPECT_EQ(reason(), StopReason::iterations_done);
}

TEST_F(StopOfABoard, AReasonGoesBeforeAShardThatIsDone) {
  stop(0, StopReason::iterations_done);
  stop(1, StopReason::time_limit);
  EXPECT_EQ(reason(), StopReason::time_limit);
}

}  // namespace
}  // namespace wolfpack::ps
