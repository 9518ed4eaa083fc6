// A named range on the timeline of NVIDIA's profilers, from here to the end of the scope; nothing where NVTX's header
// is not there.
#pragma once

#if __has_include(<nvtx3/nvToolsExt.h>)
#include <nvtx3/nvToolsExt.h>
#endif

namespace wolfpack::gpu {

class ProfilerRange {
 public:
#if __has_include(<nvtx3/nvToolsExt.h>)
  explicit ProfilerRange(const char* name) { (void)nvtxRangePushA(name); }
  ~ProfilerRange() { (void)nvtxRangePop(); }
#else
  explicit ProfilerRange(const char* /*name*/) {}
#endif
  ProfilerRange(const ProfilerRange&) = delete;
  ProfilerRange& operator=(const ProfilerRange&) = delete;
};

}  // namespace wolfpack::gpu
