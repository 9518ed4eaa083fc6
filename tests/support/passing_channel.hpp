// A channel that passes everything on to another one: for those of tests that change, count or break some of it.
#pragma once

#include <string>

#include "transport/transport.hpp"

namespace wolfpack::testing {

class PassingChannel : public transport::Channel {
 public:
  /// `inner` outlives this, or is owned by who derives from it.
  explicit PassingChannel(transport::Channel& inner) : passed_to_(inner) {}

  transport::PeerIndex connect(std::span<const std::byte> address, const std::string& name) override {
    return passed_to_.connect(address, name);
  }
  transport::RemoteRegion open(transport::PeerIndex peer, std::span<const std::byte> descriptor) override {
    return passed_to_.open(peer, descriptor);
  }
  Status put(const transport::RemoteRegion& to, std::uint64_t offset, std::span<const std::byte> source,
             transport::Completion& done) override {
    return passed_to_.put(to, offset, source, done);
  }
  Status get(const transport::RemoteRegion& from, std::uint64_t offset, std::span<std::byte> destination,
             transport::Completion& done) override {
    return passed_to_.get(from, offset, destination, done);
  }
  Status ordered_put(const transport::RemoteRegion& to, std::uint64_t offset, std::span<const std::byte> source,
                     transport::Completion& done) override {
    return passed_to_.ordered_put(to, offset, source, done);
  }
  Status fetch_add(const transport::RemoteRegion& to, std::uint64_t offset, std::uint64_t value, std::uint64_t& before,
                   transport::Completion& done) override {
    return passed_to_.fetch_add(to, offset, value, before, done);
  }
  Status flush(transport::PeerIndex peer, transport::Completion& done) override { return passed_to_.flush(peer, done); }
  void progress() override { passed_to_.progress(); }
  [[nodiscard]] std::string lanes(transport::PeerIndex peer) const override { return passed_to_.lanes(peer); }

 private:
  transport::Channel& passed_to_;
};

}  // namespace wolfpack::testing
