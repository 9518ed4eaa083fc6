// Which GPU of its machine a worker uses, and on which NUMA nodes things are.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

namespace wolfpack::gpu {

/// The NUMA node of the cores that this process may run on; -1 where they are of several, or it cannot be known.
[[nodiscard]] int own_numa_node(const std::filesystem::path& cpus = "/sys/devices/system/cpu");

/// For each worker of one machine, by their NUMA nodes in rank order, the index of its GPU, by the GPUs' nodes (-1: not
/// known). No GPU gets a second worker more than another gets; of those that have as few, one on the worker's own node
/// is taken, else the first. At least one GPU.
[[nodiscard]] std::vector<std::size_t> place_on_gpus(std::span<const int> worker_nodes, std::span<const int> gpu_nodes);

/// Of a GPU's memory, in bytes, what one of its workers may use: an even share, less what CUDA itself takes for a
/// process.
[[nodiscard]] std::uint64_t share_of_memory(std::uint64_t memory_bytes, std::size_t workers);

}  // namespace wolfpack::gpu
