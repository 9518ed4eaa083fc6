// Compiled once for each instruction set, with WOLFPACK_KERNELS naming it. Nothing here may call an inline function of
// a library: the linker keeps one copy of such a function, and it might be the one compiled for AVX-512. (Intrinsics
// leave no copy.)
//
// Vectors are GCC's vector extensions: the order of the additions is written down, so that it holds in unoptimised and
// sanitized builds too.
#if defined(__AVX2__)
#include <immintrin.h>
#endif

#include "base/horizontal_sum.hpp"
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
  return horizontal_sum((chains[0] + chains[1]) + (chains[2] + chains[3]));
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

typedef std::int64_t Words __attribute__((vector_size(kVectorBytes)));

template <class Scalar>
double largest_magnitude(const Scalar* column, std::int64_t rows) {
  Vector largest[2] = {};
  Words has_nan = {};
  const auto look_at = [&](int chain, const Vector& a) {
    const Vector magnitude = a < 0.0 ? -a : a;
    largest[chain] = magnitude > largest[chain] ? magnitude : largest[chain];
    has_nan |= a != a;
  };
  std::int64_t row = 0;
  for (; row + 2 * kLanes <= rows; row += 2 * kLanes) {
    look_at(0, load(column + row));
    look_at(1, load(column + row + kLanes));
  }
  double found = 0.0;
  const auto look_at_one = [&](double magnitude) {
    if (magnitude > found || magnitude != magnitude) found = magnitude;
  };
  for (int lane = 0; lane < kLanes; ++lane) {
    look_at_one(largest[0][lane]);
    look_at_one(largest[1][lane]);
  }
  for (int lane = 0; lane < kLanes; ++lane)
    if (has_nan[lane] != 0) return __builtin_nan("");
  for (; row < rows; ++row) {
    const auto a = static_cast<double>(column[row]);
    if (a != a) return a;
    look_at_one(a < 0.0 ? -a : a);
  }
  return found;
}

// What 1.5 * 2^52 is added to is rounded to an integer, which then stands in the lowest bits.
constexpr double kRound = 6755399441055744.0;

inline void store_lowest_bytes(std::int8_t* numbers, const Vector& vector) {
#if defined(__AVX512F__)
  _mm_storel_epi64(reinterpret_cast<__m128i*>(numbers),
                   _mm512_maskz_cvtepi64_epi8(0xff, reinterpret_cast<__m512i>(vector)));
#else
  const Words words = reinterpret_cast<Words>(vector);
  for (int lane = 0; lane < kLanes; ++lane) numbers[lane] = static_cast<std::int8_t>(words[lane]);
#endif
}

template <class Scalar>
QuantizationSums quantize(const Scalar* column, std::int64_t rows, double scale, std::int8_t* numbers) {
  const double inverse = 1.0 / scale;
  Vector missed = {}, kept = {};
  std::int64_t row = 0;
  for (; row + kLanes <= rows; row += kLanes) {
    const Vector a = load(column + row);
    const Vector shifted = a * inverse + kRound;
    store_lowest_bytes(numbers + row, shifted);
    const Vector q = shifted - kRound;
    const Vector rest = a - q * scale;
    missed += rest * rest;
    kept += q * q;
  }
  QuantizationSums sums;
  for (int lane = 0; lane < kLanes; ++lane) {
    sums.missed += missed[lane];
    sums.kept += kept[lane];
  }
  for (; row < rows; ++row) {
    const auto a = static_cast<double>(column[row]);
    const double q = (a * inverse + kRound) - kRound;
    numbers[row] = static_cast<std::int8_t>(static_cast<int>(q));
    const double rest = a - q * scale;
    sums.missed += rest * rest;
    sums.kept += q * q;
  }
  return sums;
}

#if defined(__AVX2__)
constexpr std::int64_t kPairedRows = 16;
static_assert(kQuantizedStep % kPairedRows == 0 && kQuantizedBlock % kPairedRows == 0);

/// The products of so many rows, added up in pairs of neighbours.
inline Integers8 paired_products(const std::int8_t* numbers, const std::int16_t* dual) {
  const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(numbers));
  const __m256i factors = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(dual));
  return reinterpret_cast<Integers8>(_mm256_madd_epi16(_mm256_cvtepi8_epi16(bytes), factors));
}
#endif

std::int64_t quantized_dot(const std::int8_t* column, const std::int16_t* dual, std::int64_t rows,
                           const std::int8_t* next) {
  std::int64_t total = 0;
  for (std::int64_t row = 0; row < rows;) {
    const std::int64_t end = rows - row < kQuantizedBlock ? rows : row + kQuantizedBlock;
#if defined(__AVX2__)
    Integers8 sums[kChains] = {};
    const auto add = [&](int chain, std::int64_t at) { sums[chain] += paired_products(column + at, dual + at); };
    for (; row + kChains * kPairedRows <= end; row += kChains * kPairedRows) {
      __builtin_prefetch(next + row);
      add(0, row);
      add(1, row + kPairedRows);
      add(2, row + 2 * kPairedRows);
      add(3, row + 3 * kPairedRows);
    }
    for (; row < end; row += kPairedRows) add(0, row);
    total += horizontal_sum((sums[0] + sums[1]) + (sums[2] + sums[3]));
#else
    std::int32_t sum = 0;
    for (std::int64_t line = row; line < end; line += 64) __builtin_prefetch(next + line);
    for (; row < end; ++row) sum += column[row] * dual[row];
    total += sum;
#endif
  }
  return total;
}

#define WOLFPACK_TEXT_OF(name) #name
#define WOLFPACK_TEXT(name) WOLFPACK_TEXT_OF(name)

}  // namespace

namespace WOLFPACK_KERNELS {
extern const DotKernels kKernels;
constinit const DotKernels kKernels = {WOLFPACK_TEXT(WOLFPACK_KERNELS),
                                       {dot<float>, dot_and_norm<float>, sparse_dot<float>, sparse_dot_and_norm<float>,
                                        largest_magnitude<float>, quantize<float>},
                                       {dot<double>, dot_and_norm<double>, sparse_dot<double>,
                                        sparse_dot_and_norm<double>, largest_magnitude<double>, quantize<double>},
                                       quantized_dot};
}  // namespace WOLFPACK_KERNELS

}  // namespace wolfpack::cpu
