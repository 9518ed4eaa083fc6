#include "latency/transport_operations.hpp"

#include <cstring>
#include <thread>

#include <fmt/format.h>

#include "base/large_array.hpp"
#include "base/words.hpp"

namespace wolfpack::latency {
namespace {

using transport::Completion;

constexpr std::uint64_t kFlagOffset = kOperationOffset;
constexpr std::uint64_t kPageBytes = 4096;
constexpr std::uint64_t kDataOffset = kPageBytes;

/// What the four have in common: the region's parts and the other end.
class BetweenTwo : public Operation {
 public:
  BetweenTwo(std::uint64_t bytes, const Roles& roles, Ends& ends)
      : bytes_(bytes),
        ends_(ends),
        remote_(ends.remote(roles.initiates() ? roles.targets.front() : roles.initiator, 0)),
        room_(bytes + kPageBytes),
        local_(room_.data() + (kPageBytes - reinterpret_cast<std::uintptr_t>(room_.data()) % kPageBytes)) {}

  [[nodiscard]] std::string lanes() const override { return ends_.channel().lanes(remote_.peer); }
  void attend() override {
    for (int i = 0; i < kLooks; ++i) ends_.serve();
  }

 protected:
  /// Looking at sockets costs as much as a short message, so the channel, whose part is done mostly, is looked at now
  /// and then; what is under way, at every look.
  void meanwhile() {
    constexpr std::uint64_t kBetween = 16;
    if (!sent_.done() || !flag_sent_.done() || ++looks_ % kBetween == 0) ends_.channel().progress();
    ends_.serve();
  }
  /// For who is asked nothing by the other end.
  Status await_own() {
    const auto progress = [this] {
      ends_.channel().progress();
      if (ends_.manners().yields) std::this_thread::yield();
    };
    if (Status status = ends_.await([this] { return sent_.done(); }, progress); !status.ok()) return status;
    return sent_.status();
  }
  [[nodiscard]] std::byte* own_last_word() { return ends_.memory(0).data() + kDataOffset + bytes_ - 8; }
  [[nodiscard]] std::byte* own_flag() { return ends_.memory(0).data() + kFlagOffset; }
  [[nodiscard]] std::span<std::byte> local() { return {local_, bytes_}; }

  /// Puts the data, of which the last word tells which it is. The one before must have been answered.
  Status put_data(std::uint64_t sequence) {
    if (Status status = ends_.await(sent_); !status.ok()) return status;
    std::memcpy(local_ + bytes_ - 8, &sequence, sizeof sequence);
    return ends_.channel().put(remote_, kDataOffset, local(), sent_);
  }
  Status put_flag(std::uint64_t sequence) {
    if (Status status = ends_.await(flag_sent_); !status.ok()) return status;
    flag_ = sequence;
    return ends_.channel().ordered_put(remote_, kFlagOffset, std::as_bytes(std::span(&flag_, 1)), flag_sent_);
  }

  std::uint64_t bytes_;
  Ends& ends_;
  transport::RemoteRegion remote_;
  LargeArray<std::byte> room_;
  std::byte* local_;  // page-aligned, in room_
  std::uint64_t flag_ = 0;
  std::uint64_t sequence_ = 0;  // of the last exchange
  std::uint64_t looks_ = 0;
  Completion sent_, flag_sent_;
};

/// There and back, each side looking at the last word of what it gets, which the common transports bring last. (Over
/// shared memory from 32 KiB on the processor is free to bring others later, base/words.hpp, as in any memcpy.)
class Put final : public BetweenTwo {
 public:
  using BetweenTwo::BetweenTwo;
  Status perform(std::uint64_t count) override {
    const std::byte* const last = own_last_word();
    for (const std::uint64_t end = sequence_ + count; sequence_ < end;) {
      if (Status status = put_data(++sequence_); !status.ok()) return status;
      const auto is_back = [&] { return load_word(last) == sequence_; };
      if (Status status = ends_.await(is_back, [this] { meanwhile(); }); !status.ok()) return status;
    }
    return {};
  }
  void attend() override {
    const std::byte* const last = own_last_word();
    for (int i = 0; i < kLooks; ++i) {
      if (load_word(last) == sequence_ + 1) put_data(++sequence_).or_throw();
      meanwhile();
    }
  }
};

class Get final : public BetweenTwo {
 public:
  using BetweenTwo::BetweenTwo;
  Status perform(std::uint64_t count) override {
    for (; count > 0; --count) {
      if (Status status = ends_.channel().get(remote_, kDataOffset, local(), sent_); !status.ok()) return status;
      if (Status status = await_own(); !status.ok()) return status;
    }
    return {};
  }
};

class FetchAdd final : public BetweenTwo {
 public:
  using BetweenTwo::BetweenTwo;
  Status perform(std::uint64_t count) override {
    for (; count > 0; --count, ++sequence_) {
      std::uint64_t& before = flag_;
      if (Status status = ends_.channel().fetch_add(remote_, kFlagOffset, 1, before, sent_); !status.ok())
        return status;
      if (Status status = await_own(); !status.ok()) return status;
      if (before != sequence_)
        return {StatusCode::transport_error,
                fmt::format("fetch_add number {} found {} where nobody else adds", sequence_ + 1, before)};
    }
    return {};
  }
};

/// Data, a flag ordered after them, and the target's flag back; it looks whether the data were there.
class PutThenFlag final : public BetweenTwo {
 public:
  using BetweenTwo::BetweenTwo;
  Status perform(std::uint64_t count) override {
    const std::byte* const flag = own_flag();
    for (const std::uint64_t end = sequence_ + count; sequence_ < end;) {
      if (Status status = put_data(++sequence_); !status.ok()) return status;
      if (Status status = put_flag(sequence_); !status.ok()) return status;
      const auto is_back = [&] { return load_word(flag) == sequence_; };
      if (Status status = ends_.await(is_back, [this] { meanwhile(); }); !status.ok()) return status;
    }
    return {};
  }
  void attend() override {
    const std::byte* const flag = own_flag();
    for (int i = 0; i < kLooks; ++i) {
      if (load_word(flag) == sequence_ + 1) answer();
      meanwhile();
    }
  }

 private:
  void answer() {
    ++sequence_;
    if (const std::uint64_t seen = load_word(own_last_word()); seen != sequence_)
      throw RuntimeFailure(
          fmt::format("put_then_flag of {} bytes: flag {} was seen before its data, which were still those of {}",
                      bytes_, sequence_, seen));
    put_flag(sequence_).or_throw();
  }
};

}  // namespace

std::uint64_t transport_region_bytes(std::uint64_t bytes) { return kDataOffset + bytes; }

std::unique_ptr<Operation> make_transport_operation(OperationKind kind, std::uint64_t bytes, const Roles& roles,
                                                    Ends& ends) {
  if (kind == OperationKind::put) return std::make_unique<Put>(bytes, roles, ends);
  if (kind == OperationKind::get) return std::make_unique<Get>(bytes, roles, ends);
  if (kind == OperationKind::fetch_add) return std::make_unique<FetchAdd>(bytes, roles, ends);
  return std::make_unique<PutThenFlag>(bytes, roles, ends);
}

}  // namespace wolfpack::latency
