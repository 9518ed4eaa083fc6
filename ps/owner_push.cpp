#include "ps/owner_push.hpp"

#include <algorithm>

namespace wolfpack::ps {

OwnerPush::OwnerPush(const JobLayout& layout, std::uint64_t shard, transport::Channel& channel,
                     const transport::RemoteRegion& board)
    : layout_(layout),
      shard_(shard),
      channel_(channel),
      board_(board),
      sent_(kNewest + layout.rows.size(), 0),
      flushed_(sent_) {}

bool OwnerPush::step(const Words& latest) {
  bool moved = false;
  while (advance(latest)) moved = true;
  return moved;
}

bool OwnerPush::advance(const Words& latest) {
  bool moved = false;
  if (stage_ != Stage::idle && done_.done()) {
    done_.status().or_throw();
    moved = true;
    if (stage_ == Stage::words) flushed_ = sent_;
    if (stage_ == Stage::words && folded_ != folded_sent_ && sent_[kStop] == 0)
      begin_folded();
    else
      stage_ = Stage::idle;
  }
  if (stage_ == Stage::idle && flushed_[kStop] == 0 && has_news(latest)) {
    begin_words(latest);
    moved = true;
  }
  return moved;
}

bool OwnerPush::has_news(const Words& latest) const {
  // The head alone is worth a put only when it frees an eighth of the ring: records take at most a quarter of it, so a
  // writer that waits for room, padding included, is always owed more than that.
  return latest.stop != sent_[kStop] || latest.folded != folded_sent_ ||
         latest.lane_head - sent_[kLaneHead] >= layout_.lane_bytes / 8 ||
         std::any_of(latest.newest.begin(), latest.newest.end(),
                     [this](const auto& word) { return word.second != sent_[kNewest + word.first.value]; });
}

void OwnerPush::begin_words(const Words& latest) {
  sent_[kStop] = latest.stop;
  sent_[kLaneHead] = latest.lane_head;
  for (const auto& [key, version] : latest.newest) sent_[kNewest + key.value] = version;
  folded_ = latest.folded;
  stage_ = Stage::words;
  const auto words = std::as_bytes(std::span(sent_));
  for (std::size_t at = 0; at < words.size(); at += transport::kWholeWordsBytes) {
    const auto part = words.subspan(at, std::min(words.size() - at, transport::kWholeWordsBytes));
    channel_.put(board_, layout_.owner_block_offset(shard_) + at, part, done_).or_throw();
  }
  channel_.flush(board_.peer, done_).or_throw();
}

void OwnerPush::begin_folded() {
  folded_sent_ = folded_;
  stage_ = Stage::folded;
  channel_.put(board_, layout_.floor_offset(shard_), std::as_bytes(std::span(&folded_sent_, 1)), done_).or_throw();
  channel_.flush(board_.peer, done_).or_throw();
}

}  // namespace wolfpack::ps
