// One thread's way to its peers over UCX: a UCX worker of its own, an endpoint a peer.
//
// No operation blocks. What cannot start yet, because the peer's earlier puts are not known to be visible or the queue
// is full, waits its turn in the peer's queue and is started by progress(). Memory that this process has mapped, its
// own and, over shared memory, the peers' (ucp_rkey_ptr), is reached by loads and stores: they are what UCX would come
// down to, after some 50 ns of its own. Used inside transport/ only.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "transport/transport.hpp"
#include "transport/ucx_handles.hpp"

namespace wolfpack::transport {

/// What carries out a one-sided operation, and so what becomes of those whose peer is gone.
enum class Reach {
  stores,    ///< loads and stores by the caller, in shared memory: they go on in what is still mapped
  messages,  ///< the target, which is asked: they fail
  adapter,   ///< the target's RDMA adapter: they fail
};

/// What a transport tells its peers of itself.
struct UcxAddress {
  std::string neighbourhood;  ///< of make_ucx_transport()
  Bytes worker;               ///< UCX's
};
[[nodiscard]] Bytes to_bytes(const UcxAddress& address);
[[nodiscard]] UcxAddress to_ucx_address(std::span<const std::byte> bytes);

/// What messages must hold where operations are emulated (UCX_TCP_TX_SEG_SIZE; at most UCX_TCP_RX_SEG_SIZE): each costs
/// both sides system calls, and UCX cuts what is longer at any byte.
inline constexpr std::size_t kEmulatedMessageBytes = 64 << 10;

class UcxChannel final : public Channel {
 public:
  /// The peer at `own_address` is this process, and is reached without UCX (over shared memory it is like any other);
  /// those of its neighbourhood are reached by stores, and the others as `reach` says.
  UcxChannel(ucp_context_h context, Reach reach, Bytes own_address);
  UcxChannel(const UcxChannel&) = delete;
  UcxChannel& operator=(const UcxChannel&) = delete;
  /// What has not started yet ends without an effect.
  ~UcxChannel() override;

  PeerIndex connect(std::span<const std::byte> address, const std::string& name) override;
  /// Where a peer's loss is told, returns when the connection is up both ways: UCX 1.13 does not survive the end of one
  /// that is half up.
  RemoteRegion open(PeerIndex peer, std::span<const std::byte> descriptor) override;
  Status put(const RemoteRegion& to, std::uint64_t offset, std::span<const std::byte> source,
             Completion& done) override;
  Status get(const RemoteRegion& from, std::uint64_t offset, std::span<std::byte> destination,
             Completion& done) override;
  Status ordered_put(const RemoteRegion& to, std::uint64_t offset, std::span<const std::byte> source,
                     Completion& done) override;
  Status fetch_add(const RemoteRegion& to, std::uint64_t offset, std::uint64_t value, std::uint64_t& before,
                   Completion& done) override;
  Status flush(PeerIndex peer, Completion& done) override;
  void progress() override;
  [[nodiscard]] std::string lanes(PeerIndex peer) const override;

 private:
  enum class Kind { put, get, fetch_add, flush, fence };

  struct Operation {
    Kind kind;
    std::uint32_t region;
    std::uint64_t offset;
    std::byte* local;  // put: the source, not written to; get, fetch_add: the destination
    std::size_t bytes;
    std::uint64_t value = 0;  // fetch_add: what is added
  };
  struct Waiting {
    Operation operation;
    Completion::State* completion;
  };
  struct Peer {
    Peer(const std::string& n, Reach r, std::optional<ucx::Endpoint> e) : name(n), reach(r), endpoint(std::move(e)) {}
    const std::string& name;  // in names_
    Reach reach;
    std::optional<Completion> fence;        // the last one that has begun
    std::optional<ucx::Endpoint> endpoint;  // none: this process
    std::deque<Waiting> waiting;            // a fence at the front is under way
    bool has_unflushed_puts = false;
    bool is_mapped = true;  // all its regions are, and there is nothing to flush; or none
  };
  struct Remote {
    PeerIndex peer;
    std::uint64_t address;
    ucx::RemoteKey key;  // null: memory of this process
    std::byte* mapped;   // the region, where loads and stores reach it; else null
  };
  /// What UCX's callback gets of an operation under way.
  struct Tracked {
    UcxChannel* channel;
    Completion::State* completion;
    const std::string* peer_name;
    std::uint64_t value;  // fetch_add: stays until it is complete
  };

  void reach_by_ucx(PeerIndex peer);
  static void on_complete(void* request, ucs_status_t status, void* user_data);
  Status submit(Peer& peer, const Operation& operation, Completion& done);
  Status start(Peer& peer, const Operation& operation, Completion::State* completion);
  [[nodiscard]] ucs_status_ptr_t begin(Peer& peer, const Operation& operation, const ucp_request_param_t& parameters);
  Status submit_fence(Peer& peer);
  void begin_fence(Peer& peer);
  void end_fence(Peer& peer);
  void advance(Peer& peer);
  void finish(Tracked& tracked, ucs_status_t status);

  // Outlive the endpoints and the worker, whose closing completes operations.
  std::uint64_t in_flight_ = 0;  // waiting ones included
  std::deque<std::string> names_;
  std::uint64_t answer_ = 0;
  std::vector<Tracked> tracked_;
  std::vector<Tracked*> free_;
  std::uint64_t waiting_ = 0;
  std::uint64_t idle_looks_ = 0;
  bool all_mapped_ = true;  // every region opened so far
  Reach reach_;
  Bytes own_address_;
  ucx::Worker worker_;
  std::deque<Peer> peers_;
  std::vector<Remote> regions_;  // after peers_: remote keys go before their endpoints
};

}  // namespace wolfpack::transport
