// Which vector instructions this CPU and its operating system have, of those that kernels are compiled for
// (cmake/WolfpackKernels.cmake).
#pragma once

namespace wolfpack {

enum class InstructionSet { baseline, avx2, avx512 };  ///< each contains the ones before it

/// avx2 means AVX2 and FMA, avx512 its foundation too.
[[nodiscard]] inline InstructionSet best_instruction_set() {
#if defined(__x86_64__)
  // __builtin_cpu_supports also asks whether the operating system saves the wide registers.
  const bool has_avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
  if (has_avx2 && __builtin_cpu_supports("avx512f")) return InstructionSet::avx512;
  if (has_avx2) return InstructionSet::avx2;
#endif
  return InstructionSet::baseline;
}

}  // namespace wolfpack
