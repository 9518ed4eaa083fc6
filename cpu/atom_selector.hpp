// The CPU backend of base/atom_selector.hpp: dense or CSC partitions in host memory, float32 or float64.
//
// Every score in an answer is computed in float64, so that it is exact up to float64 rounding and columns that are
// equal have equal scores. A pass looks at the columns whose bound (cpu/score_bounds.hpp) says that they might matter;
// quick rounds look at about 4% of the columns, those that stood highest in the last thorough pass. A dense partition
// that is large enough has a quantized copy (cpu/quantized_columns.hpp), made once: what is looked at is looked up
// there, in an eighth of the memory or a quarter (float32), and only what may be among the best is read as it is. The
// answer is the same for any number of threads. Without the copy it would have the same atoms but for what screening
// and quick rounds are told by narrower bounds, and a largest score that both bound likewise.
//
//     auto selector = cpu::make_cpu_atom_selector(std::move(partition), {.threads = 2});
//     SelectedAtoms best = selector->select({.dual = w, .count = 10});
//
// A selector belongs to one thread, which it may share its work with others of its own; several selectors may share a
// matrix.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include "base/atom_selector.hpp"
#include "base/matrix.hpp"
#include "cpu/column_transform.hpp"

namespace wolfpack::cpu {

/// Whether a dense partition is kept in one byte a number, too (cpu/quantized_columns.hpp). automatic: where it pays,
/// so from 8 MiB and columns of 1 KiB on.
enum class QuantizedCopy { automatic, always, never };

struct CpuSelectorOptions {
  std::size_t threads = 1;         ///< that share a pass, the caller's included
  ColumnTransform transform = {};  ///< of the columns, for scores, norms and column(); dense where it centres
  QuantizedCopy quantized_copy = QuantizedCopy::automatic;
};

/// How large a copy a selector of this partition makes; 0: none.
[[nodiscard]] std::uint64_t quantized_copy_bytes(const MatrixView& partition,
                                                 QuantizedCopy copy = QuantizedCopy::automatic);

/// A selector of memory that the caller owns and keeps, unchanged, for as long as the selector lives. All entries must
/// be finite.
///
/// Throws std::invalid_argument where the view contradicts itself (a stride below the rows, a CSC index that is out of
/// range or not increasing): such a view would be read out of bounds; or where the transform is of another number of
/// columns. Cost: one pass over the indices of CSC; of dense storage, one over the values where there is a quantized
/// copy, and its memory: a byte a value.
[[nodiscard]] std::unique_ptr<AtomSelector> make_cpu_atom_selector(MatrixView partition,
                                                                   CpuSelectorOptions options = {});

/// The same, of a matrix that the selector keeps.
[[nodiscard]] std::unique_ptr<AtomSelector> make_cpu_atom_selector(Matrix&& partition, CpuSelectorOptions options = {});

}  // namespace wolfpack::cpu
