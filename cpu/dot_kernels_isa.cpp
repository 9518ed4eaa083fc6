// Compiled once for each instruction set, with WOLFPACK_KERNELS naming it. Nothing here may call an inline function of
// a library: the linker keeps one copy of such a function, and it might be the one compiled for AVX-512. (Intrinsics
// leave no copy.)
//
// Vectors are GCC's vector extensions: the order of the additions is written down, so that it holds in unoptimised and
// sanitized builds too.
#if defined(__AVX2__)
#include <immintrin.h>
#endif

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

// The numbers at kLanes positions. Gathers keep more of them on their way at a time than single loads do: on vectors of
// 200,000 rows, which no near cache holds, a pass is half as fast again; on short ones neither is faster.
inline Vector gather(const double* numbers, const std::int32_t* positions) {
  // The masked forms, of all lanes: GCC 12 warns of the register that the others leave unset.
#if defined(__AVX512F__)
  const __m256i lanes = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(positions));
  return _mm512_mask_i32gather_pd(Vector{}, 0xff, lanes, numbers, sizeof(double));
#elif defined(__AVX2__)
  const __m128i lanes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(positions));
  const Vector all = reinterpret_cast<Vector>(_mm256_set1_epi64x(-1));
  return _mm256_mask_i32gather_pd(Vector{}, numbers, lanes, all, sizeof(double));
#else
  Vector vector = {};
  for (int lane = 0; lane < kLanes; ++lane) vector[lane] = numbers[positions[lane]];
  return vector;
#endif
}

inline double sum_of(const Vector (&chains)[kChains]) {
  static_assert(kChains == 4);
  Vector sum = (chains[0] + chains[1]) + (chains[2] + chains[3]);
  for (int width = kLanes / 2; width > 0; width /= 2) {
    for (int lane = 0; lane < width; ++lane) sum[lane] += sum[lane + width];
  }
  return sum[0];
}

constexpr std::int64_t kLineBytes = 64;

template <bool kWithNorm, class Scalar>
inline DotAndNorm evaluate(const Scalar* column, const double* dual, std::int64_t rows, const Scalar* next) {
  constexpr std::int64_t kStep = kChains * kLanes;
  constexpr std::int64_t kStepBytes = kStep * static_cast<std::int64_t>(sizeof(Scalar));
  Vector dots[kChains] = {};
  Vector norms[kChains] = {};
  const auto add = [&](int chain, const Vector& a, const Vector& w) {
    dots[chain] += a * w;
    if constexpr (kWithNorm) norms[chain] += a * a;
  };
  // Rows from `row` to before `end`, as far as whole steps go; asks for the memory at `ahead` and after.
  std::int64_t row = 0;
  const auto add_steps = [&](std::int64_t end, const Scalar* ahead) {
    for (; row + kStep <= end; row += kStep, ahead += kStep) {
      for (std::int64_t line = 0; line < kStepBytes; line += kLineBytes)
        __builtin_prefetch(reinterpret_cast<const char*>(ahead) + line);
      add(0, load(column + row), load(dual + row));
      add(1, load(column + row + kLanes), load(dual + row + kLanes));
      add(2, load(column + row + 2 * kLanes), load(dual + row + 2 * kLanes));
      add(3, load(column + row + 3 * kLanes), load(dual + row + 3 * kLanes));
    }
  };

  constexpr std::int64_t kAhead = kAheadBytes / static_cast<std::int64_t>(sizeof(Scalar));
  if (rows > kAhead) add_steps(rows - kAhead, column + kAhead);
  add_steps(rows, next);
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
double dot(const Scalar* column, const double* dual, std::int64_t rows, const Scalar* next) {
  return evaluate<false>(column, dual, rows, next).dot;
}

template <class Scalar>
DotAndNorm dot_and_norm(const Scalar* column, const double* dual, std::int64_t rows, const Scalar* next) {
  return evaluate<true>(column, dual, rows, next);
}

template <bool kWithNorm, class Scalar>
inline DotAndNorm evaluate_short(const Scalar* values, const std::int32_t* row_indices, std::int64_t count,
                                 const double* dual) {
  DotAndNorm sums;
  for (std::int64_t k = 0; k < count; ++k) {
    const auto a = static_cast<double>(values[k]);
    sums.dot += a * dual[row_indices[k]];
    if constexpr (kWithNorm) sums.squared_norm += a * a;
  }
  return sums;
}

template <bool kWithNorm, class Scalar>
inline DotAndNorm evaluate_sparse(const Scalar* values, const std::int32_t* row_indices, std::int64_t count,
                                  const double* dual) {
  if (count < kLanes) return evaluate_short<kWithNorm>(values, row_indices, count, dual);
  Vector dots[kChains] = {};
  Vector norms[kChains] = {};
  const auto add = [&](int chain, std::int64_t k) {
    const Vector a = load(values + k);
    dots[chain] += a * gather(dual, row_indices + k);
    if constexpr (kWithNorm) norms[chain] += a * a;
  };
  std::int64_t k = 0;
  for (; k + 2 * kLanes <= count; k += 2 * kLanes) {
    add(0, k);
    add(1, k + kLanes);
  }
  if (k + kLanes <= count) {
    add(0, k);
    k += kLanes;
  }
  const DotAndNorm rest = evaluate_short<kWithNorm>(values + k, row_indices + k, count - k, dual);
  return {sum_of(dots) + rest.dot, kWithNorm ? sum_of(norms) + rest.squared_norm : 0.0};
}

template <class Scalar>
double sparse_dot(const Scalar* values, const std::int32_t* row_indices, std::int64_t count, const double* dual) {
  return evaluate_sparse<false>(values, row_indices, count, dual).dot;
}

template <class Scalar>
DotAndNorm sparse_dot_and_norm(const Scalar* values, const std::int32_t* row_indices, std::int64_t count,
                               const double* dual) {
  return evaluate_sparse<true>(values, row_indices, count, dual);
}

#define WOLFPACK_TEXT_OF(name) #name
#define WOLFPACK_TEXT(name) WOLFPACK_TEXT_OF(name)

}  // namespace

namespace WOLFPACK_KERNELS {
extern const DotKernels kKernels;
constinit const DotKernels kKernels = {
    WOLFPACK_TEXT(WOLFPACK_KERNELS),
    {dot<float>, dot_and_norm<float>, sparse_dot<float>, sparse_dot_and_norm<float>},
    {dot<double>, dot_and_norm<double>, sparse_dot<double>, sparse_dot_and_norm<double>}};
}  // namespace WOLFPACK_KERNELS

}  // namespace wolfpack::cpu
