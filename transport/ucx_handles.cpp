#include "transport/ucx_handles.hpp"

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <regex>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "base/time.hpp"
#include "transport/ucx_fatal_errors.hpp"

namespace wolfpack::transport {
namespace {

/// What operations end with, those under way and later ones, once an endpoint's peer has closed it or fallen silent.
/// UCS_ERR_CANCELED also comes where this side closes the endpoint by force; then nobody waits for them.
bool says_that_the_peer_is_gone(ucs_status_t status) {
  return status == UCS_ERR_CONNECTION_RESET || status == UCS_ERR_NOT_CONNECTED || status == UCS_ERR_ENDPOINT_TIMEOUT ||
         status == UCS_ERR_CANCELED;
}

}  // namespace

void check_ucx(ucs_status_t status, const char* call) { to_status(status, call).or_throw(); }

Status to_status(ucs_status_t status, const char* call) {
  if (status == UCS_OK) return {};
  return {says_that_the_peer_is_gone(status) ? StatusCode::peer_unreachable : StatusCode::transport_error,
          fmt::format("{}: {} (UCX {})", call, ucs_status_string(status), static_cast<int>(status))};
}

namespace ucx {

bool is_at_least(unsigned major, unsigned minor) {
  unsigned own_major = 0, own_minor = 0, release = 0;
  ucp_get_version(&own_major, &own_minor, &release);
  return std::pair(own_major, own_minor) >= std::pair(major, minor);
}

Context make_context(const ContextOptions& options) {
  tell_fatal_errors();
  ucp_config_t* config = nullptr;
  check_ucx(ucp_config_read(nullptr, nullptr, &config), "ucp_config_read");
  const std::unique_ptr<ucp_config_t, decltype(&ucp_config_release)> owner(config, &ucp_config_release);
  for (const Setting& setting : options.settings) {
    const std::string variable = "UCX_" + setting.name;
    if (setting.is_fixed || std::getenv(variable.c_str()) == nullptr)
      check_ucx(ucp_config_modify(config, setting.name.c_str(), setting.value.c_str()), variable.c_str());
  }

  ucp_params_t parameters{};
  parameters.field_mask = UCP_PARAM_FIELD_FEATURES | UCP_PARAM_FIELD_MT_WORKERS_SHARED | UCP_PARAM_FIELD_NAME;
  parameters.features = UCP_FEATURE_RMA | UCP_FEATURE_AMO64;
  if (options.wakeup) parameters.features |= UCP_FEATURE_WAKEUP;
  parameters.mt_workers_shared = 1;
  parameters.name = "wolfpack";
  ucp_context_h context = nullptr;
  check_ucx(ucp_init(&parameters, config, &context), "ucp_init");
  return Context(context);
}

Worker make_worker(ucp_context_h context) {
  ucp_worker_params_t parameters{};
  parameters.field_mask = UCP_WORKER_PARAM_FIELD_THREAD_MODE;
  parameters.thread_mode = UCS_THREAD_MODE_SERIALIZED;
  ucp_worker_h worker = nullptr;
  check_ucx(ucp_worker_create(context, &parameters, &worker), "ucp_worker_create");
  return Worker(worker);
}

Bytes worker_address(ucp_worker_h worker) {
  ucp_address_t* address = nullptr;
  std::size_t length = 0;
  check_ucx(ucp_worker_get_address(worker, &address, &length), "ucp_worker_get_address");
  const auto* bytes = reinterpret_cast<const std::byte*>(address);
  Bytes copy(bytes, bytes + length);
  ucp_worker_release_address(worker, address);
  return copy;
}

int wakeup_descriptor(ucp_worker_h worker) {
  int descriptor = -1;
  check_ucx(ucp_worker_get_efd(worker, &descriptor), "ucp_worker_get_efd");
  return descriptor;
}

MappedMemory::MappedMemory(ucp_context_h context, std::size_t size_bytes) : context_(context) {
  ucp_mem_map_params_t parameters{};
  parameters.field_mask = UCP_MEM_MAP_PARAM_FIELD_LENGTH | UCP_MEM_MAP_PARAM_FIELD_FLAGS;
  parameters.length = size_bytes;
  parameters.flags = UCP_MEM_MAP_ALLOCATE;
  const ucs_status_t status = ucp_mem_map(context, &parameters, &handle_);
  if (status != UCS_OK)
    throw RuntimeFailure(fmt::format(
        "ucp_mem_map of {:.1f} MiB: {}; for shared memory see that /dev/shm has the room (df /dev/shm), for "
        "RDMA that memory may be locked (ulimit -l)",
        static_cast<double>(size_bytes) / (1 << 20), ucs_status_string(status)));
  ucp_mem_attr_t attributes{};
  attributes.field_mask = UCP_MEM_ATTR_FIELD_ADDRESS;
  check_ucx(ucp_mem_query(handle_, &attributes), "ucp_mem_query");
  bytes_ = {static_cast<std::byte*>(attributes.address), size_bytes};
  std::memset(bytes_.data(), 0, size_bytes);
}

Bytes MappedMemory::remote_key() const {
  void* packed = nullptr;
  std::size_t length = 0;
  check_ucx(ucp_rkey_pack(context_, handle_, &packed, &length), "ucp_rkey_pack");
  const auto* bytes = static_cast<const std::byte*>(packed);
  Bytes copy(bytes, bytes + length);
  ucp_rkey_buffer_release(packed);
  return copy;
}

Endpoint::Endpoint(ucp_worker_h worker, std::span<const std::byte> address, PeerErrors errors)
    : worker_(worker), errors_(errors) {
  ucp_ep_params_t parameters{};
  parameters.field_mask = UCP_EP_PARAM_FIELD_REMOTE_ADDRESS;
  parameters.address = reinterpret_cast<const ucp_address_t*>(address.data());
  if (errors == PeerErrors::fail) {
    parameters.field_mask |= UCP_EP_PARAM_FIELD_ERR_HANDLING_MODE | UCP_EP_PARAM_FIELD_ERR_HANDLER;
    parameters.err_mode = UCP_ERR_HANDLING_MODE_PEER;
    parameters.err_handler.cb = [](void*, ucp_ep_h, ucs_status_t) {};  // the operations say it
  }
  const ucs_status_t status = ucp_ep_create(worker, &parameters, &endpoint_);
  if (status == UCS_ERR_SHMEM_SEGMENT)
    throw RuntimeFailure(
        "ucp_ep_create: Shared memory error: UCX opens a peer's memory by /proc/PID/fd, which takes the same user and "
        "PID namespace and a /proc that shows it; or take --transport tcp");
  check_ucx(status, "ucp_ep_create");
}

Endpoint::~Endpoint() {
  if (endpoint_ == nullptr) return;
  ucp_request_param_t parameters{};
  if (errors_ == PeerErrors::fail) {
    parameters.op_attr_mask = UCP_OP_ATTR_FIELD_FLAGS;
    parameters.flags = UCP_EP_CLOSE_FLAG_FORCE;
  }
  ucs_status_ptr_t request = ucp_ep_close_nbx(endpoint_, &parameters);
  if (request == nullptr || UCS_PTR_IS_ERR(request)) return;
  constexpr double kPatienceSeconds = 1.0;
  for (const double start = monotonic_seconds(); ucp_request_check_status(request) == UCS_INPROGRESS;) {
    ucp_worker_progress(worker_);
    if (monotonic_seconds() - start > kPatienceSeconds) break;
  }
  ucp_request_free(request);
}

RemoteKey unpack_remote_key(ucp_ep_h endpoint, std::span<const std::byte> packed) {
  ucp_rkey_h key = nullptr;
  check_ucx(ucp_ep_rkey_unpack(endpoint, packed.data(), &key), "ucp_ep_rkey_unpack");
  return RemoteKey(key);
}

std::string describe_lanes(ucp_ep_h endpoint) {
  char* text = nullptr;
  std::size_t size = 0;
  std::FILE* stream = open_memstream(&text, &size);
  if (stream == nullptr) return "unknown";
  ucp_ep_print_info(endpoint, stream);
  std::fclose(stream);
  const std::string info(text, size);
  std::free(text);

  // A line is "#  lane[0]:  2:posix/memory.0 md[1] -> md[1]/posix/sysdev[255] rma_bw#0 ...".
  static const std::regex lane(R"(lane\[\d+\]:\s+\d+:(\S+?)(?:\.\d+)?\s)");
  std::string lanes;
  for (std::sregex_iterator match(info.begin(), info.end(), lane), end; match != end; ++match) {
    const std::string name = (*match)[1];
    if (("," + lanes + ",").find("," + name + ",") == std::string::npos) lanes += (lanes.empty() ? "" : ",") + name;
  }
  return lanes.empty() ? "unknown" : lanes;
}

}  // namespace ucx
}  // namespace wolfpack::transport
