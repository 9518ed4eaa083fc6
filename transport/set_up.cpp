#include "transport/set_up.hpp"

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <ifaddrs.h>
#include <memory>
#include <net/if.h>
#include <sched.h>
#include <sys/resource.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <fmt/format.h>

#include "base/environment.hpp"
#include "base/status.hpp"

namespace wolfpack::transport {
namespace {

// What UCX 1.13 takes for itself, measured: of shared memory (with UCX_POSIX_RX_BUFS_GROW=64) and, over verbs, of
// locked memory (with the queues of make_ucx_transport()). A worker process has three or four channels, the service one
// counted.
constexpr std::uint64_t kSharedBytesAChannel = 3 << 19, kSharedBytesAWorker = 5 << 20;
constexpr std::uint64_t kLockedBytesAChannel = 14 << 20, kLockedBytesAWorker = 64 << 20;

constexpr const char* kSharedMemoryHint =
    "enlarge it (mount -o remount,size=2G /dev/shm; in a container, docker run --shm-size=2g) or take --transport tcp";
constexpr const char* kLockedMemoryHint =
    "ulimit -l unlimited (limits.conf: memlock; systemd: LimitMEMLOCK=infinity; docker run --ulimit memlock=-1)";

/// Where UCX keeps it.
std::string shared_memory_folder() {
  const std::string chosen = environment("UCX_POSIX_DIR");
  return chosen.empty() ? "/dev/shm" : chosen;
}

double mebibytes(std::uint64_t bytes) { return static_cast<double>(bytes) / (1 << 20); }

std::uint64_t free_bytes(const std::string& folder) {
  struct statvfs facts {};
  return statvfs(folder.c_str(), &facts) == 0 ? static_cast<std::uint64_t>(facts.f_bavail) * facts.f_frsize : 0;
}

bool loopback_is_up() {
  ifaddrs* first = nullptr;
  if (getifaddrs(&first) != 0) return true;  // who knows
  const std::unique_ptr<ifaddrs, decltype(&freeifaddrs)> owner(first, &freeifaddrs);
  for (const ifaddrs* device = first; device != nullptr; device = device->ifa_next)
    if ((device->ifa_flags & IFF_LOOPBACK) != 0 && (device->ifa_flags & IFF_UP) != 0) return true;
  return false;
}

/// A number of /proc/self/status.
std::uint64_t own_status(const std::string& name, int base) {
  std::ifstream file("/proc/self/status");
  for (std::string word; file >> word;)
    if (word == name + ":" && file >> word) return std::strtoull(word.c_str(), nullptr, base);
  return 0;
}

bool is_first_user_namespace() {
  std::ifstream file("/proc/self/uid_map");
  std::uint64_t inside = 1, outside = 1, count = 0;
  file >> inside >> outside >> count;
  return inside == 0 && outside == 0 && count == 0xffffffff;
}

std::uint64_t locked_bytes() { return own_status("VmPin", 10) << 10; }

/// That this process may lock; none: any amount.
std::optional<std::uint64_t> lockable_bytes() {
  constexpr unsigned kIpcLock = 14;  // CAP_IPC_LOCK
  rlimit limit{};
  const bool is_limited = getrlimit(RLIMIT_MEMLOCK, &limit) == 0 && limit.rlim_max != RLIM_INFINITY;
  // The kernel asks for the capability outside of all containers.
  if (!is_limited || (is_first_user_namespace() && (own_status("CapEff", 16) >> kIpcLock & 1U) != 0)) return {};
  return limit.rlim_max;  // raise_locked_memory_limit()
}

/// Whether /proc is there, and of this process's PID namespace.
bool has_own_proc() {
  std::error_code error;
  return std::filesystem::read_symlink("/proc/self", error) == std::to_string(getpid());
}

int own_numa_node() {
  unsigned core = 0, node = 0;
  return getcpu(&core, &node) == 0 ? static_cast<int>(node) : -1;
}

}  // namespace

void require_room(const std::string& transport, std::uint64_t bytes) {
  if (transport == "shm") {
    const std::string folder = shared_memory_folder();
    if (const std::uint64_t free = free_bytes(folder); free < bytes)
      throw RuntimeFailure(fmt::format("{} has {:.1f} MiB free where {:.1f} are needed: {}", folder, mebibytes(free),
                                       mebibytes(bytes), kSharedMemoryHint));
  }
  if (transport == "rdma")
    if (const auto limit = lockable_bytes(); limit && *limit < locked_bytes() + bytes)
      throw RuntimeFailure(fmt::format("a process may lock {:.1f} MiB of memory and {:.1f} are needed: {}",
                                       mebibytes(*limit), mebibytes(locked_bytes() + bytes), kLockedMemoryHint));
}

std::uint64_t own_bytes_of_a_channel(const std::string& transport) {
  return transport == "shm" ? kSharedBytesAChannel : transport == "rdma" ? kLockedBytesAChannel : 0;
}

void raise_locked_memory_limit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_MEMLOCK, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  (void)setrlimit(RLIMIT_MEMLOCK, &limit);
}

Machine look_at_machine() {
  Machine found;
  found.shared_memory_folder = shared_memory_folder();
  if (access(found.shared_memory_folder.c_str(), W_OK) != 0) found.shared_memory_problem = std::strerror(errno);
  found.shared_memory_bytes = free_bytes(found.shared_memory_folder);
  found.has_proc = has_own_proc();
  found.loopback_is_up = loopback_is_up();
  found.locked_memory_bytes = lockable_bytes();
  found.ports = rdma_ports();
  found.wanted_port = environment("UCX_NET_DEVICES");
  found.relaxed_ordering = environment("UCX_IB_PCI_RELAXED_ORDERING");
  found.numa_node = own_numa_node();
  return found;
}

void check_set_up(const Machine& found, const std::string& transport, std::size_t workers) {
  if (transport == "shm") {
    if (!found.shared_memory_problem.empty())
      throw InputError(fmt::format(
          "shared memory: {} cannot be written: {}: mount it (mount -t tmpfs shm /dev/shm) or take --transport tcp",
          found.shared_memory_folder, found.shared_memory_problem));
    if (!found.has_proc)
      throw InputError(
          "shared memory: /proc is not there or of another PID namespace, and by it UCX opens the memory of other "
          "processes: mount it (mount -t proc proc /proc) or take --transport tcp");
    if (const std::uint64_t needed = workers * kSharedBytesAWorker; found.shared_memory_bytes < needed)
      throw InputError(fmt::format("shared memory: {} has {:.1f} MiB free and a job of {} workers needs {:.0f}: {}",
                                   found.shared_memory_folder, mebibytes(found.shared_memory_bytes), workers,
                                   mebibytes(needed), kSharedMemoryHint));
  }
  if (transport == "tcp" && !found.loopback_is_up)
    throw InputError("--transport tcp: the loopback device is down: ip link set lo up, or take --transport shm");
  if (transport == "rdma") {
    (void)choose_rdma_port(found.ports, found.wanted_port, found.numa_node);
    if (found.locked_memory_bytes && *found.locked_memory_bytes < kLockedBytesAWorker)
      throw InputError(fmt::format(
          "--transport rdma: a process may lock {:.2f} MiB of memory and needs {:.0f} and what its rows take: {}",
          mebibytes(*found.locked_memory_bytes), mebibytes(kLockedBytesAWorker), kLockedMemoryHint));
    const std::string& relaxed = found.relaxed_ordering;
    if (!relaxed.empty() && relaxed != "off" && relaxed != "no" && relaxed != "n" && relaxed != "0")
      throw InputError(fmt::format(
          "UCX_IB_PCI_RELAXED_ORDERING={}: a flag could be seen before its data; unset it, or set it to off", relaxed));
  }
}

void check_set_up(const std::string& transport, std::size_t workers) {
  check_set_up(look_at_machine(), transport, workers);
}

RdmaPort checked_rdma_port() {
  const Machine found = look_at_machine();
  check_set_up(found, "rdma", 1);
  return choose_rdma_port(found.ports, found.wanted_port, found.numa_node);
}

}  // namespace wolfpack::transport
