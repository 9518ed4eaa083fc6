// The cores that this process may use: those of its affinity mask, which taskset, a launcher or a container narrows.
#pragma once

#include <cstddef>
#include <sched.h>
#include <sstream>
#include <string>
#include <thread>

namespace wolfpack {

[[nodiscard]] inline std::size_t available_cores() {
  cpu_set_t cores;
  CPU_ZERO(&cores);
  // Fails on machines of more than 1,024 cores: then nobody has narrowed anything that we could see.
  if (sched_getaffinity(0, sizeof cores, &cores) == 0) return static_cast<std::size_t>(CPU_COUNT(&cores));
  return std::thread::hardware_concurrency();
}

/// Which ones, as text: the same in all processes that share them, and a list as taskset takes it ("0,1,4"). Empty
/// where the system does not say.
[[nodiscard]] inline std::string available_core_list() {
  cpu_set_t cores;
  CPU_ZERO(&cores);
  if (sched_getaffinity(0, sizeof cores, &cores) != 0) return {};
  std::string list;
  for (int core = 0; core < CPU_SETSIZE; ++core)
    if (CPU_ISSET(core, &cores)) list.append(list.empty() ? "" : ",").append(std::to_string(core));
  return list;
}

/// Whether two such lists have a core in common; unknown ones may.
[[nodiscard]] inline bool share_cores(const std::string& one, const std::string& other) {
  if (one.empty() || other.empty()) return true;
  std::istringstream cores(one);
  for (std::string core; std::getline(cores, core, ',');)
    if (("," + other + ",").find("," + core + ",") != std::string::npos) return true;
  return false;
}

/// The `index`-th core of a set that is not empty, from the first again after the last.
[[nodiscard]] inline int core_of(const cpu_set_t& cores, std::size_t index) {
  std::size_t left = index % static_cast<std::size_t>(CPU_COUNT(&cores));
  int core = 0;
  while (!CPU_ISSET(core, &cores) || left-- > 0) ++core;
  return core;
}

/// Lets the calling thread run on that core alone; false where it cannot be.
inline bool bind_to_core(int core) {
  cpu_set_t one;
  CPU_ZERO(&one);
  CPU_SET(core, &one);
  return sched_setaffinity(0, sizeof one, &one) == 0;
}

/// Moves the calling thread to the `index`-th of its cores (there are available_cores(), and then it starts again),
/// where it may leave again. Threads that have just met at a barrier may sit on one core, and the scheduler takes
/// milliseconds to notice. Where it cannot, it does nothing.
inline void move_to_core(std::size_t index) {
  cpu_set_t cores;
  CPU_ZERO(&cores);
  if (sched_getaffinity(0, sizeof cores, &cores) != 0 || CPU_COUNT(&cores) < 2) return;
  if (bind_to_core(core_of(cores, index))) (void)sched_setaffinity(0, sizeof cores, &cores);
}

}  // namespace wolfpack
