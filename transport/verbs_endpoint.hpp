// RDMA writes, reads and fetch-adds over libibverbs alone, between two processes: what the hardware itself costs, the
// floor under what UCX and Wolfpack do on top. For measurements; jobs run over transport/ucx_transport.hpp.
//
//     VerbsEndpoint endpoint(checked_rdma_port(), 1 << 20);
//     const auto addresses = bootstrap.allgather(endpoint.address());
//     endpoint.connect(addresses[peer], "rank 1");
//     bootstrap.barrier();                                   // the peer is connected, too
//     endpoint.write({.local_offset = 0, .remote_offset = 4096, .bytes = 8}).or_throw();
//     endpoint.wait(10.0).or_throw();
//
// One connection, of one thread at each end. What a peer writes is seen by looking (load_word() of base/words.hpp): it
// makes no call. The bytes of one write arrive in rising order on the adapters that we know of, later writes after
// earlier ones. Operations refer to the endpoint's own memory alone, which is as good as it gets: registered once, no
// copy.
//
// Once an operation has failed, for example because the peer is gone, the connection is over: that status comes back
// from every call. A peer that is gone is noticed only by an operation, within some 2 to 8 seconds: who waits for what
// a peer writes needs a deadline of its own, and may ask by a write of 0 bytes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "base/status.hpp"
#include "base/types.hpp"
#include "transport/rdma_ports.hpp"

namespace wolfpack::transport {

/// Between the own memory and the peer's; offsets in bytes from where each begins.
struct VerbsTransfer {
  std::uint64_t local_offset = 0;
  std::uint64_t remote_offset = 0;
  std::size_t bytes = 0;
};

/// The old value goes to the own memory. Both offsets are multiples of 8.
struct VerbsFetchAdd {
  std::uint64_t local_offset = 0;
  std::uint64_t remote_offset = 0;
  std::uint64_t value = 0;
};

class VerbsEndpoint {
 public:
  /// Opens the port, allocates and registers `size_bytes` (not 0) of zeroed memory. Throws RuntimeFailure with the
  /// call, the system's text and what to do, InputError where UCX_IB_GID_INDEX names a GID that the port has not.
  VerbsEndpoint(const RdmaPort& port, std::size_t size_bytes);
  VerbsEndpoint(const VerbsEndpoint&) = delete;
  VerbsEndpoint& operator=(const VerbsEndpoint&) = delete;
  ~VerbsEndpoint();

  /// What the peer needs for connect().
  [[nodiscard]] Bytes address() const;
  /// Once. Does not wait for the peer, which must have connected, too, before the first operation. `peer_name` is for
  /// messages. Throws RuntimeFailure where the address is none, or of another network.
  void connect(std::span<const std::byte> peer_address, const std::string& peer_name);

  [[nodiscard]] std::span<std::byte> memory() const;

  /// They start an operation. Where the queue is full (queue_depth()) they wait until there is room. Sources and
  /// destinations are the device's until a wait(), or until the peer's answer says so; of a write of up to
  /// inline_bytes() the source may be reused at once. Past the end of either memory: out_of_range, and the connection
  /// lives on.
  Status write(const VerbsTransfer& transfer);
  Status read(const VerbsTransfer& transfer);
  Status fetch_add(const VerbsFetchAdd& addition);

  /// Until all that was started has completed: what was written is on its way into the peer's memory, what was read is
  /// here. Spins at first. deadline_exceeded: the operations are still under way, and may be waited for again.
  Status wait(double timeout_seconds);
  /// Takes note of what has completed, without waiting; the first failure.
  Status poll();
  /// Operations started and not known to have completed.
  [[nodiscard]] std::uint64_t under_way() const;

  /// Whether the device has atomics, among what comes through it; else fetch_add() is refused.
  [[nodiscard]] bool has_atomics() const;
  [[nodiscard]] std::uint32_t queue_depth() const;
  [[nodiscard]] std::uint32_t inline_bytes() const;
  /// For the record: "rxe0:1, RoCE v2, GID 1, MTU 1024, inline up to 220 bytes"; once connected, the connection's MTU.
  [[nodiscard]] std::string description() const;

 private:
  struct Connection;
  std::unique_ptr<Connection> connection_;
};

}  // namespace wolfpack::transport
