#include "transport/ucx_transport.hpp"

#include <vector>

#include <fmt/format.h>
#include <ucp/api/ucp.h>

#include "base/backoff.hpp"
#include "base/bytes.hpp"
#include "base/time.hpp"
#include "transport/ucx_handles.hpp"

namespace wolfpack::transport {
namespace {

/// Enough to fill a pipe, few enough not to exhaust send queues.
constexpr std::uint64_t kMostInFlight = 64;
constexpr double kPatienceSeconds = 30.0;

void on_complete(void* request, ucs_status_t status, void* user_data) {
  Completion::finish(static_cast<Completion::State*>(user_data), to_status(status, "a one-sided operation"));
  ucp_request_free(request);
}

class UcxRegion final : public Region {
 public:
  UcxRegion(ucp_context_h context, std::size_t size_bytes) : memory_(context, size_bytes) {}

  [[nodiscard]] std::span<std::byte> bytes() const override { return memory_.bytes(); }
  [[nodiscard]] MemoryKind kind() const override { return MemoryKind::host; }
  [[nodiscard]] Bytes descriptor() const override {
    Bytes out;
    ByteWriter writer(out);
    writer.value(reinterpret_cast<std::uint64_t>(memory_.bytes().data()));
    writer.value<std::uint64_t>(memory_.bytes().size());
    writer.value(kind());
    writer.blob(memory_.remote_key());
    return out;
  }

 private:
  ucx::MappedMemory memory_;
};

class UcxChannel final : public Channel {
 public:
  explicit UcxChannel(ucp_context_h context) : worker_(ucx::make_worker(context)) {}

  PeerIndex connect(std::span<const std::byte> address) override {
    peers_.emplace_back(ucx::Endpoint(worker_.get(), address));
    return {static_cast<std::uint32_t>(peers_.size() - 1)};
  }

  RemoteRegion open(PeerIndex peer, std::span<const std::byte> descriptor) override {
    ByteReader reader(descriptor);
    const auto address = reader.value<std::uint64_t>();
    const auto size_bytes = reader.value<std::uint64_t>();
    if (reader.value<MemoryKind>() != MemoryKind::host)
      throw RuntimeFailure("this build reaches host memory only, and a peer registered another kind");
    regions_.push_back({address, ucx::unpack_remote_key(peers_[peer.value].endpoint.get(), reader.blob())});
    return {peer, static_cast<std::uint32_t>(regions_.size() - 1), size_bytes};
  }

  Status put(const RemoteRegion& to, std::uint64_t offset, std::span<const std::byte> source,
             Completion& done) override {
    if (Status ready = make_ready(to, offset, source.size()); !ready.ok()) return ready;
    Peer& peer = peers_[to.peer.value];
    peer.has_unflushed_puts = true;
    const Remote& remote = regions_[to.index];
    const auto parameters = track(done);
    return started(ucp_put_nbx(peer.endpoint.get(), source.data(), source.size(), remote.address + offset,
                               remote.key.get(), &parameters),
                   parameters, "ucp_put_nbx");
  }

  Status get(const RemoteRegion& from, std::uint64_t offset, std::span<std::byte> destination,
             Completion& done) override {
    if (Status ready = make_ready(from, offset, destination.size()); !ready.ok()) return ready;
    const Remote& remote = regions_[from.index];
    const auto parameters = track(done);
    return started(ucp_get_nbx(peers_[from.peer.value].endpoint.get(), destination.data(), destination.size(),
                               remote.address + offset, remote.key.get(), &parameters),
                   parameters, "ucp_get_nbx");
  }

  // Put, flush of that endpoint, put: sound on every UCX, where a fence is not (from 1.16 it may hang with emulated
  // operations).
  Status ordered_put(const RemoteRegion& to, std::uint64_t offset, std::span<const std::byte> source,
                     Completion& done) override {
    if (peers_[to.peer.value].has_unflushed_puts) {
      Completion flushed;
      if (Status status = flush(to.peer, flushed); !status.ok()) return status;
      if (Status status = wait(*this, flushed, kPatienceSeconds); !status.ok()) return status;
      peers_[to.peer.value].has_unflushed_puts = false;
    }
    return put(to, offset, source, done);
  }

  Status flush(PeerIndex peer, Completion& done) override {
    const auto parameters = track(done);
    return started(ucp_ep_flush_nbx(peers_[peer.value].endpoint.get(), &parameters), parameters, "ucp_ep_flush_nbx");
  }

  void progress() override { ucp_worker_progress(worker_.get()); }

  [[nodiscard]] std::string lanes(PeerIndex peer) const override {
    return ucx::describe_lanes(peers_[peer.value].endpoint.get());
  }

 private:
  struct Peer {
    explicit Peer(ucx::Endpoint e) : endpoint(std::move(e)) {}
    ucx::Endpoint endpoint;
    bool has_unflushed_puts = false;
  };
  struct Remote {
    std::uint64_t address;
    ucx::RemoteKey key;
  };

  Status make_ready(const RemoteRegion& region, std::uint64_t offset, std::size_t size) {
    if (!region.holds(offset, size)) return past_the_end(region, offset, size);
    if (in_flight_ < kMostInFlight) return {};
    const double start = monotonic_seconds();
    for (Backoff backoff; in_flight_ >= kMostInFlight; backoff.pause()) {
      progress();
      if (monotonic_seconds() - start > kPatienceSeconds)
        return {StatusCode::deadline_exceeded, "no one-sided operation of a full queue completed in time"};
    }
    return {};
  }

  ucp_request_param_t track(Completion& done) {
    ucp_request_param_t parameters{};
    parameters.op_attr_mask = UCP_OP_ATTR_FIELD_CALLBACK | UCP_OP_ATTR_FIELD_USER_DATA;
    parameters.cb.send = on_complete;
    parameters.user_data = done.begin(in_flight_);  // before the call: its callback may run inside it
    return parameters;
  }

  static Status started(ucs_status_ptr_t request, const ucp_request_param_t& parameters, const char* call) {
    if (UCS_PTR_IS_PTR(request)) return {};
    Status outcome = to_status(UCS_PTR_STATUS(request), call);
    Completion::finish(static_cast<Completion::State*>(parameters.user_data), outcome);
    return outcome;
  }

  std::uint64_t in_flight_ = 0;  // outlives the endpoints, whose closing completes operations
  ucx::Worker worker_;
  std::vector<Peer> peers_;
  std::vector<Remote> regions_;  // after peers_: remote keys go before their endpoints
};

class UcxTransport final : public Transport {
 public:
  UcxTransport(std::string name, const std::string& tls)
      : name_(std::move(name)), context_(ucx::make_context(tls)), service_(ucx::make_worker(context_.get())) {}

  [[nodiscard]] std::unique_ptr<Region> allocate(std::size_t size_bytes, MemoryKind kind) override {
    if (kind != MemoryKind::host) throw RuntimeFailure("this build registers host memory only");
    return std::make_unique<UcxRegion>(context_.get(), size_bytes);
  }
  [[nodiscard]] std::unique_ptr<Channel> open_channel() override {
    return std::make_unique<UcxChannel>(context_.get());
  }
  [[nodiscard]] Bytes address() const override { return ucx::worker_address(service_.get()); }
  void serve() override { ucp_worker_progress(service_.get()); }
  [[nodiscard]] std::string name() const override { return name_; }
  [[nodiscard]] std::string library() const override { return std::string("UCX ") + ucp_get_version_string(); }

 private:
  std::string name_;
  ucx::Context context_;
  ucx::Worker service_;
};

}  // namespace

std::unique_ptr<Transport> make_ucx_transport(const std::string& name) {
  // posix and not sysv, whose segments outlive a process that is killed: see shared_memory_folder.hpp.
  if (name == "shm") return std::make_unique<UcxTransport>(name, "posix,self");
  throw InputError(fmt::format("transport \"{}\" is not in this version; accepted: auto, shm", name));
}

}  // namespace wolfpack::transport
