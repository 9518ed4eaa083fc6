#include "latency/placement.hpp"

#include "base/cores.hpp"

namespace wolfpack::latency {

BoundToCore::BoundToCore(std::size_t index) {
  CPU_ZERO(&before_);
  if (sched_getaffinity(0, sizeof before_, &before_) != 0 || CPU_COUNT(&before_) == 0) return;
  if (const int core = core_of(before_, index); bind_to_core(core)) core_ = core;
}

BoundToCore::~BoundToCore() {
  if (core_) (void)sched_setaffinity(0, sizeof before_, &before_);
}

}  // namespace wolfpack::latency
