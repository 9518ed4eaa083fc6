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

/// Entries of a sparse column that a thread reads at once.
inline constexpr int kBatch = 4;

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

/// Of all threads of a group; the same for each.
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

/// Of all threads of a block, in an order that is always the same.
template <int kThreadsOfBlock>
__device__ inline double block_sum(double value) {
  __shared__ double sums[kThreadsOfBlock / 32];
  value = group_sum<32>(value);
  if (threadIdx.x % 32 == 0) sums[threadIdx.x / 32] = value;
  __syncthreads();
  double sum = 0.0;
  for (int warp = 0; warp < kThreadsOfBlock / 32; ++warp) sum += sums[warp];
  __syncthreads();
  return sum;
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

  /// This thread's share of the products with w of kTogether columns, of which each kLanes-th vector is its own: each
  /// product and the sums of kVectorsAChain vectors in Real, the rest in float64.
  template <int kLanes, class Real, int kTogether>
  __device__ void products(const std::int32_t (&which)[kTogether], const Real* dual,
                           double (&products)[kTogether]) const {
    constexpr int kCount = kPerVector<Value>;
    const auto vectors = static_cast<int>(stride / kCount);
    const uint4* from[kTogether];
#pragma unroll
    for (int c = 0; c < kTogether; ++c) {
      from[c] = reinterpret_cast<const uint4*>(column(which[c]));
      products[c] = 0.0;
    }
    for (int first = static_cast<int>(threadIdx.x) % kLanes; first < vectors; first += kLanes * kVectorsAChain) {
      const int chain_end = first + kLanes * kVectorsAChain;
      const int end = chain_end < vectors ? chain_end : vectors;
      Real sums[kTogether] = {};
#pragma unroll kTogether >= 4 ? 1 : 4 / kTogether
      for (int at = first; at < end; at += kLanes) {
        uint4 loaded[kTogether];
#pragma unroll
        for (int c = 0; c < kTogether; ++c) loaded[c] = __ldcs(from[c] + at);
        Real weights[kCount];
        load_dual(dual + static_cast<std::int64_t>(at) * kCount, weights);
#pragma unroll
        for (int c = 0; c < kTogether; ++c) {
          typename Unpacked<Value>::type numbers[kCount];
          unpack(loaded[c], numbers);
#pragma unroll
          for (int i = 0; i < kCount; ++i) sums[c] += static_cast<Real>(numbers[i]) * weights[i];
        }
      }
#pragma unroll
      for (int c = 0; c < kTogether; ++c) products[c] += static_cast<double>(sums[c]);
    }
  }

  /// The sum of part(number) over the column; the same for each thread of the group.
  template <int kLanes, class Part>
  __device__ double sum_of(std::int32_t j, Part&& part) const {
    double sum = 0.0;
    each<kLanes>(j, [&](double number) { sum += part(number); });
    return group_sum<kLanes>(sum);
  }
  /// The largest part(number) >= 0.
  template <int kLanes, class Part>
  __device__ double largest_of(std::int32_t j, Part&& part) const {
    double largest = 0.0;
    each<kLanes>(j, [&](double number) { largest = part(number) > largest ? part(number) : largest; });
    return group_max<kLanes>(largest);
  }
  /// Rows of which nothing is stored.
  __device__ std::int64_t unstored(std::int32_t /*j*/) const { return 0; }

 private:
  template <int kLanes, class Work>
  __device__ void each(std::int32_t j, Work&& work) const {
    constexpr int kCount = kPerVector<Value>;
    const auto vectors = static_cast<int>(stride / kCount);
    const auto* from = reinterpret_cast<const uint4*>(column(j));
    for (int at = static_cast<int>(threadIdx.x) % kLanes; at < vectors; at += kLanes) {
      typename Unpacked<Value>::type numbers[kCount];
      unpack(__ldcs(from + at), numbers);
      for (int i = 0; i < kCount; ++i)
        if (at * kCount + i < rows) work(static_cast<double>(numbers[i]));
    }
  }
};

/// A number of threads that the compiler knows.
template <int kCount>
struct Lanes {
  __device__ constexpr operator int() const { return kCount; }
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
    static_assert(kTogether == 1);
    products[0] =
        over_entries<kLanes>(which[0], [&](const Entries& entries, std::int64_t first, std::int64_t end, auto lanes) {
          double sum = 0.0;
          Real chain = 0;
          int in_chain = 0;
          // Entries, then the weights that they name, kBatch at a time: several reads are under way at once.
          for (; first < end; first += lanes * kBatch) {
            Value numbers[kBatch];
            std::int32_t at[kBatch];
#pragma unroll
            for (int n = 0; n < kBatch; ++n) {
              const std::int64_t k = first + n * lanes;
              const bool is_there = k < end;
              numbers[n] = is_there ? __ldcs(entries.values + k) : Value(0);
              at[n] = is_there ? __ldcs(entries.rows + k) : 0;
            }
#pragma unroll
            for (int n = 0; n < kBatch; ++n) chain += static_cast<Real>(numbers[n]) * __ldg(dual + at[n]);
            in_chain += kBatch;
            if (in_chain < kVectorsAChain) continue;
            sum += static_cast<double>(chain);
            chain = 0;
            in_chain = 0;
          }
          return sum + static_cast<double>(chain);
        });
  }

  /// The sum of part(number) over what is stored of the column; the same for each thread of the group.
  template <int kLanes, class Part>
  __device__ double sum_of(std::int32_t j, Part&& part) const {
    return group_sum<kLanes>(
        over_entries<kLanes>(j, [&](const Entries& entries, std::int64_t first, std::int64_t end, auto lanes) {
          double sum = 0.0;
          for (; first < end; first += lanes) sum += part(static_cast<double>(__ldcs(entries.values + first)));
          return sum;
        }));
  }
  template <int kLanes, class Part>
  __device__ double largest_of(std::int32_t j, Part&& part) const {
    const Entries entries = column(j);
    double largest = 0.0;
    for (std::int64_t k = static_cast<int>(threadIdx.x) % kLanes; k < entries.count; k += kLanes) {
      const double size = part(static_cast<double>(__ldcs(entries.values + k)));
      largest = size > largest ? size : largest;
    }
    return group_max<kLanes>(largest);
  }
  __device__ std::int64_t unstored(std::int32_t j) const { return rows - (starts[j + 1] - starts[j]); }

 private:
  /// share(entries, first, end, lanes) of the column: the sum over first, first + lanes, ... below end, added up over
  /// this group's threads, one of which may have got more. What a column has beyond kShort entries a thread the whole
  /// warp does, for one group after another: one long column does not keep the others waiting for long.
  template <int kLanes, class Share>
  __device__ double over_entries(std::int32_t j, Share&& share) const {
    constexpr std::int64_t kShort = 32;
    const Entries entries = column(j);
    const int member = static_cast<int>(threadIdx.x) % kLanes;
    if constexpr (kLanes >= 32) {
      return share(entries, member, entries.count, Lanes<kLanes>());
    } else {
      constexpr std::int64_t kMost = kLanes * kShort;
      const bool is_long = entries.count > kMost;
      double sum = share(entries, member, is_long ? kMost : entries.count, Lanes<kLanes>());
      const int lane = static_cast<int>(threadIdx.x) % 32;
      for (unsigned left = __ballot_sync(kWholeWarp, is_long); left != 0;) {
        const int leader = __ffs(static_cast<int>(left)) - 1;
        const Entries theirs = column(__shfl_sync(kWholeWarp, j, leader));
        const double rest = group_sum<32>(share(theirs, kMost + lane, theirs.count, Lanes<32>()));
        if (lane == leader) sum += rest;
        left &= ~(((1U << kLanes) - 1U) << leader);
      }
      return sum;
    }
  }
};

/// ||a_j - shift 1||, without the overflow or underflow of squares. Not yet rounded up.
template <int kLanes, class Columns>
__device__ inline double norm_of(const Columns& columns, std::int32_t j, double shift) {
  const auto zeros = static_cast<double>(columns.unstored(j));
  const double square = columns.template sum_of<kLanes>(j, [&](double number) {
    return (number - shift) * (number - shift);
  }) + zeros * shift * shift;
  const double norm = sqrt(square);
  // Squares in this range are normal numbers, and so are all that matter in their sum.
  const bool again = !(square >= 1e-280 && square <= 1e300);
  if (__ballot_sync(kWholeWarp, again) == 0) return norm;
  double largest = columns.template largest_of<kLanes>(j, [&](double number) { return fabs(number - shift); });
  if (zeros > 0.0 && fabs(shift) > largest) largest = fabs(shift);
  const double unit = largest > 0.0 ? largest : 1.0;
  const double scaled = columns.template sum_of<kLanes>(j, [&](double number) {
    return ((number - shift) / unit) * ((number - shift) / unit);
  }) + zeros * (shift / unit) * (shift / unit);
  if (!again) return norm;
  return largest > 0.0 ? largest * sqrt(scaled) : norm;  // norm: 0, or not a number
}

}  // namespace wolfpack::gpu
