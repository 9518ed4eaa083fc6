#include "transport/ucx_transport.hpp"

#include <cmath>
#include <cstdlib>
#include <mutex>
#include <poll.h>
#include <unistd.h>

#include <fmt/format.h>
#include <ucp/api/ucp.h>

#include "base/bytes.hpp"
#include "base/time.hpp"
#include "transport/set_up.hpp"
#include "transport/ucx_channel.hpp"
#include "transport/ucx_handles.hpp"

namespace wolfpack::transport {
namespace {

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
    writer.value<std::int64_t>(getpid());
    writer.blob(memory_.remote_key());
    return out;
  }

 private:
  ucx::MappedMemory memory_;
};

constexpr double kUnarmedNapSeconds = 1e-4;
const std::string kShared = "shm";

class UcxTransport final : public Transport {
 public:
  UcxTransport(std::string name, const ucx::ContextOptions& options, Reach reach, const std::string& neighbourhood)
      : name_(std::move(name)),
        takes_shared_memory_(name_ != kShared && !neighbourhood.empty()),
        reach_(reach),
        context_(ucx::make_context(options)),
        service_(ucx::make_worker(context_.get())),
        address_(to_bytes({neighbourhood, ucx::worker_address(service_.get())})),
        wakes_(options.wakeup ? ucx::wakeup_descriptor(service_.get()) : -1) {}

  [[nodiscard]] std::unique_ptr<Region> allocate(std::size_t size_bytes, MemoryKind kind) override {
    if (kind != MemoryKind::host) throw RuntimeFailure("this build registers host memory only");
    require_room_for(size_bytes, size_bytes);
    return std::make_unique<UcxRegion>(context_.get(), size_bytes);
  }
  [[nodiscard]] std::unique_ptr<Channel> open_channel() override {
    require_room_for(own_bytes_of_a_channel(name_), own_bytes_of_a_channel(kShared));
    return std::make_unique<UcxChannel>(context_.get(), reach_, address_);
  }
  [[nodiscard]] Bytes address() const override { return address_; }
  bool serve() override { return ucp_worker_progress(service_.get()) != 0; }
  void wait_for_requests(double seconds) override {
    if (wakes_ < 0) return sleep_seconds(seconds);
    const ucs_status_t armed = ucp_worker_arm(service_.get());
    if (armed == UCS_ERR_BUSY) return;  // something came in between
    if (armed != UCS_OK) return sleep_seconds(kUnarmedNapSeconds);
    pollfd watched{wakes_, POLLIN, 0};
    (void)poll(&watched, 1, static_cast<int>(std::ceil(seconds * 1e3)));
  }
  [[nodiscard]] std::string name() const override { return name_; }
  [[nodiscard]] std::string library() const override { return std::string("UCX ") + ucp_get_version_string(); }

 private:
  void require_room_for(std::uint64_t bytes, std::uint64_t shared_bytes) const {
    require_room(name_, bytes);
    if (takes_shared_memory_) require_room(kShared, shared_bytes);
  }

  std::string name_;
  bool takes_shared_memory_;  // beside what name_ takes
  Reach reach_;
  ucx::Context context_;
  ucx::Worker service_;
  Bytes address_;  // with service_'s: packed once, since that may not go on beside serve()
  int wakes_;      // a file descriptor of service_'s; -1: none
};

enum class Unless { set, same };

/// UCX takes some settings from the environment alone.
void set_for_ucx(const char* variable, const std::string& value, Unless unless) {
  const char* present = std::getenv(variable);
  if (present == nullptr || (unless == Unless::same && present != value)) setenv(variable, value.c_str(), 1);
}

ucx::ContextOptions tcp_options(Span span) {
  static std::once_flag once;
  std::call_once(once, [] {
    for (const char* variable : {"UCX_TCP_TX_SEG_SIZE", "UCX_TCP_RX_SEG_SIZE"})
      set_for_ucx(variable, std::to_string(kEmulatedMessageBytes), Unless::same);
  });
  // Private memory will do; huge pages, which UCX would try before, are System V segments.
  ucx::ContextOptions options{.settings = {{"TLS", "tcp"}, {"ALLOC_PRIO", "mmap"}}, .wakeup = true};
  if (span == Span::one_machine) options.settings.push_back({"NET_DEVICES", "lo"});
  return options;
}

/// One port, and its writes in order: ARCHITECTURE.md, "The order of what arrives", says why.
ucx::ContextOptions rdma_options() {
  const RdmaPort port = checked_rdma_port();
  // One-sided operations use none of the receive buffers: 13 MiB of locked memory a UCX worker, not 53.
  static std::once_flag once;
  std::call_once(once, [] {
    for (const auto& [variable, value] :
         {std::pair{"UCX_IB_PCI_RELAXED_ORDERING", "off"}, std::pair{"UCX_RC_RX_QUEUE_LEN", "128"},
          std::pair{"UCX_UD_RX_QUEUE_LEN", "256"}, std::pair{"UCX_RC_TX_BUFS_GROW", "64"},
          std::pair{"UCX_UD_TX_BUFS_GROW", "64"}})
      set_for_ucx(variable, value, Unless::set);
  });
  raise_locked_memory_limit();
  ucx::ContextOptions options{
      .settings = {{"TLS", "rc", true}, {"NET_DEVICES", port.name(), true}, {"ALLOC_PRIO", "mmap"}}, .wakeup = true};
  if (ucx::is_at_least(1, 14)) options.settings.push_back({"MAX_RMA_RAILS", "1", true});  // before, there was but one
  return options;
}

/// Neighbours' endpoints find shared memory, and the others', whose peers' loss is to be told, cannot take it.
void share_memory(ucx::ContextOptions& options) {
  for (ucx::Setting& setting : options.settings) {
    if (setting.name == "TLS") setting.value += ",posix";
    if (setting.name == "ALLOC_PRIO") setting = {"ALLOC_PRIO", "md:posix", true};
  }
}

}  // namespace

bool is_ucx_transport(const std::string& name) { return name == "shm" || name == "tcp" || name == "rdma"; }

std::unique_ptr<Transport> make_ucx_transport(const std::string& name, Span span, const std::string& neighbourhood) {
  ucx::ContextOptions options;
  Reach reach = Reach::stores;
  if (name == kShared) {
    // posix and not sysv, whose segments outlive a process that is killed: see shared_memory_folder.hpp.
    options.settings = {{"TLS", "posix,self"}};
  } else if (name == "tcp") {
    options = tcp_options(span);
    reach = Reach::messages;
  } else if (name == "rdma") {
    options = rdma_options();
    reach = Reach::adapter;
  } else {
    throw InputError(fmt::format("transport \"{}\" is not in this version; accepted: shm, tcp, rdma", name));
  }
  if (reach != Reach::stores && !neighbourhood.empty()) share_memory(options);
  return std::make_unique<UcxTransport>(name, options, reach, neighbourhood);
}

}  // namespace wolfpack::transport
