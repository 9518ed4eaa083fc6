// The sum of a vector's lanes, for kernels in GCC's vector extensions that are compiled once for each instruction set.
//
// Halves are added until one number is left: lane i with lane i + n / 2, and so on, so that the order of the additions
// is the same everywhere. (Written as loops over lanes, GCC 12 makes three times as many instructions of it.)
//
// Functions of this file have internal linkage: else the linker would keep one copy of each, perhaps the one for
// AVX-512.
#pragma once

namespace wolfpack {

typedef double Doubles2 __attribute__((vector_size(16)));
typedef int Integers4 __attribute__((vector_size(16)));

static inline double horizontal_sum(Doubles2 v) { return v[0] + v[1]; }
static inline int horizontal_sum(Integers4 v) { return (v[0] + v[2]) + (v[1] + v[3]); }

#if defined(__AVX__)
typedef double Doubles4 __attribute__((vector_size(32)));
typedef int Integers8 __attribute__((vector_size(32)));

static inline double horizontal_sum(Doubles4 v) {
  return horizontal_sum(__builtin_shufflevector(v, v, 0, 1) + __builtin_shufflevector(v, v, 2, 3));
}
static inline int horizontal_sum(Integers8 v) {
  return horizontal_sum(__builtin_shufflevector(v, v, 0, 1, 2, 3) + __builtin_shufflevector(v, v, 4, 5, 6, 7));
}
#endif

#if defined(__AVX512F__)
typedef double Doubles8 __attribute__((vector_size(64)));

static inline double horizontal_sum(Doubles8 v) {
  return horizontal_sum(__builtin_shufflevector(v, v, 0, 1, 2, 3) + __builtin_shufflevector(v, v, 4, 5, 6, 7));
}
#endif

}  // namespace wolfpack
