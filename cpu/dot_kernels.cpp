#include "cpu/dot_kernels.hpp"

#include <vector>

namespace wolfpack::cpu {

namespace baseline {
extern const DotKernels kKernels;
}
#ifdef WOLFPACK_X86_KERNELS
namespace avx2 {
extern const DotKernels kKernels;
}
namespace avx512 {
extern const DotKernels kKernels;
}
#endif

namespace {

// __builtin_cpu_supports also asks whether the operating system saves the wide registers.
std::vector<const DotKernels*> detect() {
  std::vector<const DotKernels*> found;
#ifdef WOLFPACK_X86_KERNELS
  const bool has_avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
  if (has_avx2 && __builtin_cpu_supports("avx512f")) found.push_back(&avx512::kKernels);
  if (has_avx2) found.push_back(&avx2::kKernels);
#endif
  found.push_back(&baseline::kKernels);
  return found;
}

}  // namespace

std::span<const DotKernels* const> available_kernels() {
  static const std::vector<const DotKernels*> kernels = detect();
  return kernels;
}

const DotKernels& best_kernels() { return *available_kernels().front(); }

}  // namespace wolfpack::cpu
