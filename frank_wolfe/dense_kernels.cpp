#include "frank_wolfe/dense_kernels.hpp"

#include "base/instruction_set.hpp"

namespace wolfpack::frank_wolfe {

namespace baseline {
extern const DenseKernels kKernels;
}
#ifdef WOLFPACK_X86_KERNELS
namespace avx2 {
extern const DenseKernels kKernels;
}
namespace avx512 {
extern const DenseKernels kKernels;
}
#endif

namespace {

const DenseKernels& choose() {
#ifdef WOLFPACK_X86_KERNELS
  if (best_instruction_set() == InstructionSet::avx512) return avx512::kKernels;
  if (best_instruction_set() == InstructionSet::avx2) return avx2::kKernels;
#endif
  return baseline::kKernels;
}

}  // namespace

const DenseKernels& kernels() {
  static const DenseKernels& best = choose();
  return best;
}

}  // namespace wolfpack::frank_wolfe
