// A channel whose gets come in two halves, with whatever a test wants to happen in between: the window that a real
// network leaves open.
#pragma once

#include <cstdint>
#include <functional>
#include <utility>

#include "tests/support/passing_channel.hpp"

namespace wolfpack::testing {

class SplitChannel final : public PassingChannel {
 public:
  /// `inner` outlives this.
  SplitChannel(transport::Channel& inner, std::function<void()> between)
      : PassingChannel(inner), inner_(inner), between_(std::move(between)) {}

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

 private:
  transport::Channel& inner_;
  std::function<void()> between_;
  std::uint64_t gets_ = 0;
};

}  // namespace wolfpack::testing
