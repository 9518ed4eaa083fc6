// A channel that tells whether operations of its own are under way: for tests that have to tell a wait for the
// transport, which ends by itself, from a wait for somebody else's deed.
//
//     WatchedChannel channel(transport->open_channel());
//     ...; if (channel.under_way() == 0) ...          // whoever waits now does not wait for the transport
#pragma once

#include <cstdint>
#include <list>
#include <memory>
#include <string>
#include <utility>

#include "transport/transport.hpp"

namespace wolfpack::testing {

class WatchedChannel final : public transport::Channel {
 public:
  explicit WatchedChannel(std::unique_ptr<transport::Channel> channel) : channel_(std::move(channel)) {}
  WatchedChannel(const WatchedChannel&) = delete;
  WatchedChannel& operator=(const WatchedChannel&) = delete;
  ~WatchedChannel() override {
    for (const Operation& operation : operations_) transport::Completion::finish(operation.told, {});
  }

  /// Operations that had not completed at the last progress().
  [[nodiscard]] std::size_t under_way() const { return operations_.size(); }

  transport::PeerIndex connect(std::span<const std::byte> address, const std::string& name) override {
    return channel_->connect(address, name);
  }
  transport::RemoteRegion open(transport::PeerIndex peer, std::span<const std::byte> descriptor) override {
    return channel_->open(peer, descriptor);
  }
  Status put(const transport::RemoteRegion& to, std::uint64_t offset, std::span<const std::byte> source,
             transport::Completion& done) override {
    return watch(done, [&](auto& mine) { return channel_->put(to, offset, source, mine); });
  }
  Status get(const transport::RemoteRegion& from, std::uint64_t offset, std::span<std::byte> destination,
             transport::Completion& done) override {
    return watch(done, [&](auto& mine) { return channel_->get(from, offset, destination, mine); });
  }
  Status ordered_put(const transport::RemoteRegion& to, std::uint64_t offset, std::span<const std::byte> source,
                     transport::Completion& done) override {
    return watch(done, [&](auto& mine) { return channel_->ordered_put(to, offset, source, mine); });
  }
  Status fetch_add(const transport::RemoteRegion& to, std::uint64_t offset, std::uint64_t value, std::uint64_t& before,
                   transport::Completion& done) override {
    return watch(done, [&](auto& mine) { return channel_->fetch_add(to, offset, value, before, mine); });
  }
  Status flush(transport::PeerIndex peer, transport::Completion& done) override {
    return watch(done, [&](auto& mine) { return channel_->flush(peer, mine); });
  }
  void progress() override {
    channel_->progress();
    operations_.remove_if([](const Operation& operation) {
      if (!operation.mine->done()) return false;
      transport::Completion::finish(operation.told, operation.mine->status());
      return true;
    });
  }
  [[nodiscard]] std::string lanes(transport::PeerIndex peer) const override { return channel_->lanes(peer); }

 private:
  struct Operation {
    std::unique_ptr<transport::Completion> mine;  // the channel's below
    transport::Completion::State* told;           // the caller's
  };

  template <class Begin>
  Status watch(transport::Completion& done, Begin begin) {
    auto mine = std::make_unique<transport::Completion>();
    Status status = begin(*mine);
    if (!mine->done()) operations_.push_back({std::move(mine), done.begin(in_flight_)});
    return status;
  }

  std::uint64_t in_flight_ = 0;
  std::list<Operation> operations_;
  std::unique_ptr<transport::Channel> channel_;  // closed first: its operations refer to operations_
};

}  // namespace wolfpack::testing
