// The CPU backend of base/atom_selector.hpp: dense or CSC partitions in host memory, float32 or float64.
//
// One pass reads the partition once, on the calling thread, and scores every column in float64, so that each score is
// exact up to float64 rounding and columns that are equal have equal scores. The first pass computes the norms along
// the way.
//
//     auto selector = cpu::make_cpu_atom_selector(std::move(partition));
//     SelectedAtoms best = selector->select({.dual = w, .count = 10});
//
// A selector belongs to one thread; several selectors may share a matrix.
#pragma once

#include <memory>

#include "base/atom_selector.hpp"
#include "base/matrix.hpp"

namespace wolfpack::cpu {

/// A selector of memory that the caller owns and keeps, unchanged, for as long as the selector lives. All entries must
/// be finite.
///
/// Throws std::invalid_argument where the view contradicts itself (a stride below the rows, a CSC index that is out of
/// range or not increasing): such a view would be read out of bounds. Cost: none for dense storage, one pass over the
/// indices of CSC.
[[nodiscard]] std::unique_ptr<AtomSelector> make_cpu_atom_selector(MatrixView partition);

/// The same, of a matrix that the selector keeps.
[[nodiscard]] std::unique_ptr<AtomSelector> make_cpu_atom_selector(Matrix&& partition);

}  // namespace wolfpack::cpu
