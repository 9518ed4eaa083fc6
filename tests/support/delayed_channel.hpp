// A channel that carries nothing out until it is told to: for tests of what must, and must not, wait for a completion.
//
//     DelayedChannel channel;
//     const RemoteRegion board = channel.attach(memory);
//     ...; channel.complete(1);           // the oldest operation takes effect, reading its source only now
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <span>
#include <vector>

#include "base/words.hpp"
#include "transport/transport.hpp"

namespace wolfpack::testing {

class DelayedChannel final : public transport::Channel {
 public:
  /// Where `automatic`, progress() carries everything out.
  explicit DelayedChannel(bool automatic = false) : automatic_(automatic) {}

  DelayedChannel(const DelayedChannel&) = delete;
  DelayedChannel& operator=(const DelayedChannel&) = delete;
  /// What is still under way ends without an effect.
  ~DelayedChannel() override {
    for (const Operation& operation : queue_) transport::Completion::finish(operation.completion, {});
  }

  /// Each region belongs to a peer of its own.
  transport::RemoteRegion attach(std::span<std::byte> memory) {
    regions_.push_back(memory);
    const auto index = static_cast<std::uint32_t>(regions_.size() - 1);
    return {{index}, index, memory.size()};
  }

  /// Carries out the oldest operations, at most `count`; returns how many there were.
  std::size_t complete(std::size_t count = ~std::size_t{0}) {
    std::size_t done = 0;
    for (; done < count && !queue_.empty(); ++done) {
      const Operation operation = std::move(queue_.front());
      queue_.pop_front();
      operation.effect();
      transport::Completion::finish(operation.completion, {});
    }
    return done;
  }
  [[nodiscard]] std::size_t under_way() const { return queue_.size(); }
  /// Puts begun so far, and the bytes they carry.
  [[nodiscard]] std::size_t puts() const { return puts_; }
  [[nodiscard]] std::size_t put_bytes() const { return put_bytes_; }
  /// The next operations fail with this where it is not ok.
  void fail_with(Status status) { failure_ = std::move(status); }

  transport::PeerIndex connect(std::span<const std::byte>, const std::string&) override { return {}; }
  transport::RemoteRegion open(transport::PeerIndex, std::span<const std::byte>) override { return {}; }

  Status put(const transport::RemoteRegion& to, std::uint64_t offset, std::span<const std::byte> source,
             transport::Completion& done) override {
    ++puts_;
    put_bytes_ += source.size();
    return enqueue(done, [this, to, offset, source] { store_shared(regions_[to.index].data() + offset, source); });
  }
  Status get(const transport::RemoteRegion& from, std::uint64_t offset, std::span<std::byte> destination,
             transport::Completion& done) override {
    return enqueue(
        done, [this, from, offset, destination] { load_shared(destination, regions_[from.index].data() + offset); });
  }
  Status ordered_put(const transport::RemoteRegion& to, std::uint64_t offset, std::span<const std::byte> source,
                     transport::Completion& done) override {
    return put(to, offset, source, done);  // the queue is in order
  }
  Status fetch_add(const transport::RemoteRegion& to, std::uint64_t offset, std::uint64_t value, std::uint64_t& before,
                   transport::Completion& done) override {
    return enqueue(
        done, [this, to, offset, value, &before] { before = add_to_word(regions_[to.index].data() + offset, value); });
  }
  Status flush(transport::PeerIndex, transport::Completion& done) override {
    return enqueue(done, [] {});
  }
  void progress() override {
    if (automatic_) complete();
  }
  [[nodiscard]] std::string lanes(transport::PeerIndex) const override { return "delayed"; }

 private:
  struct Operation {
    transport::Completion::State* completion;
    std::function<void()> effect;
  };

  Status enqueue(transport::Completion& done, std::function<void()> effect) {
    if (!failure_.ok()) return failure_;
    queue_.push_back({done.begin(in_flight_), std::move(effect)});
    return {};
  }

  bool automatic_;
  std::vector<std::span<std::byte>> regions_;
  std::deque<Operation> queue_;
  std::uint64_t in_flight_ = 0;
  std::size_t puts_ = 0, put_bytes_ = 0;
  Status failure_;
};

}  // namespace wolfpack::testing
