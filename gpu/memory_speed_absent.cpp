#include "base/status.hpp"
#include "gpu/devices.hpp"
#include "gpu/memory_speed.hpp"

namespace wolfpack::gpu {

MemorySpeed measure_memory_speed(int /*device*/, std::uint64_t /*bytes*/, int /*repeats*/) {
  throw RuntimeFailure("no GPU's memory can be measured: " + why_no_device());
}

}  // namespace wolfpack::gpu
