// How many cores this process may use: those of its affinity mask, which taskset, a launcher or a container narrows.
#pragma once

#include <cstddef>
#include <sched.h>
#include <thread>

namespace wolfpack {

[[nodiscard]] inline std::size_t available_cores() {
  cpu_set_t cores;
  CPU_ZERO(&cores);
  // Fails on machines of more than 1,024 cores: then nobody has narrowed anything that we could see.
  if (sched_getaffinity(0, sizeof cores, &cores) == 0) return static_cast<std::size_t>(CPU_COUNT(&cores));
  return std::thread::hardware_concurrency();
}

}  // namespace wolfpack
