// Which vector instructions this CPU and its operating system have, of those that kernels are compiled for
// (cmake/WolfpackKernels.cmake).
#pragma once

namespace wolfpack {

enum class InstructionSet { baseline, avx2, avx512 };  ///< each contains the ones before it

/// avx2 means AVX2 and FMA, avx512 its foundation too.
[[nodiscard]] InstructionSet best_instruction_set();

}  // namespace wolfpack
