#include "transport/host_limits.hpp"

#include <algorithm>
#include <sys/statvfs.h>
#include <unistd.h>

#include <fmt/format.h>

#include "base/cores.hpp"
#include "base/status.hpp"
#include "transport/sysfs.hpp"

namespace wolfpack::transport {
namespace {

namespace fs = std::filesystem;

std::string complaint(const Machine& machine, const std::string& transport, std::size_t workers) {
  try {
    check_set_up(machine, transport, workers);
  } catch (const InputError& error) {
    return error.what();
  }
  return "";
}

/// What a run over RDMA would be told if all else were well.
LockedMemory locked_memory(const Machine& machine) {
  Machine otherwise_well;
  otherwise_well.locked_memory_bytes = machine.locked_memory_bytes;
  otherwise_well.ports = {{.device = "any", .state = "ACTIVE", .link_layer = "InfiniBand", .verbs_file = "/dev/null"}};
  return {machine.locked_memory_bytes, complaint(otherwise_well, "rdma", 1)};
}

SharedMemory shared_memory(const Machine& machine, std::size_t workers) {
  SharedMemory found{.folder = machine.shared_memory_folder,
                     .free_bytes = machine.shared_memory_bytes,
                     .advice = complaint(machine, "shm", workers)};
  struct statvfs facts {};
  if (statvfs(found.folder.c_str(), &facts) == 0)
    found.size_bytes = static_cast<std::uint64_t>(facts.f_blocks) * facts.f_frsize;
  return found;
}

HugePages huge_pages(const fs::path& sysfs) {
  HugePages found;
  const fs::path pools = sysfs / "kernel/mm/hugepages";
  for (const std::string& name : sysfs::names_in(pools)) {  // "hugepages-2048kB"
    const std::size_t dash = name.find('-');
    if (dash == std::string::npos) continue;
    found.pools.push_back({sysfs::number<std::uint64_t>(name.substr(dash + 1), 0) << 10,
                           sysfs::number<std::uint64_t>(sysfs::first_line(pools / name / "nr_hugepages"), 0),
                           sysfs::number<std::uint64_t>(sysfs::first_line(pools / name / "free_hugepages"), 0)});
  }
  std::sort(found.pools.begin(), found.pools.end(),
            [](const HugePagePool& a, const HugePagePool& b) { return a.page_bytes < b.page_bytes; });
  found.transparent = chosen_in(sysfs::first_line(sysfs / "kernel/mm/transparent_hugepage/enabled"));
  if (found.transparent == "never")
    found.advice =
        "large matrices ask for transparent huge pages and get none, which makes passes slower: echo madvise > "
        "/sys/kernel/mm/transparent_hugepage/enabled";
  return found;
}

Cores cores(const fs::path& sysfs) {
  Cores found;
  found.usable = available_cores();
  found.online = static_cast<std::size_t>(std::max(1L, sysconf(_SC_NPROCESSORS_ONLN)));
  for (const std::string& name : sysfs::names_in(sysfs / "devices/system/node")) {
    const std::string kPrefix = "node";
    if (const int index = name.starts_with(kPrefix) ? sysfs::number(name.substr(kPrefix.size()), -1) : -1; index >= 0)
      found.nodes.push_back({index, sysfs::first_line(sysfs / "devices/system/node" / name / "cpulist")});
  }
  std::sort(found.nodes.begin(), found.nodes.end(),
            [](const NumaNode& a, const NumaNode& b) { return a.index < b.index; });
  if (found.usable < found.online)
    found.advice = fmt::format(
        "this process may use {} of {} cores: see taskset, the launcher's binding or the "
        "container's --cpuset-cpus where that is not meant",
        found.usable, found.online);
  return found;
}

}  // namespace

std::string chosen_in(const std::string& list) {
  const std::size_t from = list.find('['), to = list.find(']');
  return from == std::string::npos || to == std::string::npos || to < from ? "" : list.substr(from + 1, to - from - 1);
}

HostLimits host_limits(const Machine& machine, const fs::path& sysfs) {
  HostLimits limits{.locked_memory = locked_memory(machine),
                    .shared_memory = {},
                    .huge_pages = huge_pages(sysfs),
                    .cores = cores(sysfs)};
  limits.shared_memory = shared_memory(machine, limits.cores.usable);
  return limits;
}

}  // namespace wolfpack::transport
