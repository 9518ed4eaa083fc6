// The columns of a partition in device memory, and sums over them by groups of threads. For selection_kernels.cuh.
//
// Dense: column-major, each column padded with zeros to a multiple of 16 bytes, so that it is read in vectors of that
// size. CSC: as base/matrix.hpp has it. A bfloat16 is the upper half of a float32. The first columns lie in device
// memory; the others, where there are more than it holds, in pinned memory of the host, from where kernels read those
// that they look at as if they were near.
//
// A group is kLanes neighbouring threads of a warp (4, 16 or 32) that work at the same columns. All threads of a warp
// come to every function here together.
#pragma once

#include <cstdint>
#include <cuda_runtime.h>

namespace wolfpack::gpu {

inline constexpr unsigned kWholeWarp = 0xffffffffU;

/// A float32 whose lower 16 bits are zero.
struct Bfloat16 {
  std::uint16_t bits;
};

/// Vectors of a column that a thread sums in its own precision before it adds the sum up in float64.
inline constexpr int kVectorsAChain = 16;

template <class Value>
inline constexpr int kPerVector = 16 / static_cast<int>(sizeof(Value));

__device__ inline void unpack(const uint4& vector, float (&values)[4]) {
  values[0] = __uint_as_float(vector.x);
  values[1] = __uint_as_float(vector.y);
  values[2] = __uint_as_float(vector.z);
  values[3] = __uint_as_float(vector.w);
}
__device__ inline void unpack(const uint4& vector, float (&values)[8]) {
  const unsigned words[4] = {vector.x, vector.y, vector.z, vector.w};
  for (int k = 0; k < 4; ++k) {
    values[2 * k] = __uint_as_float(words[k] << 16);
    values[2 * k + 1] = __uint_as_float(words[k] & 0xffff0000U);
  }
}
__device__ inline void unpack(const uint4& vector, double (&values)[2]) {
  values[0] = __hiloint2double(static_cast<int>(vector.y), static_cast<int>(vector.x));
  values[1] = __hiloint2double(static_cast<int>(vector.w), static_cast<int>(vector.z));
}

/// What a stored number is when it comes out of its vector.
template <class Value>
struct Unpacked {
  using type = float;
};
template <>
struct Unpacked<double> {
  using type = double;
};

/// kCount values of w from an address that is a multiple of 16 bytes. Read by every group: it stays in the cache.
template <int kCount>
__device__ inline void load_dual(const float* dual, float (&values)[kCount]) {
  for (int k = 0; k < kCount; k += 4) {
    const float4 four = __ldg(reinterpret_cast<const float4*>(dual + k));
    values[k] = four.x;
    values[k + 1] = four.y;
    values[k + 2] = four.z;
    values[k + 3] = four.w;
  }
}
template <int kCount>
__device__ inline void load_dual(const double* dual, double (&values)[kCount]) {
  for (int k = 0; k < kCount; k += 2) {
    const double2 two = __ldg(reinterpret_cast<const double2*>(dual + k));
    values[k] = two.x;
    values[k + 1] = two.y;
  }
}

template <int kLanes>
__device__ inline double group_sum(double value) {
  for (int distance = kLanes / 2; distance > 0; distance /= 2) value += __shfl_xor_sync(kWholeWarp, value, distance);
  return value;
}
template <int kLanes>
__device__ inline double group_max(double value) {
  for (int distance = kLanes / 2; distance > 0; distance /= 2) {
    const double other = __shfl_xor_sync(kWholeWarp, value, distance);
    value = value < other ? other : value;
  }
  return value;
}

template <class Stored>
struct DenseOnDevice {
  using Value = Stored;
  static constexpr bool kIsDense = true;

  const Value* near_values = nullptr;
  const Value* far_values = nullptr;
  std::int64_t stride = 0;  // in elements, a multiple of kPerVector
  std::int32_t rows = 0;
  std::int32_t columns = 0;
  std::int32_t near_columns = 0;

  __device__ const Value* column(std::int32_t j) const {
    return j < near_columns ? near_values + j * stride : far_values + (j - near_columns) * stride;
  }

  /// Products with w of kTogether columns, each product and the sums of kVectorsAChain vectors in Real, the rest in
  /// float64. Every thread of the group gets them.
  template <int kLanes, class Real, int kTogether>
  __device__ void products(const std::int32_t (&which)[kTogether], const Real* dual,
                           double (&products)[kTogether]) const {
    constexpr int kCount = kPerVector<Value>;
    const auto vectors = static_cast<int>(stride / kCount);
    for (int c = 0; c < kTogether; ++c) products[c] = 0.0;
    for (int first = static_cast<int>(threadIdx.x) % kLanes; first < vectors; first += kLanes * kVectorsAChain) {
      Real sums[kTogether] = {};
      for (int k = 0; k < kVectorsAChain; ++k) {
        const int at = first + k * kLanes;
        if (at >= vectors) break;
        Real weights[kCount];
        load_dual(dual + static_cast<std::int64_t>(at) * kCount, weights);
        uint4 loaded[kTogether];
        for (int c = 0; c < kTogether; ++c) loaded[c] = __ldcs(vector(which[c], at));
        for (int c = 0; c < kTogether; ++c) {
          typename Unpacked<Value>::type numbers[kCount];
          unpack(loaded[c], numbers);
          for (int i = 0; i < kCount; ++i) sums[c] += static_cast<Real>(numbers[i]) * weights[i];
        }
      }
      for (int c = 0; c < kTogether; ++c) products[c] += static_cast<double>(sums[c]);
    }
    for (int c = 0; c < kTogether; ++c) products[c] = group_sum<kLanes>(products[c]);
  }

  /// work(number) for this thread's share of the column.
  template <int kLanes, class Work>
  __device__ void each(std::int32_t j, Work&& work) const {
    constexpr int kCount = kPerVector<Value>;
    const auto vectors = static_cast<int>(stride / kCount);
    for (int at = static_cast<int>(threadIdx.x) % kLanes; at < vectors; at += kLanes) {
      typename Unpacked<Value>::type numbers[kCount];
      unpack(__ldcs(vector(j, at)), numbers);
      for (int i = 0; i < kCount; ++i) work(static_cast<double>(numbers[i]));
    }
  }

 private:
  __device__ const uint4* vector(std::int32_t j, int at) const {
    return reinterpret_cast<const uint4*>(column(j)) + at;
  }
};

template <class Stored>
struct SparseOnDevice {
  using Value = Stored;
  static constexpr bool kIsDense = false;

  const std::int64_t* starts = nullptr;  // in device memory
  const std::int32_t* near_rows = nullptr;
  const std::int32_t* far_rows = nullptr;
  const Value* near_values = nullptr;
  const Value* far_values = nullptr;
  std::int32_t rows = 0;
  std::int32_t columns = 0;
  std::int32_t near_columns = 0;
  std::int64_t far_start = 0;  // starts[near_columns]

  struct Entries {
    const Value* values;
    const std::int32_t* rows;
    std::int64_t count;
  };
  __device__ Entries column(std::int32_t j) const {
    const std::int64_t begin = starts[j];
    const std::int64_t count = starts[j + 1] - begin;
    if (j < near_columns) return {near_values + begin, near_rows + begin, count};
    return {far_values + (begin - far_start), far_rows + (begin - far_start), count};
  }

  template <int kLanes, class Real, int kTogether>
  __device__ void products(const std::int32_t (&which)[kTogether], const Real* dual,
                           double (&products)[kTogether]) const {
    for (int c = 0; c < kTogether; ++c) {
      double sum = 0.0;
      const Entries entries = column(which[c]);
      std::int64_t k = static_cast<int>(threadIdx.x) % kLanes;
      while (k < entries.count) {
        Real chain = 0;
        for (int n = 0; n < kVectorsAChain && k < entries.count; ++n, k += kLanes)
          chain += static_cast<Real>(__ldcs(entries.values + k)) * __ldg(dual + __ldcs(entries.rows + k));
        sum += static_cast<double>(chain);
      }
      products[c] = sum;
    }
    for (int c = 0; c < kTogether; ++c) products[c] = group_sum<kLanes>(products[c]);
  }

  template <int kLanes, class Work>
  __device__ void each(std::int32_t j, Work&& work) const {
    const Entries entries = column(j);
    for (std::int64_t k = static_cast<int>(threadIdx.x) % kLanes; k < entries.count; k += kLanes)
      work(static_cast<double>(__ldcs(entries.values + k)));
  }
};

/// The norm of a column, without the overflow or underflow of squares. Not yet rounded up.
template <int kLanes, class Columns>
__device__ inline double norm_of(const Columns& columns, std::int32_t j) {
  double square = 0.0;
  columns.template each<kLanes>(j, [&](double number) { square += number * number; });
  square = group_sum<kLanes>(square);
  double norm = sqrt(square);
  // Squares in this range are normal numbers, and so are all that matter in their sum.
  const bool again = !(square >= 1e-280 && square <= 1e300);
  if (__ballot_sync(kWholeWarp, again) == 0) return norm;
  double largest = 0.0;
  columns.template each<kLanes>(j, [&](double number) { largest = fabs(number) > largest ? fabs(number) : largest; });
  largest = group_max<kLanes>(largest);
  double scaled = 0.0;
  columns.template each<kLanes>(j, [&](double number) {
    const double part = largest > 0.0 ? number / largest : 0.0;
    scaled += part * part;
  });
  scaled = group_sum<kLanes>(scaled);
  return again ? largest * sqrt(scaled) : norm;
}

}  // namespace wolfpack::gpu
