// Fewer cores for a while, on whatever machine: for tests of what depends on their number (base/cores.hpp).
#pragma once

#include <cstddef>
#include <sched.h>

namespace wolfpack::testing {

/// While it lives, the calling thread and those that it starts may use `count` of its cores at most.
class FewCores {
 public:
  explicit FewCores(std::size_t count) {
    CPU_ZERO(&before_);
    if (sched_getaffinity(0, sizeof before_, &before_) != 0) return;  // more than 1,024 cores
    cpu_set_t few;
    CPU_ZERO(&few);
    for (int core = 0; core < CPU_SETSIZE && static_cast<std::size_t>(CPU_COUNT(&few)) < count; ++core)
      if (CPU_ISSET(core, &before_)) CPU_SET(core, &few);
    (void)sched_setaffinity(0, sizeof few, &few);
  }
  FewCores(const FewCores&) = delete;
  FewCores& operator=(const FewCores&) = delete;
  ~FewCores() { (void)sched_setaffinity(0, sizeof before_, &before_); }

 private:
  cpu_set_t before_;
};

}  // namespace wolfpack::testing
