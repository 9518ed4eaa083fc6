// The kernels of one selection. Scores are first estimated, each to within an error that is known; then what may be
// among the best, or the largest, is evaluated in float64:
//
//     choose_columns      by their bounds (cpu/score_bounds.hpp), which columns have to be looked at
//     estimate            their scores, what is remembered of them, and how many there are of which size
//     find_contenders     of those, what is not surpassed for certain by as many others as atoms are asked for
//     evaluate            the contenders, in float64
//     rank                the best of them, and the largest score, for the host
//     gather_columns      the columns of the best, for the host
//
// All are for blocks of kThreads threads in any number, but for rank, which is one block.
#pragma once

#include <cstdint>
#include <cuda_runtime.h>

#include "cpu/score_bounds.hpp"
#include "gpu/device_columns.cuh"
#include "gpu/selection_state.cuh"

namespace wolfpack::gpu {

/// The largest class of which at least `wanted` are counted in it and above; 0 where there are fewer in all. For all
/// threads of a block.
__device__ inline int class_of_last(const unsigned* sizes, unsigned wanted) {
  constexpr int kEach = kSizes / kThreads;
  __shared__ unsigned sums[kThreads];
  __shared__ int found;
  const int t = static_cast<int>(threadIdx.x);
  unsigned own = 0;
  for (int k = 0; k < kEach; ++k) own += sizes[t * kEach + k];
  if (t == 0) found = 0;
  sums[t] = own;
  __syncthreads();
  for (int distance = 1; distance < kThreads; distance *= 2) {  // to sums over this thread's classes and all above
    const unsigned more = t + distance < kThreads ? sums[t + distance] : 0;
    __syncthreads();
    sums[t] += more;
    __syncthreads();
  }
  unsigned above = sums[t] - own;
  if (above < wanted && above + own >= wanted) {  // one thread's
    int size = t * kEach + kEach - 1;
    for (; size > t * kEach && above + sizes[size] < wanted; --size) above += sizes[size];
    found = size;
  }
  __syncthreads();
  return found;
}

/// Appends the columns of those threads of the warp that take one.
__device__ inline void append(bool take, std::int32_t column, unsigned* count, std::int32_t* list) {
  const unsigned takers = __ballot_sync(kWholeWarp, take);
  const unsigned lane = threadIdx.x % 32;
  unsigned at = 0;
  if (lane == 0 && takers != 0) at = atomicAdd(count, static_cast<unsigned>(__popc(takers)));
  at = __shfl_sync(kWholeWarp, at, 0);
  if (take) list[at + static_cast<unsigned>(__popc(takers & ((1U << lane) - 1U)))] = column;
}

/// Lists the columns that have to be looked at. `bounded`: not those whose bound is at most the level.
template <bool kBounded>
__global__ void __launch_bounds__(kThreads)
    choose_columns(ColumnState state, PassInputs inputs, std::int32_t columns, std::int32_t* list, Counters* counters) {
  constexpr int kEach = 4;  // columns of a thread for one addition to the count
  bool left_out = false;
  const auto lane = static_cast<std::int32_t>(threadIdx.x % 32);
  const std::int64_t warp = global_thread() / 32;
  const std::int64_t step = global_threads() / 32 * 32 * kEach;
  for (std::int64_t first = warp * 32 * kEach; first < columns; first += step) {
    bool take[kEach];
    double bound[kEach];
#pragma unroll
    for (int k = 0; k < kEach; ++k) {
      const std::int64_t at = first + k * 32 + lane;
      const auto j = static_cast<std::int32_t>(at < columns ? at : 0);
      take[k] = at < columns && state.screened[j] == 0;
      bound[k] = 0.0;
      if constexpr (kBounded) bound[k] = bound_of(inputs, state, j);
    }
    unsigned takers[kEach];
    unsigned total = 0;
#pragma unroll
    for (int k = 0; k < kEach; ++k) {
      if constexpr (kBounded) {
        if (take[k] && is_screened_out(inputs, state, static_cast<std::int32_t>(first) + k * 32 + lane, bound[k])) {
          take[k] = false;
        } else if (take[k] && bound[k] <= inputs.level) {
          take[k] = false;
          left_out = true;
        }
      }
      takers[k] = __ballot_sync(kWholeWarp, take[k]);
      total += static_cast<unsigned>(__popc(takers[k]));
    }
    unsigned at = 0;
    if (lane == 0 && total != 0) at = atomicAdd(&counters->listed, total);
    at = __shfl_sync(kWholeWarp, at, 0);
    for (int k = 0; k < kEach; ++k) {
      if ((takers[k] >> lane & 1U) != 0)
        list[at + static_cast<unsigned>(__popc(takers[k] & ((1U << lane) - 1U)))] =
            static_cast<std::int32_t>(first) + k * 32 + lane;
      at += static_cast<unsigned>(__popc(takers[k]));
    }
  }
  if (left_out) counters->left_out = 1;
}

/// Estimates the scores of the listed columns, or of all where there is no list. kFirst: and measures their norms.
template <class Columns, class Real, int kLanes, int kTogether, bool kFirst>
__global__ void __launch_bounds__(kThreads)
    estimate(Columns columns, ColumnState state, PassInputs inputs, const Real* dual, const std::int32_t* list,
             const unsigned* listed, Counters* counters) {
  static_assert(kTogether <= kLanes && (!kFirst || kTogether == 1));
  constexpr int kGroups = 32 / kLanes;  // of a warp
  __shared__ unsigned sizes[kSizes];
  __shared__ int moves[kSlots];
  for (int k = static_cast<int>(threadIdx.x); k < kSizes; k += kThreads) sizes[k] = 0;
  for (int k = static_cast<int>(threadIdx.x); k < kSlots; k += kThreads) moves[k] = 0;
  __syncthreads();

  bool left_out = false;
  unsigned long long largest_norm = 0;
  const std::int32_t count = list == nullptr ? columns.columns : static_cast<std::int32_t>(*listed);
  const int lane = static_cast<int>(threadIdx.x) % 32;
  const int member = lane % kLanes;
  const std::int64_t step = global_threads() / 32 * kGroups * kTogether;
  for (std::int64_t of_warp = global_thread() / 32 * kGroups * kTogether; of_warp < count; of_warp += step) {
    const std::int64_t first = of_warp + lane / kLanes * kTogether;
    std::int32_t which[kTogether];
    for (int c = 0; c < kTogether; ++c) {
      const std::int64_t at = first + c < count ? first + c : count - 1;
      which[c] = list == nullptr ? static_cast<std::int32_t>(at) : list[at];
    }
    double products[kTogether];
    columns.template products<kLanes>(which, dual, products);
#pragma unroll
    for (int c = 0; c < kTogether; ++c) products[c] = group_sum<kLanes>(products[c]);
    double norm = 0.0, magnitude = 0.0;
    if constexpr (kFirst) {
      const double mean = state.means == nullptr ? 0.0 : state.means[which[0]];
      norm = scaled(state, which[0], norm_of<kLanes>(columns, which[0], mean));
      magnitude = norm;
      if (norm != 0.0) {
        const double mean_norm = scaled(state, which[0], fabs(mean) * sqrt(static_cast<double>(columns.rows)));
        magnitude = rounded_up(inputs, norm + 2.0 * mean_norm);
        norm = rounded_up(inputs, norm);
      }
    }

    // Each of the group's threads does the rest for one of the columns.
    double product = 0.0;
    std::int32_t j = 0;
#pragma unroll
    for (int c = 0; c < kTogether; ++c) {
      product = c == member ? products[c] : product;
      j = c == member ? which[c] : j;
    }
    if (member >= kTogether || first + member >= count) continue;
    if constexpr (kFirst) {
      state.norms[j] = norm;
      state.magnitudes[j] = magnitude;
      const auto bits = static_cast<unsigned long long>(__double_as_longlong(norm));
      largest_norm = bits > largest_norm ? bits : largest_norm;
    } else {
      norm = state.norms[j];
      magnitude = state.magnitudes[j];
    }
    const double score = norm == 0.0 ? 0.0 : fabs(transformed(state, j, product * inputs.dual_scale, inputs.dual_sum));
    const double error = inputs.error_by_norm * magnitude + fabs(scaled(state, j, inputs.error_absolute));
    // What left the range of float32 on the way surpasses nobody for certain.
    const double least = score - error > 0.0 && score <= 1.7976931348623157e308 ? score - error : 0.0;
    const double most = score + error;

    const double recorded = error * inputs.recorded_share;
    const std::uint8_t old = state.slots[j];
    if (old < kNoDual) atomicAdd(&moves[old], -1);
    atomicAdd(&moves[inputs.current], 1);
    state.slots[j] = inputs.current;
    state.scores[j] = __double2float_ru((score + recorded) * inputs.terms.inverse_norm * (1.0 + 1e-15));
    state.open[j] =
        __double2float_ru(cpu::open_norm(inputs.terms, least > 0.0 ? score - recorded : 0.0, norm, magnitude));

    if (is_screened_out(inputs, state, j, most)) {
      state.most[j] = kNoContender;
    } else if (most <= inputs.level) {
      left_out = true;
      state.most[j] = kNoContender;
    } else {
      state.most[j] = __double2float_ru(most * inputs.size_scale);
      if (state.excluded[j] == 0 || inputs.count == 0) atomicAdd(&sizes[size_of(inputs, least)], 1U);
    }
  }

  if (left_out) counters->left_out = 1;
  if (kFirst && largest_norm > *state.largest_norm) atomicMax(state.largest_norm, largest_norm);
  __syncthreads();
  for (int k = static_cast<int>(threadIdx.x); k < kSizes; k += kThreads)
    if (sizes[k] != 0) atomicAdd(&counters->sizes[k], sizes[k]);
  for (int k = static_cast<int>(threadIdx.x); k < kSlots; k += kThreads)
    if (moves[k] != 0) atomicAdd(&state.slot_columns[k], moves[k]);
}

/// Lists, of those whose sizes were counted, the columns that may be the largest or among the best: not surpassed for
/// certain by `wanted` others that may be proposed.
__global__ void __launch_bounds__(kThreads)
    find_contenders(ColumnState state, PassInputs inputs, std::int32_t columns, const std::int32_t* list,
                    const unsigned* listed, const Counters* counters, unsigned* found, std::int32_t* contenders) {
  const float needed = smallest_of(inputs, class_of_last(counters->sizes, inputs.wanted));
  const std::int64_t count = list == nullptr ? columns : static_cast<std::int64_t>(*listed);
  const std::int64_t lane = threadIdx.x % 32;
  for (std::int64_t of_warp = global_thread() - lane; of_warp < count; of_warp += global_threads()) {
    const std::int64_t at = of_warp + lane;
    std::int32_t j = 0;
    bool take = false;
    if (at < count) {
      j = list == nullptr ? static_cast<std::int32_t>(at) : list[at];
      const float most = state.most[j];
      take = most != kNoContender && !(most < needed);
    }
    append(take, j, found, contenders);
  }
}

/// The contenders' scores a_j'w in float64, a block for each; equal columns have equal scores.
template <class Columns>
__global__ void __launch_bounds__(kThreads)
    evaluate(Columns columns, ColumnState state, const double* dual, double dual_sum, const std::int32_t* contenders,
             const Counters* counters, Ranked* evaluated) {
  for (unsigned at = blockIdx.x; at < counters->contenders; at += gridDim.x) {
    const std::int32_t which[1] = {contenders[at]};
    double product[1];
    columns.template products<kThreads>(which, dual, product);
    const double score = transformed(state, which[0], block_sum<kThreads>(product[0]), dual_sum);
    if (threadIdx.x == 0) evaluated[at] = {state.norms[which[0]] == 0.0 ? 0.0 : score, which[0]};
  }
}

/// The best contenders in order, and what else the host wants to know. One block. `chosen`: their columns.
__global__ void __launch_bounds__(kThreads)
    rank(ColumnState state, PassInputs inputs, const Ranked* evaluated, const unsigned* listed, Counters* counters,
         std::int32_t* chosen, SelectionResult* result) {
  __shared__ Ranked all[kMostRanked];
  __shared__ bool may_be_proposed[kMostRanked];
  __shared__ unsigned long long largest;
  __shared__ unsigned atoms;
  const auto t = static_cast<int>(threadIdx.x);
  const unsigned contenders = counters->contenders;
  const int count = contenders <= static_cast<unsigned>(kMostRanked) ? static_cast<int>(contenders) : 0;
  if (t == 0) {
    largest = 0;
    atoms = 0;
  }
  __syncthreads();
  for (int k = t; k < count; k += kThreads) {
    all[k] = evaluated[k];
    const double size = fabs(all[k].score);
    may_be_proposed[k] = size > inputs.level && state.excluded[all[k].column] == 0;
    atomicMax(&largest, static_cast<unsigned long long>(__double_as_longlong(size)));
  }
  __syncthreads();
  for (int k = t; k < count; k += kThreads) {
    if (!may_be_proposed[k]) continue;
    const double size = fabs(all[k].score);
    unsigned better = 0;
    for (int other = 0; other < count && better < inputs.count; ++other) {
      if (!may_be_proposed[other]) continue;
      const double other_size = fabs(all[other].score);
      if (other_size > size || (other_size == size && all[other].column < all[k].column)) ++better;
    }
    if (better >= inputs.count) continue;
    result->best[better] = all[k];
    chosen[better] = all[k].column;
    atomicAdd(&atoms, 1U);
  }
  for (int k = t; k < kSlots; k += kThreads) result->slot_columns[k] = state.slot_columns[k];
  __syncthreads();
  if (t != 0) return;
  counters->chosen = atoms;
  result->largest = __longlong_as_double(static_cast<long long>(largest));
  result->largest_norm = __longlong_as_double(static_cast<long long>(*state.largest_norm));
  result->contenders = contenders;
  result->listed = *listed;
  result->left_out = counters->left_out;
  result->screened_columns = *state.screened_columns;
  result->atoms = contenders <= static_cast<unsigned>(kMostRanked) ? static_cast<int>(atoms) : -1;
}

/// Copies the chosen columns, as they are stored, to places `pitch` numbers apart; at most `room` of them.
template <class Value>
__global__ void __launch_bounds__(kThreads)
    gather_dense(DenseOnDevice<Value> columns, const std::int32_t* chosen, const Counters* counters, unsigned room,
                 std::int64_t pitch, Value* gathered) {
  const unsigned count = counters->chosen < room ? counters->chosen : room;
  for (unsigned k = blockIdx.x; k < count; k += gridDim.x) {
    const Value* from = columns.column(chosen[k]);
    for (std::int64_t i = threadIdx.x; i < columns.rows; i += kThreads) gathered[k * pitch + i] = from[i];
  }
}
template <class Value>
__global__ void __launch_bounds__(kThreads)
    gather_sparse(SparseOnDevice<Value> columns, const std::int32_t* chosen, const Counters* counters, unsigned room,
                  std::int64_t pitch, Value* gathered, std::int32_t* gathered_rows) {
  const unsigned count = counters->chosen < room ? counters->chosen : room;
  for (unsigned k = blockIdx.x; k < count; k += gridDim.x) {
    const auto from = columns.column(chosen[k]);
    for (std::int64_t i = threadIdx.x; i < from.count; i += kThreads) {
      gathered[k * pitch + i] = from.values[i];
      gathered_rows[k * pitch + i] = from.rows[i];
    }
  }
}

/// How the columns stand at the dual vector that the bounds are for: counts their sizes.
__global__ void __launch_bounds__(kThreads)
    count_standings(ColumnState state, PassInputs inputs, std::int32_t columns, Counters* counters) {
  __shared__ unsigned sizes[kSizes];
  for (int k = static_cast<int>(threadIdx.x); k < kSizes; k += kThreads) sizes[k] = 0;
  __syncthreads();
  for (std::int64_t at = global_thread(); at < columns; at += global_threads()) {
    const auto j = static_cast<std::int32_t>(at);
    double bound = bound_of(inputs, state, j);
    if (!(bound >= 0.0)) bound = 1e308;  // not a number
    if (state.screened[j] == 0) atomicAdd(&sizes[size_of(inputs, bound)], 1U);
    state.most[j] = state.screened[j] == 0 ? __double2float_ru(bound * inputs.size_scale) : kNoContender;
  }
  __syncthreads();
  for (int k = static_cast<int>(threadIdx.x); k < kSizes; k += kThreads)
    if (sizes[k] != 0) atomicAdd(&counters->sizes[k], sizes[k]);
}

/// Sets what an evaluation at a dual vector that is forgotten said of columns to what their norms say.
__global__ void __launch_bounds__(kThreads) forget_dual(ColumnState state, std::int32_t columns, std::uint8_t slot) {
  for (std::int64_t j = global_thread(); j < columns; j += global_threads()) {
    if (state.slots[j] != slot) continue;
    state.slots[j] = kNoDual;
    state.open[j] = __double2float_ru(state.norms[j]);
  }
  if (global_thread() == 0) state.slot_columns[slot] = 0;
}

/// Marks the first `marked` listed columns as excluded, and the next `unmarked` as not.
__global__ void __launch_bounds__(kThreads)
    mark_excluded(ColumnState state, const std::int32_t* list, std::int32_t marked, std::int32_t unmarked) {
  for (std::int64_t k = global_thread(); k < marked + unmarked; k += global_threads())
    state.excluded[list[k]] = k < marked ? 1 : 0;
}

}  // namespace wolfpack::gpu
