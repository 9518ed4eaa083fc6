#include "transport/ucx_channel.hpp"

#include <algorithm>
#include <filesystem>
#include <system_error>
#include <utility>

#include <fmt/format.h>
#include <ucp/api/ucp.h>

#include "base/bytes.hpp"
#include "base/time.hpp"
#include "base/words.hpp"

namespace wolfpack::transport {
namespace {

/// Enough to fill a pipe, few enough not to exhaust send queues.
constexpr std::size_t kMostStarted = 64;
constexpr double kConnectSeconds = 30.0;
constexpr std::uint64_t kIdleLooksALook = 16;
/// Of an emulated put: fits a message, with its headers.
constexpr std::size_t kEmulatedPutBytes = kEmulatedMessageBytes - 64;

ucx::PeerErrors peer_errors(Reach reach) {
  return reach == Reach::stores ? ucx::PeerErrors::silent : ucx::PeerErrors::fail;
}

/// Whether a process of this host is gone, but perhaps for its exit status. UCX 1.13 crashes in ucp_ep_rkey_unpack
/// where it is, since it then releases what it has not unpacked; and still does where the process dies between this
/// question and that call, some microseconds later.
bool has_ended(std::int64_t process) {
  std::error_code error;
  (void)std::filesystem::read_symlink(fmt::format("/proc/{}/exe", process), error);
  return error == std::errc::no_such_file_or_directory || error == std::errc::no_such_process;
}

/// Where loads and stores reach the remote memory; null where they do not.
std::byte* mapped_memory(const ucx::RemoteKey& key, std::uint64_t address) {
  void* mapped = nullptr;
  return ucp_rkey_ptr(key.get(), address, &mapped) == UCS_OK ? static_cast<std::byte*>(mapped) : nullptr;
}

}  // namespace

Bytes to_bytes(const UcxAddress& address) {
  Bytes bytes;
  ByteWriter writer(bytes);
  writer.text(address.neighbourhood);
  writer.blob(address.worker);
  return bytes;
}

UcxAddress to_ucx_address(std::span<const std::byte> bytes) {
  ByteReader reader(bytes);
  UcxAddress address{.neighbourhood = reader.text(), .worker = {}};
  const auto worker = reader.blob();
  address.worker.assign(worker.begin(), worker.end());
  return address;
}

UcxChannel::UcxChannel(ucp_context_h context, Reach reach, Bytes own_address)
    : tracked_(kMostStarted), reach_(reach), own_address_(std::move(own_address)), worker_(ucx::make_worker(context)) {
  for (Tracked& tracked : tracked_) free_.push_back(&tracked);
}

UcxChannel::~UcxChannel() {
  // Remote keys go before their endpoints, and what uses them should have ended: mostly it has.
  constexpr double kPatienceSeconds = 0.1;
  for (const double start = monotonic_seconds();
       free_.size() < tracked_.size() && monotonic_seconds() - start < kPatienceSeconds;)
    ucp_worker_progress(worker_.get());
  const Status closed{StatusCode::transport_error, "the channel was closed"};
  for (const Peer& peer : peers_)
    for (const Waiting& waiting : peer.waiting)  // a fence is UCX's to end, where it has begun
      if (waiting.operation.kind != Kind::fence) Completion::finish(waiting.completion, closed);
}

PeerIndex UcxChannel::connect(std::span<const std::byte> address, const std::string& name) {
  const bool is_self =
      reach_ != Reach::stores && std::equal(address.begin(), address.end(), own_address_.begin(), own_address_.end());
  const UcxAddress theirs = to_ucx_address(address);
  const std::string& neighbourhood = theirs.neighbourhood;
  const bool is_neighbour = !neighbourhood.empty() && neighbourhood == to_ucx_address(own_address_).neighbourhood;
  const Reach reach = is_neighbour && !is_self ? Reach::stores : reach_;
  std::optional<ucx::Endpoint> endpoint;
  if (!is_self) endpoint.emplace(worker_.get(), theirs.worker, peer_errors(reach));
  peers_.emplace_back(names_.emplace_back(name), reach, std::move(endpoint));
  return {static_cast<std::uint32_t>(peers_.size() - 1)};
}

RemoteRegion UcxChannel::open(PeerIndex peer, std::span<const std::byte> descriptor) {
  ByteReader reader(descriptor);
  const auto address = reader.value<std::uint64_t>();
  const auto size_bytes = reader.value<std::uint64_t>();
  if (reader.value<MemoryKind>() != MemoryKind::host)
    throw RuntimeFailure("this build reaches host memory only, and a peer registered another kind");
  const auto process = reader.value<std::int64_t>();
  Peer& owner = peers_[peer.value];
  if (owner.reach == Reach::stores && has_ended(process)) throw RuntimeFailure("its process has ended");
  if (!owner.endpoint) {
    regions_.push_back({peer, address, nullptr, reinterpret_cast<std::byte*>(address)});
  } else {
    ucx::RemoteKey key = ucx::unpack_remote_key(owner.endpoint->get(), reader.blob());
    // A peer whose loss is to be told is asked, even where its memory is at hand.
    std::byte* const mapped = owner.is_mapped && owner.reach == Reach::stores ? mapped_memory(key, address) : nullptr;
    regions_.push_back({peer, address, std::move(key), mapped});
    if (mapped == nullptr) reach_by_ucx(peer);
  }
  const RemoteRegion region{peer, static_cast<std::uint32_t>(regions_.size() - 1), size_bytes};
  if (owner.reach != Reach::stores) {  // an answer means that the connection is up both ways
    Completion answered;
    get(region, 0, std::as_writable_bytes(std::span(&answer_, 1)), answered).or_throw();
    wait(*this, answered, kConnectSeconds).or_throw();
  }
  return region;
}

// Operations on one region by stores and on another by UCX would not be in order.
void UcxChannel::reach_by_ucx(PeerIndex peer) {
  peers_[peer.value].is_mapped = all_mapped_ = false;
  for (Remote& remote : regions_)
    if (remote.peer.value == peer.value) remote.mapped = nullptr;
}

Status UcxChannel::put(const RemoteRegion& to, std::uint64_t offset, std::span<const std::byte> source,
                       Completion& done) {
  if (!to.holds(offset, source.size())) return past_the_end(to, offset, source.size());
  if (std::byte* const mapped = regions_[to.index].mapped) {
    store_shared(mapped + offset, source);
    return {};
  }
  Peer& peer = peers_[to.peer.value];
  peer.has_unflushed_puts = true;
  // A put is cut into messages or packets of a multiple of 8 bytes, from where it begins: pieces that begin with a word
  // keep words whole. An emulated one may be cut at any byte, but where it fits one message.
  const std::size_t to_a_word = (8 - offset % 8) % 8;
  const std::size_t most = peer.reach == Reach::messages ? kEmulatedPutBytes : source.size();
  for (std::size_t start = 0; start < source.size();) {
    const std::size_t bytes = start == 0 && to_a_word != 0 ? to_a_word : most;
    const auto piece = source.subspan(start, std::min(source.size() - start, bytes));
    const Operation put{Kind::put, to.index, offset + start, const_cast<std::byte*>(piece.data()), piece.size()};
    if (Status status = submit(peer, put, done); !status.ok()) return status;
    start += piece.size();
  }
  return {};
}

Status UcxChannel::get(const RemoteRegion& from, std::uint64_t offset, std::span<std::byte> destination,
                       Completion& done) {
  if (!from.holds(offset, destination.size())) return past_the_end(from, offset, destination.size());
  if (const std::byte* const mapped = regions_[from.index].mapped) {
    load_shared(destination, mapped + offset);
    return {};
  }
  return submit(peers_[from.peer.value], {Kind::get, from.index, offset, destination.data(), destination.size()}, done);
}

// Put, flush of that endpoint, put: sound on every UCX, where a fence is not (from 1.16 it may hang with emulated
// operations).
Status UcxChannel::ordered_put(const RemoteRegion& to, std::uint64_t offset, std::span<const std::byte> source,
                               Completion& done) {
  if (!to.holds(offset, source.size())) return past_the_end(to, offset, source.size());
  Peer& peer = peers_[to.peer.value];
  if (std::exchange(peer.has_unflushed_puts, false)) {
    if (Status status = submit_fence(peer); !status.ok()) return status;
  }
  return put(to, offset, source, done);
}

Status UcxChannel::fetch_add(const RemoteRegion& to, std::uint64_t offset, std::uint64_t value, std::uint64_t& before,
                             Completion& done) {
  if (!to.holds(offset, sizeof value)) return past_the_end(to, offset, sizeof value);
  Peer& peer = peers_[to.peer.value];
  if (reach_ == Reach::adapter && (!peer.endpoint || peer.reach == Reach::stores))
    return {StatusCode::transport_error, peer.name + ": fetch_add to memory of this " +
                                             (peer.endpoint ? "host" : "process") +
                                             " is not atomic beside an adapter's"};
  if (std::byte* const mapped = regions_[to.index].mapped) {
    before = add_to_word(mapped + offset, value);
    return {};
  }
  auto* const destination = reinterpret_cast<std::byte*>(&before);
  return submit(peer, {Kind::fetch_add, to.index, offset, destination, sizeof value, value}, done);
}

Status UcxChannel::flush(PeerIndex peer, Completion& done) {
  if (peers_[peer.value].is_mapped) return {};
  return submit(peers_[peer.value], {Kind::flush, 0, 0, nullptr, 0}, done);
}

void UcxChannel::progress() {
  if (all_mapped_) return;
  // A look at a socket is a system call. Where nothing is under way, nobody waits for what it finds, acknowledgements
  // of puts, which must not pile up; or what it moves, the tail of a put that its socket has not taken, which a flush
  // hurries.
  if (reach_ == Reach::messages && in_flight_ == 0 && ++idle_looks_ % kIdleLooksALook != 0) return;
  ucp_worker_progress(worker_.get());
  if (waiting_ == 0) return;
  for (Peer& peer : peers_) advance(peer);
}

std::string UcxChannel::lanes(PeerIndex peer) const {
  const auto& endpoint = peers_[peer.value].endpoint;
  if (!endpoint) return "memory";
  return ucx::describe_lanes(endpoint->get()) + (peers_[peer.value].is_mapped ? " by loads and stores" : "");
}

Status UcxChannel::submit(Peer& peer, const Operation& operation, Completion& done) {
  const bool starts = peer.waiting.empty() && !free_.empty();
  Completion::State* const completion = done.begin(in_flight_);
  if (starts) return start(peer, operation, completion);
  peer.waiting.push_back({operation, completion});
  ++waiting_;
  return {};
}

// What follows waits behind it.
Status UcxChannel::submit_fence(Peer& peer) {
  peer.waiting.push_back({{Kind::fence, 0, 0, nullptr, 0}, nullptr});
  ++waiting_;
  if (peer.waiting.size() > 1 || free_.empty()) return {};
  begin_fence(peer);
  if (!peer.fence->done()) return {};
  const Status status = peer.fence->status();
  end_fence(peer);
  return status;
}

// The fence at the front: a new completion, since an earlier one's may hold a failure.
void UcxChannel::begin_fence(Peer& peer) {
  Waiting& front = peer.waiting.front();
  front.completion = peer.fence.emplace().begin(in_flight_);
  (void)start(peer, front.operation, front.completion);  // an error is in the completion
}

// Where it has failed, earlier puts may be invisible still, for ever perhaps: nothing that was to come after them
// starts, and the next ordered put needs a fence even where no put comes before it.
void UcxChannel::end_fence(Peer& peer) {
  peer.waiting.pop_front();
  --waiting_;
  const Status status = peer.fence->status();
  if (status.ok()) return;
  peer.has_unflushed_puts = true;
  for (; !peer.waiting.empty(); peer.waiting.pop_front(), --waiting_)
    if (peer.waiting.front().operation.kind != Kind::fence) Completion::finish(peer.waiting.front().completion, status);
}

// Starts what waits, in order, as far as it may.
void UcxChannel::advance(Peer& peer) {
  while (!peer.waiting.empty()) {
    Waiting& front = peer.waiting.front();
    const bool is_fence = front.operation.kind == Kind::fence;
    if (is_fence && front.completion != nullptr) {
      if (!peer.fence->done()) return;
      end_fence(peer);
      continue;
    }
    if (free_.empty()) return;
    if (is_fence) {
      begin_fence(peer);
      continue;
    }
    (void)start(peer, front.operation, front.completion);  // an error is in the completion
    peer.waiting.pop_front();
    --waiting_;
  }
}

Status UcxChannel::start(Peer& peer, const Operation& operation, Completion::State* completion) {
  Tracked* tracked = free_.back();
  free_.pop_back();
  *tracked = {this, completion, &peer.name, operation.value};
  ucp_request_param_t parameters{};
  parameters.op_attr_mask = UCP_OP_ATTR_FIELD_CALLBACK | UCP_OP_ATTR_FIELD_USER_DATA;
  parameters.cb.send = on_complete;
  parameters.user_data = tracked;
  const ucs_status_ptr_t request = begin(peer, operation, parameters);
  if (UCS_PTR_IS_PTR(request)) return {};
  const ucs_status_t status = UCS_PTR_STATUS(request);
  finish(*tracked, status);
  return status == UCS_OK ? Status() : to_status(status, peer.name.c_str());
}

ucs_status_ptr_t UcxChannel::begin(Peer& peer, const Operation& operation, const ucp_request_param_t& parameters) {
  const ucp_ep_h endpoint = peer.endpoint->get();
  if (operation.kind == Kind::flush || operation.kind == Kind::fence) return ucp_ep_flush_nbx(endpoint, &parameters);
  const Remote& remote = regions_[operation.region];
  const std::uint64_t address = remote.address + operation.offset;
  if (operation.kind == Kind::fetch_add) {
    ucp_request_param_t atomic = parameters;
    atomic.op_attr_mask |= UCP_OP_ATTR_FIELD_DATATYPE | UCP_OP_ATTR_FIELD_REPLY_BUFFER;
    atomic.datatype = ucp_dt_make_contig(sizeof operation.value);
    atomic.reply_buffer = operation.local;
    const auto& tracked = *static_cast<const Tracked*>(parameters.user_data);
    return ucp_atomic_op_nbx(endpoint, UCP_ATOMIC_OP_ADD, &tracked.value, 1, address, remote.key.get(), &atomic);
  }
  return operation.kind == Kind::put
             ? ucp_put_nbx(endpoint, operation.local, operation.bytes, address, remote.key.get(), &parameters)
             : ucp_get_nbx(endpoint, operation.local, operation.bytes, address, remote.key.get(), &parameters);
}

void UcxChannel::on_complete(void* request, ucs_status_t status, void* user_data) {
  auto& tracked = *static_cast<Tracked*>(user_data);
  tracked.channel->finish(tracked, status);
  ucp_request_free(request);
}

void UcxChannel::finish(Tracked& tracked, ucs_status_t status) {
  free_.push_back(&tracked);
  Completion::finish(tracked.completion, status == UCS_OK ? Status() : to_status(status, tracked.peer_name->c_str()));
}

}  // namespace wolfpack::transport
