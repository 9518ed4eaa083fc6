// The two ends of what is measured, or more: one's own registered memory, a channel, and the others' memory through it.
//
//     Ends ends(bootstrap, transport, {.participants = {0, 1}, .regions_bytes = {4096}});
//     ends.channel().put(ends.remote(1, 0), 0, word, done);
//     ends.await([&] { return load_word(ends.memory(0).data()) == 7; }).or_throw();
//
// Made and destroyed by all ranks together: both are collective. While they are, a thread of its own serves the
// transport; in between, who waits serves, which is what a one-sided operation costs where it is emulated.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <thread>
#include <vector>

#include "base/time.hpp"
#include "base/words.hpp"
#include "transport/bootstrap.hpp"
#include "transport/serving_thread.hpp"
#include "transport/transport.hpp"

namespace wolfpack::latency {

/// How a rank waits and whom it may disturb.
struct Manners {
  bool serves = true;              ///< operations are emulated: whoever waits carries out what its peers ask for
  bool yields = false;             ///< ranks share a core: whoever waits leaves it
  double patience_seconds = 20.0;  ///< for one answer of a peer
};

/// At the start of a participant's first region. A target's is not 0 once the initiator is done, the initiator's once a
/// target has failed.
inline constexpr std::uint64_t kEndWordOffset = 0;

struct EndsOptions {
  std::vector<std::uint32_t> participants;   ///< ranks; the others only take part in what is collective
  std::vector<std::uint64_t> regions_bytes;  ///< of this rank
  std::vector<std::string> names;            ///< of all ranks, for messages
  Manners manners;
  bool initiates = false;  ///< this rank waits for others, and not when a target has failed
};

class Ends {
 public:
  /// Throws RuntimeFailure, a PeerFailure where another rank's failed.
  Ends(transport::Bootstrap& bootstrap, transport::Transport& transport, EndsOptions options);
  Ends(const Ends&) = delete;
  Ends& operator=(const Ends&) = delete;
  /// Without a close() before: the way of a measurement that failed.
  ~Ends();

  /// Collective. Throws where what was put cannot be flushed.
  void close();

  [[nodiscard]] bool takes_part() const { return channel_ != nullptr; }
  [[nodiscard]] std::span<std::byte> memory(std::size_t region) const { return regions_[region]->bytes(); }
  [[nodiscard]] transport::Channel& channel() const { return *channel_; }
  /// Of a participant, this rank's own included.
  [[nodiscard]] const transport::RemoteRegion& remote(std::uint32_t rank, std::size_t region) const {
    return remotes_[rank][region];
  }
  [[nodiscard]] transport::Transport& transport() const { return transport_; }
  [[nodiscard]] const Manners& manners() const { return options_.manners; }

  [[nodiscard]] std::uint64_t end_word() const { return load_word(memory(0).data() + kEndWordOffset); }
  [[nodiscard]] bool has_failed_target() const { return options_.initiates && end_word() != 0; }
  /// To all other participants, and flushed.
  void put_end_words() const;
  /// The same as far as it goes without waiting, for who has met silence.
  void leave_end_words() const;

  /// What a wait does between two looks.
  void meanwhile() const {
    channel_->progress();
    serve();
  }
  /// The part of it that is for others.
  void serve() const {
    if (options_.manners.serves) transport_.serve();
    if (options_.manners.yields) std::this_thread::yield();
  }
  /// Looks until `ready()`, and calls `meanwhile` in between; deadline_exceeded where the peer stays silent, peer_lost
  /// where a target has failed.
  template <class Ready, class Meanwhile>
  Status await(Ready ready, Meanwhile meanwhile) const {
    begin_wait();
    for (std::uint64_t looks = 1; !ready(); ++looks) {
      meanwhile();
      if (looks % kLooksBetweenChecks != 0) continue;
      if (Status status = look_at_the_clock(); !status.ok()) return status;
    }
    return {};
  }
  template <class Ready>
  Status await(Ready ready) const {
    return await(ready, [this] { meanwhile(); });
  }
  /// For waits of others' code: begin_wait(), and look_at_the_clock() as their WaitCheck.
  void begin_wait() const { deadline_ = 0.0; }
  Status look_at_the_clock() const;
  /// A wait has ended because a peer was silent: it may be silent for what comes, too.
  [[nodiscard]] bool met_silence() const { return met_silence_; }
  Status await(transport::Completion& done) const {
    if (Status status = await([&] { return done.done(); }); !status.ok()) return status;
    return done.status();
  }

 private:
  static constexpr std::uint64_t kLooksBetweenChecks = 4096;

  [[nodiscard]] Status silent() const;
  void flush_all();

  transport::Bootstrap& bootstrap_;
  transport::Transport& transport_;
  EndsOptions options_;
  std::vector<std::unique_ptr<transport::Region>> regions_;
  std::unique_ptr<transport::Channel> channel_;
  std::vector<std::vector<transport::RemoteRegion>> remotes_;  // by rank; of participants
  const std::uint64_t over_ = 1;                               // what put_end_words() puts
  // Of the wait under way.
  mutable double deadline_ = 0.0;
  mutable bool met_silence_ = false;
};

}  // namespace wolfpack::latency
