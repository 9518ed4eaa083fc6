// Compiled once for each instruction set, with WOLFPACK_KERNELS naming it. Nothing here may call an inline function of
// a library: the linker keeps one copy of such a function, and it might be the one compiled for AVX-512.
#include "base/horizontal_sum.hpp"
#include "frank_wolfe/dense_kernels.hpp"

namespace wolfpack::frank_wolfe {
namespace {

#if defined(__AVX512F__)
constexpr int kVectorBytes = 64;
#elif defined(__AVX__)
constexpr int kVectorBytes = 32;
#else
constexpr int kVectorBytes = 16;
#endif
constexpr std::int64_t kLanes = kVectorBytes / static_cast<int>(sizeof(double));
// Rows of a tile that are worked on at a time: eight columns of so many fit the L1 cache.
constexpr std::int64_t kPanel = 512;

typedef double Vector __attribute__((vector_size(kVectorBytes)));
typedef double Unaligned __attribute__((vector_size(kVectorBytes), aligned(8), may_alias));

inline Vector load(const double* from) { return *reinterpret_cast<const Unaligned*>(from); }
inline void store(double* to, Vector vector) { *reinterpret_cast<Unaligned*>(to) = vector; }

double dot(const double* a, const double* b, std::int64_t n) {
  Vector sums[4] = {};
  std::int64_t i = 0;
  for (; i + 4 * kLanes <= n; i += 4 * kLanes) {
    for (std::int64_t k = 0; k < 4; ++k) sums[k] += load(a + i + k * kLanes) * load(b + i + k * kLanes);
  }
  for (; i + kLanes <= n; i += kLanes) sums[0] += load(a + i) * load(b + i);
  double rest = 0.0;
  for (; i < n; ++i) rest += a[i] * b[i];
  return horizontal_sum((sums[0] + sums[1]) + (sums[2] + sums[3])) + rest;
}

/// Adds a_i'b_j over the values from `begin` to before `end` to out; kRows x kColumns sums in registers.
template <int kRows, int kColumns>
inline void add_tile(const double* const* a, const double* const* b, std::int64_t begin, std::int64_t end, double* out,
                     std::int64_t out_stride) {
  Vector sums[kRows][kColumns] = {};
  std::int64_t k = begin;
  for (; k + kLanes <= end; k += kLanes) {
    Vector left[kRows];
    for (int i = 0; i < kRows; ++i) left[i] = load(a[i] + k);
    for (int j = 0; j < kColumns; ++j) {
      const Vector right = load(b[j] + k);
      for (int i = 0; i < kRows; ++i) sums[i][j] += left[i] * right;
    }
  }
  for (int j = 0; j < kColumns; ++j) {
    for (int i = 0; i < kRows; ++i) {
      double rest = 0.0;
      for (std::int64_t tail = k; tail < end; ++tail) rest += a[i][tail] * b[j][tail];
      out[i + j * out_stride] += horizontal_sum(sums[i][j]) + rest;
    }
  }
}

template <int kRows>
inline void add_tile(const double* const* a, const double* const* b, std::int64_t columns, std::int64_t begin,
                     std::int64_t end, double* out, std::int64_t out_stride) {
  switch (columns) {
    case 4:
      return add_tile<kRows, 4>(a, b, begin, end, out, out_stride);
    case 3:
      return add_tile<kRows, 3>(a, b, begin, end, out, out_stride);
    case 2:
      return add_tile<kRows, 2>(a, b, begin, end, out, out_stride);
    default:
      return add_tile<kRows, 1>(a, b, begin, end, out, out_stride);
  }
}

void dots(const double* a, const double* b, std::int64_t stride, std::int64_t count, std::int64_t n, double* out) {
  const double* columns[4];
  for (std::int64_t k = 0; k < count; ++k) {
    columns[k] = b + k * stride;
    out[k] = 0.0;
  }
  add_tile<1>(&a, columns, count, 0, n, out, 1);
}

void tile(const double* const* a, std::int64_t rows, const double* const* b, std::int64_t columns, std::int64_t n,
          double* out, std::int64_t out_stride) {
  for (std::int64_t j = 0; j < columns; ++j) {
    for (std::int64_t i = 0; i < rows; ++i) out[i + j * out_stride] = 0.0;
  }
  for (std::int64_t k = 0; k < n; k += kPanel) {
    const std::int64_t end = n - k < kPanel ? n : k + kPanel;
    if (rows == 4) {
      add_tile<4>(a, b, columns, k, end, out, out_stride);
      continue;
    }
    for (std::int64_t i = 0; i < rows; ++i) add_tile<1>(a + i, b, columns, k, end, out + i, out_stride);
  }
}

void add_two(double s, const double* a, double t, const double* b, double* y, std::int64_t n) {
  const Vector left = s - Vector{};
  const Vector right = t - Vector{};
  std::int64_t i = 0;
  for (; i + kLanes <= n; i += kLanes) store(y + i, load(y + i) + left * load(a + i) + right * load(b + i));
  for (; i < n; ++i) y[i] += s * a[i] + t * b[i];
}

// Four chains at a time: each waits for itself only.
void rotate_four(const Rotation* rotations, std::int64_t count, const double* const* v, double* const* out,
                 double* carried) {
  double held[4];
  for (int k = 0; k < 4; ++k) held[k] = v[k][0];
  for (std::int64_t i = 0; i < count; ++i) {
    const double cosine = rotations[i].cosine;
    const double sine = rotations[i].sine;
    for (int k = 0; k < 4; ++k) {
      const double next = v[k][i + 1];
      out[k][i] = cosine * held[k] + sine * next;
      held[k] = cosine * next - sine * held[k];
    }
  }
  for (int k = 0; k < 4; ++k) carried[k] = held[k];
}

}  // namespace

namespace WOLFPACK_KERNELS {
extern const DenseKernels kKernels;
constinit const DenseKernels kKernels = {dot, dots, tile, add_two, rotate_four};
}  // namespace WOLFPACK_KERNELS

}  // namespace wolfpack::frank_wolfe
