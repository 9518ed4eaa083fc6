// The oracle of the atom-selection contract (base/atom_selector.hpp): slow and obvious. Tests hold every backend
// against it.
//
// It scores columns entry by entry, rounding only the finished sum to float64, and sorts all of them, pass after pass:
// none is lazy or quick. What it screens out, it screens out for the one pass.
//
//     auto oracle = cpu::make_reference_atom_selector(view(matrix));
#pragma once

#include <memory>

#include "base/atom_selector.hpp"
#include "base/matrix.hpp"
#include "cpu/column_transform.hpp"

namespace wolfpack::cpu {

/// The caller owns the memory and keeps it for as long as the selector lives.
[[nodiscard]] std::unique_ptr<AtomSelector> make_reference_atom_selector(MatrixView partition,
                                                                         ColumnTransform transform = {});

}  // namespace wolfpack::cpu
