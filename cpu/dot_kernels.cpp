#include "cpu/dot_kernels.hpp"

#include <vector>

#include "base/instruction_set.hpp"

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

std::vector<const DotKernels*> detect() {
  std::vector<const DotKernels*> found;
#ifdef WOLFPACK_X86_KERNELS
  const InstructionSet best = best_instruction_set();
  if (best >= InstructionSet::avx512) found.push_back(&avx512::kKernels);
  if (best >= InstructionSet::avx2) found.push_back(&avx2::kKernels);
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
