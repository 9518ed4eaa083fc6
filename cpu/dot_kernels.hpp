// The inner loop of a pass: the dot product of one column, dense or sparse, with w, and the column's squared norm from
// the same read.
//
// Of stored columns all arithmetic is float64, whatever the storage: widening a float32 in registers costs less than
// fetching it, so the pass runs at the speed of memory (experiments/bench/atom_selection.cpp) and every score is exact
// to float64. Columns quantized to bytes (cpu/quantized_columns.hpp), whose scores are bounds, are multiplied in
// integers.
//
// One column at a time, because that reads memory as one stream: four columns side by side, which share the loads of w,
// took twice as long. Where w itself (8 bytes a row) outgrows the L1 cache, so above some 4,000 rows, a pass runs at
// about half the speed of memory; cutting the rows into panels did not help.
//
// Own kernels, where Eigen sums well enough, because one binary must run on every CPU (the instruction set is chosen at
// run time; dot_kernels_isa.cpp is compiled once for each), norms come free with the same read, and the order of the
// additions must not depend on the alignment of a column: equal columns get equal bits, and so do the same numbers
// stored as float32 and as float64.
//
//     const DotKernels& kernels = best_kernels();
//     double score = kernels.float32.dot(column, w, rows);
//
// Pure functions, safe from any thread. Columns and w need no alignment. The same input gives the same bits on the same
// CPU.
#pragma once

#include <cstdint>
#include <span>
#include <type_traits>

namespace wolfpack::cpu {

/// Memory is asked for so far ahead of its use. Hardware that recognises streams stops at the end of a 4 KiB page, and
/// knows nothing of a column that lies elsewhere: with 20% of 3 KiB columns at random, asking doubles the speed.
inline constexpr std::int64_t kAheadBytes = 10240;

struct DotAndNorm {
  double dot = 0.0;
  double squared_norm = 0.0;
};

/// Sums of squares over a column a and its quantized copy q.
struct QuantizationSums {
  double missed = 0.0;  ///< of a_i - scale q_i
  double kept = 0.0;    ///< of q_i
};

/// Kernels for columns stored as Scalar. `column` and `dual`: `rows` values. `next`: the column that will be read
/// about kAheadBytes from here (or this one, where none will), whose memory is asked for meanwhile. The error of a sum
/// is at most rows * 2^-53 * sum |a_i w_i|.
template <class Scalar>
struct StorageKernels {
  double (*dot)(const Scalar* column, const double* dual, std::int64_t rows, const Scalar* next);
  DotAndNorm (*dot_and_norm)(const Scalar* column, const double* dual, std::int64_t rows, const Scalar* next);
  /// The same of a sparse column: values[k] in row row_indices[k] for k < count.
  double (*sparse_dot)(const Scalar* values, const std::int32_t* row_indices, std::int64_t count, const double* dual);
  DotAndNorm (*sparse_dot_and_norm)(const Scalar* values, const std::int32_t* row_indices, std::int64_t count,
                                    const double* dual);
  /// The largest |a_i|; not a number where one is not.
  double (*largest_magnitude)(const Scalar* column, std::int64_t rows);
  /// q_i = a_i / scale, rounded to the nearest integer; -127 to 127 where no |a_i| exceeds 127 scale.
  QuantizationSums (*quantize)(const Scalar* column, std::int64_t rows, double scale, std::int8_t* numbers);
};

/// Of quantized_dot: rows come in whole steps, and the sums of so many of them fit 32 bits where no |dual[i]| exceeds
/// kLargestQuantizedDual.
inline constexpr std::int64_t kQuantizedStep = 16;
inline constexpr std::int64_t kQuantizedBlock = 1024;
inline constexpr int kLargestQuantizedDual = 8191;
static_assert(kQuantizedBlock * 127 * kLargestQuantizedDual < (std::int64_t{1} << 31));

/// All kernels of one instruction set.
struct DotKernels {
  const char* name;  ///< "avx512", "avx2" or "baseline"
  StorageKernels<float> float32;
  StorageKernels<double> float64;
  /// Exact, of bytes from -127 to 127 (cpu/quantized_columns.hpp); rows: a multiple of kQuantizedStep.
  std::int64_t (*quantized_dot)(const std::int8_t* column, const std::int16_t* dual, std::int64_t rows,
                                const std::int8_t* next);
};

/// The kernels that this CPU and its operating system can run, best first. Never empty.
[[nodiscard]] std::span<const DotKernels* const> available_kernels();

/// The first of available_kernels().
[[nodiscard]] const DotKernels& best_kernels();

/// Those of one storage.
template <class Scalar>
[[nodiscard]] const StorageKernels<Scalar>& storage_kernels(const DotKernels& kernels) {
  if constexpr (std::is_same_v<Scalar, float>) {
    return kernels.float32;
  } else {
    return kernels.float64;
  }
}

}  // namespace wolfpack::cpu
