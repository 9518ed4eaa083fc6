#include "latency/placement.hpp"

namespace wolfpack::latency {

BoundToCore::BoundToCore(std::size_t index) {
  CPU_ZERO(&before_);
  if (sched_getaffinity(0, sizeof before_, &before_) != 0 || CPU_COUNT(&before_) == 0) return;
  std::size_t left = index % static_cast<std::size_t>(CPU_COUNT(&before_));
  int core = 0;
  while (!CPU_ISSET(core, &before_) || left-- > 0) ++core;
  cpu_set_t one;
  CPU_ZERO(&one);
  CPU_SET(core, &one);
  if (sched_setaffinity(0, sizeof one, &one) == 0) core_ = core;
}

BoundToCore::~BoundToCore() {
  if (core_) (void)sched_setaffinity(0, sizeof before_, &before_);
}

}  // namespace wolfpack::latency
