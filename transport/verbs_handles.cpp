#include "transport/verbs_handles.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <sys/mman.h>

#include <fmt/format.h>

#include "base/status.hpp"
#include "transport/set_up.hpp"

namespace wolfpack::transport::verbs {
namespace {

// How long an operation waits for its acknowledgement, 4.096 us * 2^16 = 0.27 s (some adapters take up to four times
// that), and how often it is sent again: a peer that is gone is noticed within some 2 to 8 s, and one that the machine
// keeps from running for a moment is not taken for gone. Not 7 times, which Soft-RoCE takes for ever.
constexpr std::uint8_t kTimeoutExponent = 16, kRetries = 6;
// Of the answer "not ready", which only receives could bring, and there are none. 7 is for ever here, too.
constexpr std::uint8_t kNotReadyRetries = 6, kNotReadyTimer = 12;
// As UCX has it on RoCE: the class that a lossless network is configured for.
constexpr std::uint8_t kRoceTrafficClass = 106;
constexpr std::uint8_t kHopLimit = 64;
constexpr std::size_t kSubnetPrefixBytes = 8;

ibv_mtu to_mtu(std::uint32_t bytes) {
  for (const ibv_mtu mtu : {IBV_MTU_4096, IBV_MTU_2048, IBV_MTU_1024, IBV_MTU_512})
    if (bytes >= 128U << mtu) return mtu;
  return IBV_MTU_256;
}

/// Over Ethernet always; over InfiniBand where a router is between.
bool takes_global_route(const VerbsAddress& own, const VerbsAddress& peer) {
  return own.is_ethernet || !std::equal(own.gid.begin(), own.gid.begin() + kSubnetPrefixBytes, peer.gid.begin());
}

unsigned remote_access(bool has_atomics) {
  unsigned access = IBV_ACCESS_REMOTE_WRITE | IBV_ACCESS_REMOTE_READ;
  if (has_atomics) access |= IBV_ACCESS_REMOTE_ATOMIC;
  return access;
}

void modify(ibv_qp& queue_pair, ibv_qp_attr& attributes, int mask, const std::string& port, const char* state) {
  if (const int error = ibv_modify_qp(&queue_pair, &attributes, mask | IBV_QP_STATE); error != 0)
    fail(port, fmt::format("ibv_modify_qp to {}", state), error);
}

}  // namespace

void fail(const std::string& port, const std::string& call, int error) {
  const char* hint = "";
  if (error == ENOMEM || error == EAGAIN) hint = "; see that memory may be locked (ulimit -l unlimited)";
  if (error == EACCES || error == EPERM) hint = "; see who may use the files in /dev/infiniband";
  if (error == ENOSYS) hint = "; load the kernel's drivers (modprobe ib_uverbs)";
  throw RuntimeFailure(fmt::format("{}: {}: {}{}", port, call, error == 0 ? "failed" : std::strerror(error), hint));
}

Device open_device(const std::string& name) {
  int count = 0;
  errno = 0;
  const std::unique_ptr<ibv_device*, decltype(&ibv_free_device_list)> list(ibv_get_device_list(&count),
                                                                           &ibv_free_device_list);
  if (list == nullptr) fail(name, "ibv_get_device_list", errno);
  for (int i = 0; i < count; ++i) {
    ibv_device* const device = list.get()[i];
    if (name != ibv_get_device_name(device)) continue;
    errno = 0;
    Device opened(ibv_open_device(device));
    if (opened == nullptr) fail(name, "ibv_open_device", errno);
    return opened;
  }
  throw RuntimeFailure(fmt::format(
      "{}: ibv_get_device_list does not have it: its verbs device (modprobe ib_uverbs; in a container, docker run "
      "--device /dev/infiniband) or its driver of rdma-core (ibverbs-providers) is missing",
      name));
}

Device open_device(const RdmaPort& port) {
  Device opened = open_device(port.device);
  if (opened->device->transport_type == IBV_TRANSPORT_IWARP)
    throw RuntimeFailure(fmt::format("{}: is iWARP; InfiniBand and RoCE are what verbs are measured on", port.name()));
  return opened;
}

ibv_device_attr query_device(ibv_context& device, const std::string& port) {
  ibv_device_attr attributes{};
  if (const int error = ibv_query_device(&device, &attributes); error != 0) fail(port, "ibv_query_device", error);
  return attributes;
}

ibv_port_attr query_port(ibv_context& device, const RdmaPort& port) {
  ibv_port_attr attributes{};
  if (const int error = ibv_query_port(&device, static_cast<std::uint8_t>(port.port), &attributes); error != 0)
    fail(port.name(), "ibv_query_port", error);
  return attributes;
}

std::vector<ibv_gid_entry> query_gid_table(ibv_context& device, const std::string& name) {
  std::size_t most = 0;
  RdmaPort port{.device = name, .state = {}, .link_layer = {}, .verbs_file = {}};
  const int ports = query_device(device, name).phys_port_cnt;
  for (port.port = 1; port.port <= ports; ++port.port)
    most += static_cast<std::size_t>(query_port(device, port).gid_tbl_len);
  std::vector<ibv_gid_entry> entries(most);
  const ssize_t got = ibv_query_gid_table(&device, entries.data(), entries.size(), 0);
  if (got < 0) fail(name, "ibv_query_gid_table", static_cast<int>(-got));
  entries.resize(static_cast<std::size_t>(got));
  return entries;
}

std::vector<GidEntry> query_gids(ibv_context& device, const RdmaPort& port) {
  std::vector<GidEntry> gids;
  for (const ibv_gid_entry& entry : query_gid_table(device, port.device)) {
    if (entry.port_num != static_cast<std::uint32_t>(port.port)) continue;
    GidEntry& gid = gids.emplace_back();
    gid.index = entry.gid_index;
    gid.kind = entry.gid_type == IBV_GID_TYPE_ROCE_V2   ? GidKind::roce_v2
               : entry.gid_type == IBV_GID_TYPE_ROCE_V1 ? GidKind::roce_v1
                                                        : GidKind::infiniband;
    std::copy_n(entry.gid.raw, gid.value.size(), gid.value.begin());
  }
  return gids;
}

Domain make_domain(ibv_context& device, const std::string& port) {
  errno = 0;
  Domain domain(ibv_alloc_pd(&device));
  if (domain == nullptr) fail(port, "ibv_alloc_pd", errno);
  return domain;
}

CompletionQueue make_completion_queue(ibv_context& device, int entries, const std::string& port) {
  errno = 0;
  CompletionQueue queue(ibv_create_cq(&device, entries, nullptr, nullptr, 0));
  if (queue == nullptr) fail(port, "ibv_create_cq", errno);
  return queue;
}

QueuePair make_queue_pair(ibv_pd& domain, ibv_cq& completions, QueueDepth& depth, const std::string& port) {
  const std::uint32_t asked = depth.inline_bytes;
  // Devices refuse to carry more than they can; few say beforehand how much that is.
  for (std::uint32_t inline_bytes = asked;; inline_bytes /= 2) {
    ibv_qp_init_attr attributes{};
    attributes.send_cq = attributes.recv_cq = &completions;
    attributes.qp_type = IBV_QPT_RC;
    attributes.cap = {.max_send_wr = depth.operations,
                      .max_recv_wr = 1,
                      .max_send_sge = 1,
                      .max_recv_sge = 1,
                      .max_inline_data = inline_bytes};
    errno = 0;
    QueuePair queue_pair(ibv_create_qp(&domain, &attributes));
    if (queue_pair != nullptr) {
      depth.inline_bytes = std::min(attributes.cap.max_inline_data, asked);
      return queue_pair;
    }
    if (inline_bytes == 0) fail(port, "ibv_create_qp of a reliable connection", errno);
  }
}

RegisteredMemory::RegisteredMemory(ibv_pd& domain, std::size_t size_bytes, bool has_atomics, const std::string& port) {
  raise_locked_memory_limit();
  require_room("rdma", size_bytes);
  void* const pages = mmap(nullptr, size_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (pages == MAP_FAILED)
    throw RuntimeFailure(fmt::format("{} bytes of memory cannot be had: {}", size_bytes, std::strerror(errno)));
  bytes_ = {static_cast<std::byte*>(pages), size_bytes};
  // A child's copy on write could move them from under the device.
  (void)madvise(pages, size_bytes, MADV_DONTFORK);
  errno = 0;
  registration_.reset(
      ibv_reg_mr(&domain, pages, size_bytes, static_cast<int>(IBV_ACCESS_LOCAL_WRITE | remote_access(has_atomics))));
  if (registration_ == nullptr) {
    const int error = errno;
    munmap(pages, size_bytes);
    fail(port, fmt::format("ibv_reg_mr of {:.1f} MiB", static_cast<double>(size_bytes) / (1 << 20)), error);
  }
}

RegisteredMemory::~RegisteredMemory() {
  registration_.reset();
  munmap(bytes_.data(), bytes_.size());
}

void connect_queue_pair(ibv_qp& queue_pair, const OwnSide& own, const VerbsAddress& peer) {
  const auto number = static_cast<std::uint8_t>(own.port.port);
  const std::string port = own.port.name();
  ibv_qp_attr initial{};
  initial.qp_state = IBV_QPS_INIT;
  initial.port_num = number;
  initial.qp_access_flags = remote_access(own.has_atomics);
  modify(queue_pair, initial, IBV_QP_PKEY_INDEX | IBV_QP_PORT | IBV_QP_ACCESS_FLAGS, port, "INIT");

  ibv_qp_attr receiving{};
  receiving.qp_state = IBV_QPS_RTR;
  receiving.path_mtu = to_mtu(std::min(own.address.mtu_bytes, peer.mtu_bytes));
  receiving.dest_qp_num = peer.queue_pair;
  receiving.rq_psn = peer.first_packet;
  receiving.max_dest_rd_atomic = static_cast<std::uint8_t>(own.address.reads_served);
  receiving.min_rnr_timer = kNotReadyTimer;
  receiving.ah_attr.port_num = number;
  receiving.ah_attr.dlid = peer.lid;
  if (takes_global_route(own.address, peer)) {
    receiving.ah_attr.is_global = 1;
    std::copy(peer.gid.begin(), peer.gid.end(), receiving.ah_attr.grh.dgid.raw);
    receiving.ah_attr.grh.sgid_index = static_cast<std::uint8_t>(own.gid_index);
    receiving.ah_attr.grh.hop_limit = kHopLimit;
    if (own.address.is_ethernet) receiving.ah_attr.grh.traffic_class = kRoceTrafficClass;
  }
  modify(
      queue_pair, receiving,
      IBV_QP_AV | IBV_QP_PATH_MTU | IBV_QP_DEST_QPN | IBV_QP_RQ_PSN | IBV_QP_MAX_DEST_RD_ATOMIC | IBV_QP_MIN_RNR_TIMER,
      port, "RTR");

  ibv_qp_attr sending{};
  sending.qp_state = IBV_QPS_RTS;
  sending.timeout = kTimeoutExponent;
  sending.retry_cnt = kRetries;
  sending.rnr_retry = kNotReadyRetries;
  sending.sq_psn = own.address.first_packet;
  sending.max_rd_atomic = static_cast<std::uint8_t>(std::min(own.reads_asked, peer.reads_served));
  modify(queue_pair, sending,
         IBV_QP_TIMEOUT | IBV_QP_RETRY_CNT | IBV_QP_RNR_RETRY | IBV_QP_SQ_PSN | IBV_QP_MAX_QP_RD_ATOMIC, port, "RTS");
}

}  // namespace wolfpack::transport::verbs
