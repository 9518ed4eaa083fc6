// Thin owners of libibverbs' handles, and the steps of setting a reliable connection up. Each outlives what is made
// from it: device, domain, completion queue and memory, then queue pair.
//
// All throw RuntimeFailure with the failing call and the system's text. Used inside transport/ only.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include <infiniband/verbs.h>

#include "transport/rdma_ports.hpp"
#include "transport/verbs_address.hpp"

namespace wolfpack::transport::verbs {

/// Closes with a function of libibverbs whose outcome nobody can do anything about.
template <auto close>
struct Closer {
  template <class Handle>
  void operator()(Handle* handle) const {
    (void)close(handle);
  }
};
using Device = std::unique_ptr<ibv_context, Closer<&ibv_close_device>>;
using Domain = std::unique_ptr<ibv_pd, Closer<&ibv_dealloc_pd>>;
using CompletionQueue = std::unique_ptr<ibv_cq, Closer<&ibv_destroy_cq>>;
using Registration = std::unique_ptr<ibv_mr, Closer<&ibv_dereg_mr>>;
using QueuePair = std::unique_ptr<ibv_qp, Closer<&ibv_destroy_qp>>;

/// `call` on the port failed with errno `error`: a sentence that says so, and what to do where that is known.
[[noreturn]] void fail(const std::string& port, const std::string& call, int error);

/// Of any kind.
[[nodiscard]] Device open_device(const std::string& device);
/// To connect through: iWARP is refused.
[[nodiscard]] Device open_device(const RdmaPort& port);
[[nodiscard]] ibv_device_attr query_device(ibv_context& device, const std::string& port);
[[nodiscard]] ibv_port_attr query_port(ibv_context& device, const RdmaPort& port);
/// Those in use, of all ports.
[[nodiscard]] std::vector<ibv_gid_entry> query_gid_table(ibv_context& device, const std::string& name);
/// Those in use, of the one port.
[[nodiscard]] std::vector<GidEntry> query_gids(ibv_context& device, const RdmaPort& port);
[[nodiscard]] Domain make_domain(ibv_context& device, const std::string& port);
[[nodiscard]] CompletionQueue make_completion_queue(ibv_context& device, int entries, const std::string& port);

struct QueueDepth {
  std::uint32_t operations = 0;    ///< that may be under way
  std::uint32_t inline_bytes = 0;  ///< that an operation may carry itself: at most as many as were asked for
};
/// `depth` says in the end what the device gives.
[[nodiscard]] QueuePair make_queue_pair(ibv_pd& domain, ibv_cq& completions, QueueDepth& depth,
                                        const std::string& port);

/// Pages of zeros, registered for all that a peer may do with them.
class RegisteredMemory {
 public:
  RegisteredMemory(ibv_pd& domain, std::size_t size_bytes, bool has_atomics, const std::string& port);
  RegisteredMemory(const RegisteredMemory&) = delete;
  RegisteredMemory& operator=(const RegisteredMemory&) = delete;
  ~RegisteredMemory();

  [[nodiscard]] std::span<std::byte> bytes() const { return bytes_; }
  [[nodiscard]] std::uint32_t local_key() const { return registration_->lkey; }
  [[nodiscard]] std::uint32_t remote_key() const { return registration_->rkey; }

 private:
  std::span<std::byte> bytes_;
  Registration registration_;
};

struct OwnSide {
  RdmaPort port;
  std::uint32_t gid_index = 0;
  bool has_atomics = false;
  std::uint32_t reads_asked = 0;  ///< of the own reads and atomics, under way at once, that the device allows
  VerbsAddress address;
};
/// Makes a new queue pair ready to serve and to ask.
void connect_queue_pair(ibv_qp& queue_pair, const OwnSide& own, const VerbsAddress& peer);

}  // namespace wolfpack::transport::verbs
