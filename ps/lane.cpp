#include "ps/lane.hpp"

#include <cassert>
#include <cstring>

#include <fmt/format.h>

#include "base/backoff.hpp"
#include "base/time.hpp"
#include "base/words.hpp"

namespace wolfpack::ps {

LaneWriter::LaneWriter(transport::Channel& channel, const transport::RemoteRegion& shard, const JobLayout& layout,
                       WorkerId writer, const std::byte* head_word)
    : channel_(channel),
      shard_(shard),
      lane_offset_(layout.lane_offset(writer)),
      tail_offset_(layout.tail_offset(writer)),
      head_word_(head_word),
      ring_(layout.lane_bytes) {}

Status LaneWriter::append(RecordKind kind, Key key, Clock clock, std::span<const std::byte> payload,
                          const transport::WaitCheck& check) {
  const std::uint64_t record_bytes = sizeof(RecordHeader) + round_up(payload.size(), kRecordAlignment);
  assert(record_bytes <= ring_bytes() / 4);  // the owner's rule for the head counts on it (owner_push.cpp)
  const std::uint64_t to_the_wrap = ring_bytes() - written_ % ring_bytes();
  const std::uint64_t padding = record_bytes > to_the_wrap ? to_the_wrap : 0;
  if (Status status = wait_for_room(padding + record_bytes, check); !status.ok()) return status;
  if (padding != 0) {
    compose({.kind = RecordKind::padding, .payload_bytes = padding - sizeof(RecordHeader), .position = written_}, {});
    written_ += padding;
  }
  compose({.kind = kind, .key = key.value, .clock = clock.value, .payload_bytes = payload.size(), .position = written_},
          payload);
  written_ += record_bytes;
  return written_ - published_ > ring_bytes() / 4 ? publish_within_append(check) : Status();
}

// Two looks at the clock are little beside a quarter of a ring, so it is timed whether anybody asks or not.
Status LaneWriter::publish_within_append(const transport::WaitCheck& check) {
  const double start = monotonic_seconds();
  Status status = publish(check);
  append_put_seconds_ += monotonic_seconds() - start;
  return status;
}

void LaneWriter::compose(const RecordHeader& header, std::span<const std::byte> payload) {
  std::byte* place = ring_.data() + written_ % ring_bytes();
  std::memcpy(place, &header, sizeof header);
  if (!payload.empty()) std::memcpy(place + sizeof header, payload.data(), payload.size());
}

Status LaneWriter::wait_for_room(std::uint64_t bytes, const transport::WaitCheck& check) {
  const auto has_room = [&] { return written_ + bytes - load_word(head_word_) <= ring_bytes(); };
  if (has_room()) return {};
  if (Status status = publish_within_append(check); !status.ok()) return status;  // the owner takes what it sees
  for (Backoff backoff; !has_room(); backoff.pause()) {
    channel_.progress();
    if (Status status = check(); !status.ok()) return status;
  }
  return {};
}

Status LaneWriter::publish(const transport::WaitCheck& check) {
  if (published_ == written_) return {};
  if (Status status = settle(check); !status.ok()) return status;
  while (published_ < written_) {
    const std::uint64_t start = published_ % ring_bytes();
    const std::uint64_t bytes = std::min(written_ - published_, ring_bytes() - start);
    const auto source = std::span<const std::byte>(ring_).subspan(start, bytes);
    if (Status status = channel_.put(shard_, lane_offset_ + start, source, in_flight_); !status.ok()) return status;
    published_ += bytes;
  }
  tail_word_ = published_;
  return channel_.ordered_put(shard_, tail_offset_, std::as_bytes(std::span(&tail_word_, 1)), in_flight_);
}

Status LaneWriter::settle(const transport::WaitCheck& check) {
  return in_flight_.done() ? in_flight_.status() : wait(channel_, in_flight_, check);
}

bool LaneReader::drain(const Visit& visit) {
  const std::uint64_t tail = load_word(tail_word_);
  if (tail == head_) return false;
  while (head_ < tail) {
    const std::uint64_t start = head_ % ring_.size();
    RecordHeader header;
    std::memcpy(&header, ring_.data() + start, sizeof header);
    const std::uint64_t bytes = sizeof header + round_up(header.payload_bytes, kRecordAlignment);
    if (header.magic != RecordHeader{}.magic || header.position != head_ || header.payload_bytes > ring_.size() ||
        bytes > ring_.size() - start || bytes > tail - head_)
      throw RuntimeFailure(fmt::format("a lane does not hold a record at byte {} (tail {})", head_, tail));
    if (header.kind != RecordKind::padding) visit(header, ring_.subspan(start + sizeof header, header.payload_bytes));
    head_ += bytes;
  }
  return true;
}

}  // namespace wolfpack::ps
