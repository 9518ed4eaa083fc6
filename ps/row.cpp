#include "ps/row.hpp"

#include <algorithm>
#include <atomic>
#include <cstring>
#include <utility>

#include <fmt/format.h>

#include "base/bytes.hpp"
#include "base/words.hpp"

namespace wolfpack::ps {
namespace {
constexpr std::uint64_t kMostPrefetchedBytes = 64 << 10;  // more would not stay in a core's own cache
}

void RowPublisher::publish(std::span<const std::byte> payload, std::span<const std::uint64_t> folded) {
  if (payload.size() > layout_.rows[key_.value].row_bytes)
    throw RuntimeFailure(fmt::format("row {} has {} bytes and was declared with {}", key_.value, payload.size(),
                                     layout_.rows[key_.value].row_bytes));
  version_ = version_.next();
  std::byte* place = memory_.data() + layout_.slot_offset(key_, version_);
  slot_bytes_ = layout_.slot_payload_offset() + payload.size();
  const auto store = [&place](std::span<const std::byte> part) {
    store_shared(place, part);
    place += part.size();
  };
  const SlotHeader header{.key = key_.value, .version = version_.value, .payload_bytes = payload.size()};
  store(std::as_bytes(std::span(&header, 1)));
  store(std::as_bytes(folded));
  store(payload);
  std::atomic_thread_fence(
      std::memory_order_release);  // the word that names the version is put after what the slot holds
}

void RowPublisher::prefetch_next_slot() const {
  const std::byte* slot = memory_.data() + layout_.slot_offset(key_, version_.next());
  const std::uint64_t bytes = std::min<std::uint64_t>(slot_bytes_, kMostPrefetchedBytes);
  for (std::uint64_t i = 0; i < bytes; i += kCacheLineBytes) __builtin_prefetch(slot + i, 1);
}

RowReader::RowReader(transport::Channel& channel, const transport::RemoteRegion& shard, const JobLayout& layout,
                     Key key, const std::byte* newest_word)
    : channel_(channel),
      shard_(shard),
      layout_(layout),
      key_(key),
      newest_word_(newest_word),
      slot_(layout.slot_bytes(key)),
      accepted_slot_(slot_.size()),
      expected_bytes_(layout.rows[key.value].row_bytes) {}

Version RowReader::newest() const { return {load_word(newest_word_)}; }

Status RowReader::refresh(bool& is_newest, const transport::WaitCheck& check) {
  return read(newest(), kRowSlots - 2, is_newest, check);
}

Status RowReader::read_held(Version version, bool& is_there, const transport::WaitCheck& check) {
  return read(version, kRowSlots - 1, is_there, check);
}

Status RowReader::read(Version version, std::uint64_t most_behind, bool& is_there, const transport::WaitCheck& check) {
  is_there = version == snapshot_.version;
  return is_there ? Status() : fetch(version, most_behind, is_there, check);
}

Status RowReader::get(std::uint64_t offset, std::span<std::byte> destination, const transport::WaitCheck& check) {
  transport::Completion done;
  if (Status status = channel_.get(shard_, offset, destination, done); !status.ok()) return status;
  Status status = wait(channel_, done, check);
  std::atomic_thread_fence(std::memory_order_acquire);  // the newest word is looked at after what the get brought
  return status;
}

Status RowReader::fetch(Version version, std::uint64_t most_behind, bool& accepted, const transport::WaitCheck& check) {
  const std::uint64_t offset = layout_.slot_offset(key_, version);
  const std::uint64_t fixed_bytes = layout_.slot_payload_offset();
  const std::uint64_t capacity = layout_.rows[key_.value].row_bytes;
  std::uint64_t got = fixed_bytes + std::min(expected_bytes_, capacity);
  if (Status status = get(offset, {slot_.data(), got}, check); !status.ok()) return status;

  SlotHeader header;
  std::memcpy(&header, slot_.data(), sizeof header);
  const bool plausible = header.magic == kMagic && header.key == key_.value && header.version == version.value &&
                         header.payload_bytes <= capacity;
  if (plausible && fixed_bytes + header.payload_bytes > got) {  // the row has grown
    const std::span<std::byte> rest{slot_.data() + got, fixed_bytes + header.payload_bytes - got};
    if (Status status = get(offset + got, rest, check); !status.ok()) return status;
  }
  accepted = newest().value <= version.value + most_behind;  // after the get: see the top of the header
  if (!accepted) return {};
  if (!plausible)
    return {StatusCode::transport_error,
            fmt::format("row {}: version {} is not in its slot", key_.value, version.value)};

  snapshot_.version = version;
  snapshot_.folded.resize(layout_.workers);
  std::memcpy(snapshot_.folded.data(), slot_.data() + sizeof header, layout_.workers * sizeof(Clock));
  std::swap(slot_, accepted_slot_);
  snapshot_.payload = std::span<const std::byte>(accepted_slot_).subspan(fixed_bytes, header.payload_bytes);
  // Rows grow by a little from version to version: an eighth more than the last one usually saves the second get.
  expected_bytes_ = round_up(header.payload_bytes + header.payload_bytes / 8, kCacheLineBytes);
  return {};
}

}  // namespace wolfpack::ps
