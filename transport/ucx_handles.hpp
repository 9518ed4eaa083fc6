// Thin move-only owners of UCX's handles. Each outlives what is made from it: context, then worker and memory, then
// endpoint and remote key.
//
// Constructors throw RuntimeFailure with UCX's own text and the failing call. Destructors never throw. Used inside
// transport/ only.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include <ucp/api/ucp.h>

#include "base/status.hpp"
#include "base/types.hpp"

namespace wolfpack::transport {

/// Throws RuntimeFailure "CALL: UCX's text" where `status` is an error.
void check_ucx(ucs_status_t status, const char* call);

/// "CALL: UCX's text": peer_unreachable where UCX says that the peer is gone, else transport_error.
[[nodiscard]] Status to_status(ucs_status_t status, const char* call);

namespace ucx {

[[nodiscard]] bool is_at_least(unsigned major, unsigned minor);

struct ContextDeleter {
  void operator()(ucp_context_h context) const { ucp_cleanup(context); }
};
using Context = std::unique_ptr<ucp_context, ContextDeleter>;

struct Setting {
  std::string name;  ///< of UCX, without "UCX_"
  std::string value;
  bool is_fixed = false;  ///< else the user's environment goes first
};
struct ContextOptions {
  std::vector<Setting> settings;
  bool wakeup = false;  ///< workers have a file descriptor to sleep on
};
[[nodiscard]] Context make_context(const ContextOptions& options);

struct WorkerDeleter {
  void operator()(ucp_worker_h worker) const { ucp_worker_destroy(worker); }
};
using Worker = std::unique_ptr<ucp_worker, WorkerDeleter>;
/// Used by one thread at a time.
[[nodiscard]] Worker make_worker(ucp_context_h context);
[[nodiscard]] Bytes worker_address(ucp_worker_h worker);
/// Readable when an armed worker has something to progress; the worker's own. Of a context with wakeup.
[[nodiscard]] int wakeup_descriptor(ucp_worker_h worker);

/// Memory that UCX allocated and registered, zeroed: the only kind of host memory that is truly one-sided over shared
/// memory.
class MappedMemory {
 public:
  MappedMemory(ucp_context_h context, std::size_t size_bytes);
  MappedMemory(const MappedMemory&) = delete;
  MappedMemory& operator=(const MappedMemory&) = delete;
  ~MappedMemory() { ucp_mem_unmap(context_, handle_); }

  [[nodiscard]] std::span<std::byte> bytes() const { return bytes_; }
  /// The packed remote key.
  [[nodiscard]] Bytes remote_key() const;

 private:
  ucp_context_h context_;
  ucp_mem_h handle_ = nullptr;
  std::span<std::byte> bytes_;
};

/// What happens to operations whose peer is gone: `silent`, they never complete, or go on in memory that is still
/// mapped; `fail`, they complete with an error. Asking UCX 1.13 for the latter takes shared memory away.
enum class PeerErrors { silent, fail };

/// The destructor closes. Where errors are silent it flushes before, and gives up after a second; where operations of a
/// lost peer fail, those under way are cut off: who cares for them has flushed.
class Endpoint {
 public:
  Endpoint(ucp_worker_h worker, std::span<const std::byte> address, PeerErrors errors);
  Endpoint(Endpoint&& other) noexcept
      : worker_(other.worker_), endpoint_(std::exchange(other.endpoint_, nullptr)), errors_(other.errors_) {}
  Endpoint& operator=(Endpoint&&) = delete;
  Endpoint(const Endpoint&) = delete;
  Endpoint& operator=(const Endpoint&) = delete;
  ~Endpoint();

  [[nodiscard]] ucp_ep_h get() const { return endpoint_; }

 private:
  ucp_worker_h worker_;
  ucp_ep_h endpoint_ = nullptr;
  PeerErrors errors_;
};

struct RemoteKeyDeleter {
  void operator()(ucp_rkey_h key) const { ucp_rkey_destroy(key); }
};
using RemoteKey = std::unique_ptr<ucp_rkey, RemoteKeyDeleter>;
[[nodiscard]] RemoteKey unpack_remote_key(ucp_ep_h endpoint, std::span<const std::byte> packed);

/// The transports and devices that carry an endpoint's lanes, for example "posix/memory": from ucp_ep_print_info, the
/// one place where UCX 1.13 says it.
[[nodiscard]] std::string describe_lanes(ucp_ep_h endpoint);

}  // namespace ucx
}  // namespace wolfpack::transport
