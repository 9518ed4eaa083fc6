#include "tests/sim/breaks.hpp"

#include <cstring>
#include <deque>
#include <utility>

#include "tests/support/passing_channel.hpp"

namespace wolfpack::sim::breaks {
namespace {

using transport::Channel;
using transport::Completion;
using transport::RemoteRegion;

/// Owns what it passes on to, and knows how the job lays out its memory.
class Passing : public testing::PassingChannel {
 public:
  Passing(std::unique_ptr<Channel> inner, ps::JobLayout layout)
      : PassingChannel(*inner), layout_(std::move(layout)), inner_(std::move(inner)) {}

 protected:
  /// Puts a changed copy, which lives as long as the channel.
  Status put_changed(const RemoteRegion& to, std::uint64_t offset, Bytes changed, Completion& done) {
    return inner_->put(to, offset, changed_.emplace_back(std::move(changed)), done);
  }

  ps::JobLayout layout_;

 private:
  std::deque<Bytes> changed_;  // outlives inner_, which reads it
  std::unique_ptr<Channel> inner_;
};

/// Channel 0 of a process is its iterating thread's, channel 1 the owner's where it hosts a shard.
enum class Whose { worker, owner };

template <class Broken>
Network::Wrap break_channel(const ps::JobLayout& layout, Whose whose) {
  return [layout, whose](std::unique_ptr<Channel> channel, std::size_t process,
                         std::size_t opened) -> std::unique_ptr<Channel> {
    const bool is_meant = whose == Whose::worker ? opened == 0 : opened == 1 && process < layout.shards;
    if (!is_meant) return channel;
    return std::make_unique<Broken>(std::move(channel), layout);
  };
}

class UnorderedTail final : public Passing {
 public:
  using Passing::Passing;
  Status ordered_put(const RemoteRegion& to, std::uint64_t offset, std::span<const std::byte> source,
                     Completion& done) override {
    return put(to, offset, source, done);
  }
};

class LostEnds final : public Passing {
 public:
  using Passing::Passing;
  Status put(const RemoteRegion& to, std::uint64_t offset, std::span<const std::byte> source,
             Completion& done) override {
    const std::uint64_t lanes = layout_.lane_offset({0});
    if (offset < lanes || to.size_bytes <= layout_.board_bytes()) return Passing::put(to, offset, source, done);
    Bytes changed(source.begin(), source.end());
    for (std::size_t at = 0; at < changed.size();) {
      ps::RecordHeader header;
      std::memcpy(&header, changed.data() + at, sizeof header);
      if (header.kind == ps::RecordKind::end_of_clock && ++ends_ % 3 == 0) {
        header.kind = ps::RecordKind::padding;
        std::memcpy(changed.data() + at, &header, sizeof header);
      }
      at += sizeof header + ps::round_up(header.payload_bytes, ps::kRecordAlignment);
    }
    return put_changed(to, offset, std::move(changed), done);
  }

 private:
  std::uint64_t ends_ = 0;
};

/// What an owner puts into a board of its shard.
struct Words {
  std::uint64_t shard;
  RemoteRegion to;
  std::uint64_t offset;
  std::span<const std::byte> source;

  [[nodiscard]] bool stop() const {  // they begin with the stop word
    std::uint64_t word = 0;
    std::memcpy(&word, source.data(), sizeof word);
    return word != 0;
  }
};

class BrokenWords : public Passing {
 public:
  using Passing::Passing;
  Status put(const RemoteRegion& to, std::uint64_t offset, std::span<const std::byte> source,
             Completion& done) override {
    for (std::uint64_t shard = 0; shard < layout_.shards; ++shard)
      if (offset == layout_.owner_block_offset(shard)) return put_words({shard, to, offset, source}, done);
    return Passing::put(to, offset, source, done);
  }

 protected:
  virtual Status put_words(const Words& words, Completion& done) = 0;
};

/// Takes the words of the rows for flushed when they are only sent; all else, the floor too, keeps its order.
class UnawaitedWords final : public BrokenWords {
 public:
  using BrokenWords::BrokenWords;
  Status put(const RemoteRegion& to, std::uint64_t offset, std::span<const std::byte> source,
             Completion& done) override {
    for (std::uint64_t shard = 0; shard < layout_.shards; ++shard)
      if (offset == layout_.floor_offset(shard)) return ordered_put(to, offset, source, done);
    return BrokenWords::put(to, offset, source, done);
  }
  Status flush(transport::PeerIndex peer, Completion& done) override {
    return std::exchange(sent_only_, false) ? Status() : Passing::flush(peer, done);
  }

 private:
  Status put_words(const Words& words, Completion& done) override {
    sent_only_ = !words.stop();
    return Passing::put(words.to, words.offset, words.source, done);
  }

  bool sent_only_ = false;
};

class NoHead final : public BrokenWords {
 public:
  using BrokenWords::BrokenWords;

 private:
  Status put_words(const Words& words, Completion& done) override {
    Bytes changed(words.source.begin(), words.source.end());
    std::memset(changed.data() + (layout_.lane_head_offset(words.shard) - words.offset), 0, 8);
    return put_changed(words.to, words.offset, std::move(changed), done);
  }
};

class WrongShard final : public BrokenWords {
 public:
  using BrokenWords::BrokenWords;

 private:
  Status put_words(const Words& words, Completion& done) override {
    return Passing::put(words.to, layout_.owner_block_offset((words.shard + 1) % layout_.shards), words.source, done);
  }
};

/// The words of the rows are kept back until the floor that covers them has been put.
class LateWords final : public BrokenWords {
 public:
  using BrokenWords::BrokenWords;

 private:
  Status put_words(const Words& words, Completion& done) override {
    if (words.stop()) return Passing::put(words.to, words.offset, words.source, done);
    kept_.push_back({words.to, words.offset, Bytes(words.source.begin(), words.source.end())});
    if (++rounds_ % 2 != 0) return {};
    for (Kept& kept : kept_)
      if (Status status = put_changed(kept.to, kept.offset, std::move(kept.words), done); !status.ok()) return status;
    kept_.clear();
    return {};
  }

  struct Kept {
    RemoteRegion to;
    std::uint64_t offset;
    Bytes words;
  };
  std::vector<Kept> kept_;
  std::uint64_t rounds_ = 0;
};

}  // namespace

Network::Wrap tail_before_data(const ps::JobLayout& layout) {
  return break_channel<UnorderedTail>(layout, Whose::worker);
}
Network::Wrap no_end_of_clock_record(const ps::JobLayout& layout) {
  return break_channel<LostEnds>(layout, Whose::worker);
}
Network::Wrap slot_reused_early(const ps::JobLayout& layout) {
  return break_channel<UnawaitedWords>(layout, Whose::owner);
}
Network::Wrap head_not_returned(const ps::JobLayout& layout) { return break_channel<NoHead>(layout, Whose::owner); }
Network::Wrap words_of_another_shard(const ps::JobLayout& layout) {
  return break_channel<WrongShard>(layout, Whose::owner);
}
Network::Wrap floor_before_words(const ps::JobLayout& layout) { return break_channel<LateWords>(layout, Whose::owner); }

}  // namespace wolfpack::sim::breaks
