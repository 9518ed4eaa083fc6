// A channel whose gets come in two halves, with whatever a test wants to happen in between: the window that a real
// network leaves open.
#pragma once

#include <cstdint>
#include <functional>
#include <utility>

#include "transport/transport.hpp"

namespace wolfpack::testing {

class SplitChannel final : public transport::Channel {
 public:
  /// `inner` outlives this.
  SplitChannel(transport::Channel& inner, std::function<void()> between)
      : inner_(inner), between_(std::move(between)) {}

  /// Gets so far; one that comes in halves counts once.
  [[nodiscard]] std::uint64_t gets() const { return gets_; }

  Status get(const transport::RemoteRegion& from, std::uint64_t offset, std::span<std::byte> destination,
             transport::Completion& done) override {
    ++gets_;
    const std::size_t half = destination.size() / 16 * 8;
    if (Status status = inner_.get(from, offset, destination.first(half), done); !status.ok()) return status;
    if (Status status = transport::wait(inner_, done, 30.0); !status.ok()) return status;
    between_();
    return inner_.get(from, offset + half, destination.subspan(half), done);
  }

  transport::PeerIndex connect(std::span<const std::byte> address, const std::string& name) override {
    return inner_.connect(address, name);
  }
  transport::RemoteRegion open(transport::PeerIndex peer, std::span<const std::byte> descriptor) override {
    return inner_.open(peer, descriptor);
  }
  Status put(const transport::RemoteRegion& to, std::uint64_t offset, std::span<const std::byte> source,
             transport::Completion& done) override {
    return inner_.put(to, offset, source, done);
  }
  Status ordered_put(const transport::RemoteRegion& to, std::uint64_t offset, std::span<const std::byte> source,
                     transport::Completion& done) override {
    return inner_.ordered_put(to, offset, source, done);
  }
  Status flush(transport::PeerIndex peer, transport::Completion& done) override { return inner_.flush(peer, done); }
  void progress() override { inner_.progress(); }
  [[nodiscard]] std::string lanes(transport::PeerIndex peer) const override { return inner_.lanes(peer); }

 private:
  transport::Channel& inner_;
  std::function<void()> between_;
  std::uint64_t gets_ = 0;
};

}  // namespace wolfpack::testing
