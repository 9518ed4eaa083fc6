#include "transport/verbs_endpoint.hpp"

#include <algorithm>
#include <array>
#include <cassert>
#include <cstring>
#include <random>
#include <thread>

#include <fmt/format.h>

#include "base/environment.hpp"
#include "base/time.hpp"
#include "transport/verbs_handles.hpp"

namespace wolfpack::transport {
namespace {

constexpr std::uint32_t kQueueDepth = 128;
// A write's completion is asked for where nothing else is under way, since somebody may wait for it, and then of every
// so many: a completion costs the device a write of its own and us a look.
constexpr std::uint64_t kWritesACompletion = 32;
// What perftest asks for.
constexpr std::uint32_t kInlineBytes = 220;
constexpr std::uint32_t kMostReads = 128;  // the field has 8 bits
constexpr std::uint32_t kSequenceMask = 0xffffff;
constexpr double kRoomTimeoutSeconds = 30.0;
// Until then a wait only looks; then it lets others run.
constexpr double kSpinSeconds = 1e-3;
constexpr unsigned kLooksAClockReading = 64;

enum class Kind : std::uint64_t { write = 0, read = 1, fetch_add = 2 };
constexpr std::array kNames{"RDMA write", "RDMA read", "RDMA fetch-add"};
constexpr unsigned kKindBits = 2;

bool fits(std::uint64_t offset, std::uint64_t bytes, std::uint64_t size) {
  return offset <= size && bytes <= size - offset;
}

bool says_that_the_peer_is_gone(ibv_wc_status status) {
  return status == IBV_WC_RETRY_EXC_ERR || status == IBV_WC_RNR_RETRY_EXC_ERR || status == IBV_WC_REM_ABORT_ERR;
}

}  // namespace

struct VerbsEndpoint::Connection {
  Connection(const RdmaPort& port, std::size_t size_bytes)
      : device(verbs::open_device(port)),
        attributes(verbs::query_device(*device, port.name())),
        domain(verbs::make_domain(*device, port.name())),
        depth{.operations = std::min(kQueueDepth, static_cast<std::uint32_t>(attributes.max_qp_wr)),
              .inline_bytes = kInlineBytes},
        completions(verbs::make_completion_queue(*device, static_cast<int>(depth.operations), port.name())),
        memory(*domain, size_bytes, has_atomics(), port.name()),
        queue_pair(verbs::make_queue_pair(*domain, *completions, depth, port.name())) {
    own.port = port;
    own.has_atomics = has_atomics();
    own.reads_asked = std::min(static_cast<std::uint32_t>(attributes.max_qp_init_rd_atom), kMostReads);
    describe_own_side();
  }

  [[nodiscard]] bool has_atomics() const { return attributes.atomic_cap != IBV_ATOMIC_NONE; }
  [[nodiscard]] std::uint64_t under_way() const { return posted - completed; }
  [[nodiscard]] std::uint32_t mtu_bytes() const {
    return is_connected ? std::min(own.address.mtu_bytes, peer.mtu_bytes) : own.address.mtu_bytes;
  }

  void describe_own_side();
  Status check(const VerbsTransfer& transfer) const;
  Status make_room();
  struct Operation {
    Kind kind = Kind::write;
    VerbsTransfer transfer;
    std::uint64_t added = 0;    // of a fetch-add
    bool is_waited_for = true;  // the device tells the completion in any case
  };
  Status start(const Operation& operation);
  Status post(const Operation& operation);
  void reap();
  void take(const ibv_wc& completion);

  verbs::Device device;
  ibv_device_attr attributes;
  verbs::Domain domain;
  verbs::QueueDepth depth;
  verbs::CompletionQueue completions;
  verbs::RegisteredMemory memory;
  verbs::QueuePair queue_pair;

  verbs::OwnSide own;
  std::uint64_t most_bytes = 0;  // of one operation
  VerbsAddress peer;
  std::string peer_name;
  bool is_connected = false;

  // Counts of operations. They complete in the order in which they were started.
  std::uint64_t posted = 0, completed = 0;
  std::uint64_t last_told = 0;  // the last of which the device tells the completion
  Status failure;
};

void VerbsEndpoint::Connection::describe_own_side() {
  const ibv_port_attr found = verbs::query_port(*device, own.port);
  if (found.state != IBV_PORT_ACTIVE)
    throw RuntimeFailure(fmt::format("{}: is not active: set the link up, or see to the cable", own.port.name()));
  most_bytes = found.max_msg_sz;
  VerbsAddress& address = own.address;
  address.is_ethernet = found.link_layer == IBV_LINK_LAYER_ETHERNET;
  const GidEntry gid =
      choose_gid(verbs::query_gids(*device, own.port), environment("UCX_IB_GID_INDEX"), own.port.name());
  own.gid_index = gid.index;
  address.gid_kind = gid.kind;
  address.gid = gid.value;
  address.lid = found.lid;
  address.queue_pair = queue_pair->qp_num;
  address.first_packet = std::random_device{}() & kSequenceMask;
  address.mtu_bytes = 128U << found.active_mtu;
  address.reads_served = std::min(static_cast<std::uint32_t>(attributes.max_qp_rd_atom), kMostReads);
  address.memory = reinterpret_cast<std::uintptr_t>(memory.bytes().data());
  address.memory_bytes = memory.bytes().size();
  address.remote_key = memory.remote_key();
}

Status VerbsEndpoint::Connection::check(const VerbsTransfer& transfer) const {
  assert(is_connected);
  if (!failure.ok()) return failure;
  if (transfer.bytes <= most_bytes && fits(transfer.local_offset, transfer.bytes, own.address.memory_bytes) &&
      fits(transfer.remote_offset, transfer.bytes, peer.memory_bytes))
    return {};
  return {StatusCode::out_of_range,
          fmt::format("{}: {} bytes at offset {} of {} bytes here and {} of {} there do not fit, or "
                      "are more than the {} of one operation",
                      peer_name, transfer.bytes, transfer.local_offset, own.address.memory_bytes,
                      transfer.remote_offset, peer.memory_bytes, most_bytes)};
}

/// One place stays free, for the write that wait() adds.
Status VerbsEndpoint::Connection::make_room() {
  if (under_way() + 1 < depth.operations) return {};
  const double deadline = monotonic_seconds() + kRoomTimeoutSeconds;
  for (unsigned looks = 1;; ++looks) {
    reap();
    if (!failure.ok()) return failure;
    if (under_way() + 1 < depth.operations) return {};
    if (looks % kLooksAClockReading == 0 && monotonic_seconds() > deadline)
      return {StatusCode::deadline_exceeded, fmt::format("{}: none of {} RDMA operations has completed within {} s",
                                                         peer_name, under_way(), kRoomTimeoutSeconds)};
  }
}

Status VerbsEndpoint::Connection::start(const Operation& operation) {
  if (Status status = check(operation.transfer); !status.ok()) return status;
  if (Status status = make_room(); !status.ok()) return status;
  return post(operation);
}

Status VerbsEndpoint::Connection::post(const Operation& operation) {
  const auto& [kind, transfer, added, is_waited_for] = operation;
  const bool is_told = is_waited_for || under_way() == 0 || posted - last_told + 1 >= kWritesACompletion;
  ibv_sge local{.addr = own.address.memory + transfer.local_offset,
                .length = static_cast<std::uint32_t>(transfer.bytes),
                .lkey = memory.local_key()};
  const std::uint64_t remote = peer.memory + transfer.remote_offset;
  ibv_send_wr request{};
  request.wr_id = (posted + 1) << kKindBits | static_cast<std::uint64_t>(kind);
  request.sg_list = &local;
  request.num_sge = transfer.bytes == 0 ? 0 : 1;
  if (is_told) request.send_flags = IBV_SEND_SIGNALED;
  if (kind == Kind::fetch_add) {
    request.opcode = IBV_WR_ATOMIC_FETCH_AND_ADD;
    request.wr.atomic = {.remote_addr = remote, .compare_add = added, .swap = 0, .rkey = peer.remote_key};
  } else {
    request.opcode = kind == Kind::read ? IBV_WR_RDMA_READ : IBV_WR_RDMA_WRITE;
    request.wr.rdma = {.remote_addr = remote, .rkey = peer.remote_key};
    if (kind == Kind::write && transfer.bytes > 0 && transfer.bytes <= depth.inline_bytes)
      request.send_flags |= IBV_SEND_INLINE;
  }
  ibv_send_wr* refused = nullptr;
  if (const int error = ibv_post_send(queue_pair.get(), &request, &refused); error != 0) {
    failure = {StatusCode::transport_error, fmt::format("{}: ibv_post_send of an {}: {}", peer_name,
                                                        kNames[static_cast<std::size_t>(kind)], std::strerror(error))};
    return failure;
  }
  ++posted;
  if (is_told) last_told = posted;
  return {};
}

void VerbsEndpoint::Connection::reap() {
  std::array<ibv_wc, 16> batch;
  for (int count = static_cast<int>(batch.size()); count == static_cast<int>(batch.size());) {
    count = ibv_poll_cq(completions.get(), static_cast<int>(batch.size()), batch.data());
    if (count < 0 && failure.ok())
      failure = {StatusCode::transport_error, fmt::format("{}: ibv_poll_cq failed", peer_name)};
    for (int i = 0; i < count; ++i) take(batch[static_cast<std::size_t>(i)]);
  }
}

void VerbsEndpoint::Connection::take(const ibv_wc& completion) {
  completed = std::max(completed, completion.wr_id >> kKindBits);
  // The first failure takes the connection down, and all else that was under way with it.
  if (completion.status == IBV_WC_SUCCESS || !failure.ok()) return;
  const char* const name = kNames[completion.wr_id & ((1U << kKindBits) - 1)];
  failure = {
      says_that_the_peer_is_gone(completion.status) ? StatusCode::peer_unreachable : StatusCode::transport_error,
      fmt::format("{}: {}: {} (libibverbs {}, vendor {:#x})", peer_name, name, ibv_wc_status_str(completion.status),
                  static_cast<int>(completion.status), completion.vendor_err)};
}

VerbsEndpoint::VerbsEndpoint(const RdmaPort& port, std::size_t size_bytes)
    : connection_(std::make_unique<Connection>(port, size_bytes)) {}
VerbsEndpoint::~VerbsEndpoint() = default;

Bytes VerbsEndpoint::address() const { return encode(connection_->own.address); }

void VerbsEndpoint::connect(std::span<const std::byte> peer_address, const std::string& peer_name) {
  Connection& connection = *connection_;
  assert(!connection.is_connected);
  try {
    connection.peer = decode_verbs_address(peer_address);
  } catch (const RuntimeFailure& failure) {
    throw RuntimeFailure(fmt::format("{}: {}", peer_name, failure.what()));
  }
  check_same_network(connection.own.address, connection.peer, peer_name);
  try {
    verbs::connect_queue_pair(*connection.queue_pair, connection.own, connection.peer);
  } catch (const RuntimeFailure& failure) {
    throw RuntimeFailure(fmt::format("{}: {}", peer_name, failure.what()));
  }
  connection.peer_name = peer_name;
  connection.is_connected = true;
}

std::span<std::byte> VerbsEndpoint::memory() const { return connection_->memory.bytes(); }

Status VerbsEndpoint::write(const VerbsTransfer& transfer) {
  return connection_->start({.kind = Kind::write, .transfer = transfer, .is_waited_for = false});
}

Status VerbsEndpoint::read(const VerbsTransfer& transfer) {
  return connection_->start({.kind = Kind::read, .transfer = transfer});
}

Status VerbsEndpoint::fetch_add(const VerbsFetchAdd& addition) {
  if (!has_atomics())
    return {StatusCode::transport_error, fmt::format("{}: has no atomics", connection_->own.port.name())};
  if (addition.local_offset % 8 != 0 || addition.remote_offset % 8 != 0)
    return {StatusCode::out_of_range,
            fmt::format("{}: fetch-add is of aligned words, and offset {} here or {} there is no multiple of 8",
                        connection_->peer_name, addition.local_offset, addition.remote_offset)};
  return connection_->start({.kind = Kind::fetch_add,
                             .transfer = {addition.local_offset, addition.remote_offset, sizeof(std::uint64_t)},
                             .added = addition.value});
}

Status VerbsEndpoint::wait(double timeout_seconds) {
  Connection& connection = *connection_;
  connection.reap();
  if (!connection.failure.ok()) return connection.failure;
  if (connection.under_way() == 0) return {};
  // One more, of no bytes, whose completion is told: it says that of the writes before it, too.
  if (connection.last_told != connection.posted)
    if (Status status = connection.post({}); !status.ok()) return status;
  double start = 0.0;
  for (unsigned looks = 0;; ++looks) {
    connection.reap();
    if (!connection.failure.ok()) return connection.failure;
    if (connection.under_way() == 0) return {};
    if (looks % kLooksAClockReading != kLooksAClockReading - 1) continue;
    const double now = monotonic_seconds();
    if (start == 0.0) start = now;
    if (now - start > timeout_seconds)
      return {StatusCode::deadline_exceeded,
              fmt::format("{}: {} RDMA operations have not completed within {} s", connection.peer_name,
                          connection.under_way(), timeout_seconds)};
    if (now - start > kSpinSeconds) std::this_thread::yield();
  }
}

Status VerbsEndpoint::poll() {
  connection_->reap();
  return connection_->failure;
}

std::uint64_t VerbsEndpoint::under_way() const { return connection_->under_way(); }
bool VerbsEndpoint::has_atomics() const { return connection_->has_atomics(); }
std::uint32_t VerbsEndpoint::queue_depth() const { return connection_->depth.operations - 1; }
std::uint32_t VerbsEndpoint::inline_bytes() const { return connection_->depth.inline_bytes; }

std::string VerbsEndpoint::description() const {
  const verbs::OwnSide& own = connection_->own;
  return fmt::format("{}, {}, GID {}, MTU {}, inline up to {} bytes", own.port.name(), name_of(own.address.gid_kind),
                     own.gid_index, connection_->mtu_bytes(), inline_bytes());
}

}  // namespace wolfpack::transport
