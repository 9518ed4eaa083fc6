// What the kernel knows of this process's memory and of the machine's, from /proc and /sys.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace wolfpack {

struct ProcessMemory {
  /// The most that was resident at any time (VmHWM): anonymous and shared memory, and file pages that are mapped, which
  /// here are the program and its libraries alone. The kernel keeps no peak without those.
  std::uint64_t peak_bytes = 0;
  std::uint64_t huge_page_bytes = 0;  ///< anonymous memory that lies in huge pages now (AnonHugePages)
};

/// Of the calling process; 0 where the kernel does not say. Walks the page tables: about a millisecond a gigabyte.
[[nodiscard]] ProcessMemory process_memory();

/// How many NUMA nodes this machine has; 1 where the kernel does not say.
[[nodiscard]] std::size_t numa_nodes();

/// The value of the line "FIELD:   N kB" of a file like /proc/self/status, in bytes; 0 where there is none.
[[nodiscard]] std::uint64_t proc_field_bytes(std::string_view text, std::string_view field);

/// How many numbers a list as in /sys names: 5 for "0-3,8".
[[nodiscard]] std::size_t count_of_list(std::string_view list);

}  // namespace wolfpack
