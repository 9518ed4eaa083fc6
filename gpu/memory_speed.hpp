// How fast a GPU reads and copies its own memory: the yardstick of a pass. Free of CUDA headers.
#pragma once

#include <cstdint>

namespace wolfpack::gpu {

struct MemorySpeed {
  double read_gigabytes_per_second = 0.0;  ///< by a kernel that adds up what it reads, 16 bytes a thread at a time
  double copy_gigabytes_per_second = 0.0;  ///< bytes read and written, by the driver
};

/// Over `bytes` of memory (twice, for the copy), medians of `repeats`. Throws RuntimeFailure where CUDA fails, or this
/// build has none; OutOfDeviceMemory (gpu/atom_selector.hpp).
[[nodiscard]] MemorySpeed measure_memory_speed(int device, std::uint64_t bytes, int repeats);

}  // namespace wolfpack::gpu
