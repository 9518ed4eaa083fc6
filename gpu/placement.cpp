#include "gpu/placement.hpp"

#include <algorithm>
#include <cstdlib>
#include <sched.h>
#include <system_error>

namespace wolfpack::gpu {
namespace {

/// Of one core, by the link of that name in its folder.
int node_of(const std::filesystem::path& cpu) {
  std::error_code unreadable;
  for (const auto& entry : std::filesystem::directory_iterator(cpu, unreadable)) {
    const std::string name = entry.path().filename().string();
    if (name.starts_with("node") && name.size() > 4 && name.find_first_not_of("0123456789", 4) == std::string::npos)
      return std::atoi(name.c_str() + 4);
  }
  return -1;
}

}  // namespace

int own_numa_node(const std::filesystem::path& cpus) {
  cpu_set_t cores;
  CPU_ZERO(&cores);
  if (sched_getaffinity(0, sizeof cores, &cores) != 0) return -1;
  int node = -1;
  for (int core = 0; core < CPU_SETSIZE; ++core) {
    if (!CPU_ISSET(core, &cores)) continue;
    const int its = node_of(cpus / ("cpu" + std::to_string(core)));
    if (its < 0 || (node >= 0 && its != node)) return -1;
    node = its;
  }
  return node;
}

std::vector<std::size_t> place_on_gpus(std::span<const int> worker_nodes, std::span<const int> gpu_nodes) {
  std::vector<std::size_t> load(gpu_nodes.size(), 0), places;
  for (const int node : worker_nodes) {
    const std::size_t least = *std::min_element(load.begin(), load.end());
    std::size_t best = load.size();
    for (std::size_t gpu = 0; gpu < load.size(); ++gpu) {
      if (load[gpu] != least) continue;
      if (best == load.size()) best = gpu;
      if (node >= 0 && gpu_nodes[gpu] == node) {
        best = gpu;
        break;
      }
    }
    ++load[best];
    places.push_back(best);
  }
  return places;
}

std::uint64_t share_of_memory(std::uint64_t memory_bytes, std::size_t workers) {
  constexpr std::uint64_t kOfCuda = std::uint64_t{768} << 20;
  const std::uint64_t share = memory_bytes / workers;
  return share - std::min(kOfCuda, share / 8);
}

}  // namespace wolfpack::gpu
