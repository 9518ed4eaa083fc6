// Compiled once for each instruction set, with WOLFPACK_KERNELS naming it. Nothing here may call an inline function of
// a library: the linker keeps one copy of such a function, and it might be the one compiled for AVX-512.
//
// Vectors are GCC's vector extensions: the order of the additions is written down, so that it holds in unoptimised and
// sanitized builds too.
#include "cpu/dot_kernels.hpp"

namespace wolfpack::cpu {
namespace {

#if defined(__AVX512F__)
constexpr int kVectorBytes = 64;
#elif defined(__AVX__)
constexpr int kVectorBytes = 32;
#else
constexpr int kVectorBytes = 16;
#endif
constexpr int kLanes = kVectorBytes / static_cast<int>(sizeof(double));

// Independent sums, so that no addition waits for the one before it.
constexpr int kChains = 4;

typedef double Vector __attribute__((vector_size(kVectorBytes)));

// Written lane by lane: GCC 12 makes one load, or one widening load, of the loop, and five instructions of
// __builtin_convertvector.
template <class Scalar>
inline Vector load(const Scalar* numbers) {
  Vector vector = {};
  for (int lane = 0; lane < kLanes; ++lane) vector[lane] = static_cast<double>(numbers[lane]);
  return vector;
}

inline double sum_of(const Vector (&chains)[kChains]) {
  static_assert(kChains == 4);
  Vector sum = (chains[0] + chains[1]) + (chains[2] + chains[3]);
  for (int width = kLanes / 2; width > 0; width /= 2) {
    for (int lane = 0; lane < width; ++lane) sum[lane] += sum[lane + width];
  }
  return sum[0];
}

template <bool kWithNorm, class Scalar>
inline DotAndNorm evaluate(const Scalar* column, const double* dual, std::int64_t rows) {
  Vector dots[kChains] = {};
  Vector norms[kChains] = {};
  const auto add = [&](int chain, const Vector& a, const Vector& w) {
    dots[chain] += a * w;
    if constexpr (kWithNorm) norms[chain] += a * a;
  };

  std::int64_t row = 0;
  for (; row + kChains * kLanes <= rows; row += kChains * kLanes) {
    add(0, load(column + row), load(dual + row));
    add(1, load(column + row + kLanes), load(dual + row + kLanes));
    add(2, load(column + row + 2 * kLanes), load(dual + row + 2 * kLanes));
    add(3, load(column + row + 3 * kLanes), load(dual + row + 3 * kLanes));
  }
  for (; row + kLanes <= rows; row += kLanes) add(0, load(column + row), load(dual + row));
  DotAndNorm rest;
  for (; row < rows; ++row) {
    const auto a = static_cast<double>(column[row]);
    rest.dot += a * dual[row];
    if constexpr (kWithNorm) rest.squared_norm += a * a;
  }
  return {sum_of(dots) + rest.dot, kWithNorm ? sum_of(norms) + rest.squared_norm : 0.0};
}

template <class Scalar>
double dot(const Scalar* column, const double* dual, std::int64_t rows) {
  return evaluate<false>(column, dual, rows).dot;
}

template <class Scalar>
DotAndNorm dot_and_norm(const Scalar* column, const double* dual, std::int64_t rows) {
  return evaluate<true>(column, dual, rows);
}

#define WOLFPACK_TEXT_OF(name) #name
#define WOLFPACK_TEXT(name) WOLFPACK_TEXT_OF(name)

}  // namespace

namespace WOLFPACK_KERNELS {
extern const DotKernels kKernels;
constinit const DotKernels kKernels = {
    WOLFPACK_TEXT(WOLFPACK_KERNELS), {dot<float>, dot_and_norm<float>}, {dot<double>, dot_and_norm<double>}};
}  // namespace WOLFPACK_KERNELS

}  // namespace wolfpack::cpu
