// What this machine allows a job: locked memory, shared memory, huge pages, cores and NUMA nodes. Plain facts, each
// with what to do where it is too little.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "transport/set_up.hpp"

namespace wolfpack::transport {

/// How much memory a process may lock; none: any amount.
struct LockedMemory {
  std::optional<std::uint64_t> limit_bytes;
  std::string advice;
};

struct SharedMemory {
  std::string folder;  ///< where UCX keeps it
  std::uint64_t size_bytes = 0;
  std::uint64_t free_bytes = 0;
  std::string advice;
};

struct HugePagePool {
  std::uint64_t page_bytes = 0;
  std::uint64_t total = 0;  ///< pages
  std::uint64_t free = 0;
};

struct HugePages {
  std::vector<HugePagePool> pools;  ///< by page size
  std::string transparent;          ///< "always", "madvise", "never"; empty: the kernel has none
  std::string advice;
};

struct NumaNode {
  int index = 0;
  std::string cores;  ///< as the kernel lists them: "0-31,64-95"
};

struct Cores {
  std::size_t usable = 0;  ///< by this process
  std::size_t online = 0;
  std::vector<NumaNode> nodes;
  std::string advice;
};

struct HostLimits {
  LockedMemory locked_memory;
  SharedMemory shared_memory;
  HugePages huge_pages;
  Cores cores;
};

/// `sysfs` is another folder for tests.
[[nodiscard]] HostLimits host_limits(const Machine& machine, const std::filesystem::path& sysfs = "/sys");

/// The choice in a list of the kernel's: "madvise" of "always [madvise] never".
[[nodiscard]] std::string chosen_in(const std::string& list);

}  // namespace wolfpack::transport
