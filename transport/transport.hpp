// One-sided communication: registered memory that others read and write while its owner does something else.
//
// A process has one Transport. It allocates Regions; their descriptors and the transport's address travel to the peers
// through a Bootstrap. A thread that wants to reach peers opens a Channel of its own, connects it and opens the remote
// regions:
//
//     auto region = transport.allocate(4096, MemoryKind::host);
//     auto channel = transport.open_channel();
//     const PeerIndex peer = channel->connect(address_of_peer, "worker 2");
//     const RemoteRegion remote = channel->open(peer, descriptor_of_peer);
//     Completion done;
//     channel->put(remote, 64, bytes, done).or_throw();
//     channel->flush(peer, done).or_throw();
//     wait(*channel, done, deadline).or_throw();
//
// Threads: Transport::allocate, open_channel and address at any time from one thread at a time; serve() and
// wait_for_requests() from one progress thread; a Channel from the thread that uses it, one at a time. Order of
// destruction: channels, regions, transport.
//
// What is promised, by every backend (tests/contract/transport_test.cpp):
//   - aligned 8-byte words are never torn in puts and gets of up to kWholeWordsBytes; longer ones may be
//     seen in part and in any order;
//   - what fails says with whom: the message of its status begins with the peer's name;
//   - a put's completion means that its source may be reused; its effect at the target is only certain once a later
//   flush completes;
//   - ordered_put() becomes visible after every earlier put of the same channel to the same peer;
//   - a get's completion means that its destination is filled, and that the target's memory is read no more for it;
//   - who gets bytes that a peer wrote to its own memory after a flush had completed finds in its own, once the get is
//     complete, what the peer had put there before that flush (rows count on it; ARCHITECTURE.md, "The order of what
//     arrives");
//   - no operation blocks: what cannot start yet is kept, in order, and started by progress().
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>

#include "base/status.hpp"
#include "base/types.hpp"

namespace wolfpack::transport {

/// Words of longer puts may be seen torn where operations are emulated: there the target copies by memcpy, and glibc's
/// moves bytes (rep movsb) from some 2 KiB on. Who puts words that are read one by one puts no more at once.
inline constexpr std::size_t kWholeWordsBytes = 2048;

/// Where registered bytes live. No transport registers `cuda` yet: allocate() refuses it.
enum class MemoryKind : std::uint32_t { host = 0, cuda = 1 };

/// Whether operations reach a target that makes no progress call.
enum class OneSided { native, emulated };

/// Counts outstanding operations of one channel, of any number. May be destroyed while some are under way, after a
/// deadline say: they then complete unnoticed; their sources and destinations must stay all the same until the channel
/// is closed.
class Completion {
 public:
  /// What operations under way refer to: for backends.
  struct State {
    std::uint64_t pending = 0;
    std::uint64_t* in_flight = nullptr;  ///< of the channel
    bool abandoned = false;
    Status status;
  };

  Completion() = default;
  Completion(const Completion&) = delete;
  Completion& operator=(const Completion&) = delete;
  ~Completion() {
    if (state_ == nullptr) return;
    if (state_->pending == 0)
      delete state_;
    else
      state_->abandoned = true;
  }

  [[nodiscard]] bool done() const { return state_ == nullptr || state_->pending == 0; }
  /// The first failure among the operations that have completed.
  [[nodiscard]] Status status() const { return state_ == nullptr ? Status() : state_->status; }

  /// For backends: one operation more is under way, counted also in its channel's `in_flight`.
  State* begin(std::uint64_t& in_flight) {
    if (state_ == nullptr) state_ = new State;
    state_->in_flight = &in_flight;
    ++state_->pending;
    ++in_flight;
    return state_;
  }
  /// For backends: one has ended.
  static void finish(State* state, Status outcome) {
    --*state->in_flight;
    if (!outcome.ok() && state->status.ok()) state->status = std::move(outcome);
    if (--state->pending == 0 && state->abandoned) delete state;
  }

 private:
  State* state_ = nullptr;  // made by the first operation
};

/// Registered memory of this process, zeroed when allocated. Page-aligned.
class Region {
 public:
  virtual ~Region() = default;
  [[nodiscard]] virtual std::span<std::byte> bytes() const = 0;
  [[nodiscard]] virtual MemoryKind kind() const = 0;
  /// What a peer needs to open the region: sent through the bootstrap.
  [[nodiscard]] virtual Bytes descriptor() const = 0;
};

struct PeerIndex {
  std::uint32_t value = 0;
};

/// A peer's region as one channel sees it. A plain value, meaningless on any other channel.
struct RemoteRegion {
  PeerIndex peer;
  std::uint32_t index = 0;
  std::uint64_t size_bytes = 0;

  [[nodiscard]] bool holds(std::uint64_t offset, std::size_t count) const {
    return offset <= size_bytes && count <= size_bytes - offset;
  }
};

/// The out_of_range status of an operation that its region does not hold.
[[nodiscard]] Status past_the_end(const RemoteRegion& region, std::uint64_t offset, std::size_t count);

/// One thread's way to its peers. Sources and destinations must stay valid until the operation's completion is done.
class Channel {
 public:
  virtual ~Channel() = default;

  /// `name` is for messages. Throws RuntimeFailure where the peer cannot be reached.
  virtual PeerIndex connect(std::span<const std::byte> address, const std::string& name) = 0;
  /// May wait for the peer, which must serve.
  virtual RemoteRegion open(PeerIndex peer, std::span<const std::byte> descriptor) = 0;

  /// Offsets are in bytes from the start of the region; past its end: out_of_range, and nothing is written.
  virtual Status put(const RemoteRegion& to, std::uint64_t offset, std::span<const std::byte> source,
                     Completion& done) = 0;
  virtual Status get(const RemoteRegion& from, std::uint64_t offset, std::span<std::byte> destination,
                     Completion& done) = 0;
  /// A put that becomes visible after all earlier puts to the peer.
  virtual Status ordered_put(const RemoteRegion& to, std::uint64_t offset, std::span<const std::byte> source,
                             Completion& done) = 0;
  /// Adds to the aligned word at `offset` and brings what it held `before`, in one step that no other fetch_add() to
  /// the word comes between. Whoever else changes the word does so by fetch_add(), too: an adapter's and a CPU's are
  /// not atomic towards each other, so over an adapter this process's own memory is refused. Not ordered with puts.
  /// Many devices emulate it, even where puts are native: the target must serve.
  virtual Status fetch_add(const RemoteRegion& to, std::uint64_t offset, std::uint64_t value, std::uint64_t& before,
                           Completion& done) = 0;
  /// Completes when every earlier put of this channel to `peer` is visible there, or at least will be before anything
  /// that this thread stores or puts after; and every earlier get and fetch_add complete.
  virtual Status flush(PeerIndex peer, Completion& done) = 0;
  /// Moves outstanding operations on. Never blocks.
  virtual void progress() = 0;

  /// What carries one-sided operations to the peer, for example "posix/memory".
  [[nodiscard]] virtual std::string lanes(PeerIndex peer) const = 0;
};

class Transport {
 public:
  virtual ~Transport() = default;

  /// Throws RuntimeFailure with the cause and what to change where memory cannot be had or registered.
  [[nodiscard]] virtual std::unique_ptr<Region> allocate(std::size_t size_bytes, MemoryKind kind) = 0;
  [[nodiscard]] virtual std::unique_ptr<Channel> open_channel() = 0;
  /// Where peers' channels connect to.
  [[nodiscard]] virtual Bytes address() const = 0;
  /// Carries out what peers ask of this process where one-sided operations are emulated: one look at what has come,
  /// true where there was something, and perhaps more to come. From the progress thread, all the time.
  virtual bool serve() = 0;
  /// Rests until a peer asks for something, or for so long. Where operations are native nobody ever asks.
  virtual void wait_for_requests(double seconds) = 0;
  /// "shm", "tcp", "rdma", "threads".
  [[nodiscard]] virtual std::string name() const = 0;
  /// The library and its version, for the record.
  [[nodiscard]] virtual std::string library() const = 0;
};

/// What a wait does meanwhile, now and then: ok to go on waiting; anything else ends the wait and is returned.
using WaitCheck = std::function<Status()>;

/// Progresses the channel until everything that `done` counts has completed, or `check` ends the wait: then the
/// operations are still under way.
Status wait(Channel& channel, Completion& done, const WaitCheck& check);

/// The same for at most `timeout_seconds`, then deadline_exceeded.
Status wait(Channel& channel, Completion& done, double timeout_seconds);

}  // namespace wolfpack::transport
