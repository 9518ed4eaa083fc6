// The inner loops of the owner's dense algebra: dot products, sums of scaled vectors and plane rotations in float64,
// for the widest vectors that this CPU has.
//
// Eigen is compiled for the oldest CPU that the program must run on, and the owner's step would wait for it: with these
// kernels the step took half as long (experiments/bench/corrective_step.cpp). As in cpu/dot_kernels.hpp,
// dense_kernels_isa.cpp is compiled once for each instruction set and chosen at run time.
//
//     const double sum = kernels().dot(a, b, n);
//
// Pure functions of memory that does not overlap, but for what is said; any alignment; any thread. The same input gives
// the same bits on the same CPU.
#pragma once

#include <cstdint>

namespace wolfpack::frank_wolfe {

/// Turns a pair (u, v) into (cosine u + sine v, cosine v - sine u).
struct Rotation {
  double cosine;
  double sine;
};

struct DenseKernels {
  /// a'b of n values.
  double (*dot)(const double* a, const double* b, std::int64_t n);
  /// out[k] = a'b_k, where b_k starts at b + k * stride; count <= 4.
  void (*dots)(const double* a, const double* b, std::int64_t stride, std::int64_t count, std::int64_t n, double* out);
  /// out[i + j * out_stride] = a_i'b_j for i < rows <= 4 and j < columns <= 4, where a_i = a[i] and b_j = b[j].
  void (*tile)(const double* const* a, std::int64_t rows, const double* const* b, std::int64_t columns, std::int64_t n,
               double* out, std::int64_t out_stride);
  /// y += s a + t b.
  void (*add_two)(double s, const double* a, double t, const double* b, double* y, std::int64_t n);
  /// Turns the pairs (v_k[i], v_k[i + 1]), i = 0, 1, ..., count - 1, of four vectors v_k = v[k] side by side and writes
  /// the results to out[k], which may be v[k]; what is left of v_k[count] goes to carried[k].
  void (*rotate_four)(const Rotation* rotations, std::int64_t count, const double* const* v, double* const* out,
                      double* carried);
};

/// Those of this CPU.
[[nodiscard]] const DenseKernels& kernels();

}  // namespace wolfpack::frank_wolfe
