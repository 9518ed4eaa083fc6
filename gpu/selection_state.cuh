// What the kernels of a selection share with the host: what is remembered of columns, what a pass is asked and what it
// answers; and the classes of sizes by which scores are told apart.
#pragma once

#include <cstdint>
#include <cuda_runtime.h>

#include "cpu/kept_duals.hpp"
#include "cpu/score_bounds.hpp"

namespace wolfpack::gpu {

inline constexpr int kThreads = 256;
inline constexpr int kWarps = kThreads / 32;
/// More contenders than this the host ranks.
inline constexpr int kMostRanked = 1024;
/// Sizes are told apart by the upper bits of a float32: its exponent and some of its fraction, once they
/// are multiplied by a power of two that brings them into its range.
inline constexpr int kSizes = 1024;
/// Kept dual vectors, at most; the slot of columns that refer to none.
inline constexpr int kSlots = static_cast<int>(cpu::KeptDuals::kMost);
inline constexpr std::uint8_t kNoDual = cpu::KeptDuals::kForgotten;

/// What is remembered of each column between passes, and what this pass found: arrays of n.
struct ColumnState {
  double* norms;               ///< rounded up
  double* magnitudes;          ///< as in cpu/score_bounds.hpp, rounded up; the norms, where nothing is centred
  float* scores;               ///< the largest |score| that its last evaluation leaves possible, divided by the norm of
                               ///< that dual vector, rounded up
  float* open;                 ///< cpu::open_norm of it, rounded up
  float* most;                 ///< the largest |score| possible in this pass, times size_scale, rounded up; or
                               ///< kNoContender: too little
  std::uint8_t* slots;         ///< which kept dual vector that was, or kNoDual
  std::uint8_t* excluded;      ///< not 0: not to be proposed
  std::uint8_t* screened;      ///< not 0: in no solution
  int* slot_columns;           ///< by slot, how many columns refer to it; kSlots entries
  unsigned* screened_columns;  ///< how many are screened out
  const double* means;         ///< what columns are centred by (cpu/column_transform.hpp); null: nothing
  const double* scales;        ///< what they are divided by; null: by nothing; 0: a constant column, which becomes 0
  unsigned long long* largest_norm;  ///< the bits of the largest norm, which are in the order of the norms
};
inline constexpr float kNoContender = -1.0F;

/// What a pass counts, zeroed before it.
struct Counters {
  unsigned listed;      ///< columns to be looked at, where they are listed
  unsigned contenders;  ///< that are evaluated
  unsigned chosen;      ///< atoms that rank chose
  unsigned left_out;    ///< not 0: some column was, by its bound
  unsigned sizes[kSizes];
};

/// What the host asks of a pass.
struct PassInputs {
  double level;
  double error_by_norm;   ///< the error of an estimate is this times the magnitude,
  double error_absolute;  ///< and this
  double recorded_share;  ///< of that error what has to be remembered: 0 where estimates are made in float64
  double dual_scale;      ///< what estimates are multiplied by
  double dual_sum;        ///< of the values of w
  double norm_rounding;   ///< what a computed norm is rounded up by, relatively
  cpu::ScoreTerms terms;
  double screening_radius;
  double screening_level;  ///< minus infinity: nothing is screened
  unsigned count;          ///< atoms asked for
  unsigned wanted;         ///< columns that have to surpass another for certain; at least 1
  double size_scale;       ///< a power of two; see size_of
  int size_shift;
  int smallest_size;
  std::uint8_t current;  ///< the slot of this pass's dual vector
  cpu::BoundTerms bounds[kSlots + 1];
};

struct Ranked {
  double score;
  std::int32_t column;
};

/// What the host gets, in pinned memory.
struct SelectionResult {
  double largest;  ///< of the contenders' |score|
  double largest_norm;
  unsigned contenders;
  unsigned listed;
  unsigned left_out;
  unsigned screened_columns;
  int atoms;  ///< how many follow; -1 where there are more contenders than kMostRanked, and the host has to rank
  int slot_columns[kSlots];
  Ranked best[kMostRanked];
};

__device__ inline std::int64_t global_thread() {
  return static_cast<std::int64_t>(blockIdx.x) * blockDim.x + threadIdx.x;
}
__device__ inline std::int64_t global_threads() { return static_cast<std::int64_t>(gridDim.x) * blockDim.x; }

/// What a number in the units of stored column j is in those of the transformed one.
__device__ inline double scaled(const ColumnState& state, std::int32_t j, double number) {
  if (state.scales == nullptr) return number;
  return state.scales[j] == 0.0 ? 0.0 : number / state.scales[j];
}

/// The score, from the product of the stored column with w.
__device__ inline double transformed(const ColumnState& state, std::int32_t j, double product, double dual_sum) {
  return scaled(state, j, state.means == nullptr ? product : product - state.means[j] * dual_sum);
}

__device__ inline double rounded_up(const PassInputs& inputs, double norm) {
  return norm * (1.0 + inputs.norm_rounding) + 2.2250738585072014e-308;
}

/// Columns whose |score| may be `most` at the dual vector of the pass are in no solution.
__device__ inline bool is_screened_out(const PassInputs& inputs, const ColumnState& state, std::int32_t j,
                                       double most) {
  if (!(most + state.norms[j] * inputs.screening_radius < inputs.screening_level)) return false;
  state.screened[j] = 1;
  atomicAdd(state.screened_columns, 1U);
  return true;
}

/// At least |a_j'w|, by what is remembered of the column.
__device__ inline double bound_of(const PassInputs& inputs, const ColumnState& state, std::int32_t j) {
  return cpu::score_bound(inputs.bounds[state.slots[j]], static_cast<double>(state.scores[j]),
                          static_cast<double>(state.open[j]), state.magnitudes[j]);
}

/// The class of sizes that a number >= 0 belongs to, and the smallest number of a class, times size_scale.
__device__ inline int size_of(const PassInputs& inputs, double number) {
  const double scaled_number = number * inputs.size_scale;
  const float rounded = __double2float_rd(scaled_number < 3e38 ? scaled_number : 3e38);
  const int size = static_cast<int>(__float_as_uint(rounded) >> inputs.size_shift) - inputs.smallest_size;
  return size < 0 ? 0 : size >= kSizes ? kSizes - 1 : size;
}
__device__ inline float smallest_of(const PassInputs& inputs, int size) {
  if (size == 0) return 0.0F;
  return __uint_as_float(static_cast<unsigned>(size + inputs.smallest_size) << inputs.size_shift);
}

}  // namespace wolfpack::gpu
