// Whether a view of a partition can be read at all.
#pragma once

#include "base/matrix.hpp"
#include "cpu/column_transform.hpp"

namespace wolfpack::cpu {

/// Throws std::invalid_argument where the view contradicts itself, or the transform is of another number of columns.
void check(const MatrixView& matrix, const ColumnTransform& transform);

}  // namespace wolfpack::cpu
