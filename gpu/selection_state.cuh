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
/// Sizes are told apart by the upper bits of a float32: its exponent and some of its fraction.
inline constexpr int kSizes = 1024;
/// Kept dual vectors, at most; the slot of columns that refer to none.
inline constexpr int kSlots = static_cast<int>(cpu::KeptDuals::kMost);
inline constexpr std::uint8_t kNoDual = cpu::KeptDuals::kForgotten;

/// What is remembered of each column between passes, and what this pass found: arrays of n.
struct ColumnState {
  double* norms;               ///< rounded up
  double* scores;              ///< the largest |score| that its last evaluation leaves possible
  double* open;                ///< cpu::open_norm of it
  double* most;                ///< the largest |score| possible in this pass; kNoContender where that is too little
  std::uint8_t* slots;         ///< which kept dual vector that was, or kNoDual
  std::uint8_t* excluded;      ///< not 0: not to be proposed
  std::uint8_t* screened;      ///< not 0: in no solution
  int* slot_columns;           ///< by slot, how many columns refer to it; kSlots entries
  unsigned* screened_columns;  ///< how many are screened out
  unsigned long long* largest_norm;  ///< the bits of the largest norm, which are in the order of the norms
};
inline constexpr double kNoContender = -1.0;

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
  double error_by_norm;   ///< the error of an estimate is this times the norm,
  double error_absolute;  ///< and this
  double recorded_share;  ///< of that error what has to be remembered: 0 where estimates are made in float64
  double dual_scale;      ///< what estimates are multiplied by
  double norm_rounding;   ///< what a computed norm is rounded up by, relatively
  cpu::ScoreTerms terms;
  double screening_radius;
  double screening_level;  ///< minus infinity: nothing is screened
  unsigned count;          ///< atoms asked for
  unsigned wanted;         ///< columns that have to surpass another for certain; at least 1
  int size_shift;          ///< see size_of
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

/// Columns whose |score| may be `most` at the dual vector of the pass are in no solution.
__device__ inline bool is_screened_out(const PassInputs& inputs, const ColumnState& state, std::int32_t j,
                                       double most) {
  if (!(most + state.norms[j] * inputs.screening_radius < inputs.screening_level)) return false;
  state.screened[j] = 1;
  atomicAdd(state.screened_columns, 1U);
  return true;
}

/// The class of sizes that a number >= 0 belongs to, and the smallest number of a class: 0, or a float32.
__device__ inline int size_of(const PassInputs& inputs, double number) {
  const float rounded = __double2float_rd(number < 3e38 ? number : 3e38);
  const int size = static_cast<int>(__float_as_uint(rounded) >> inputs.size_shift) - inputs.smallest_size;
  return size < 0 ? 0 : size >= kSizes ? kSizes - 1 : size;
}
__device__ inline double smallest_of(const PassInputs& inputs, int size) {
  if (size == 0) return 0.0;
  return static_cast<double>(__uint_as_float(static_cast<unsigned>(size + inputs.smallest_size) << inputs.size_shift));
}

}  // namespace wolfpack::gpu
