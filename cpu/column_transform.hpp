// Centring and scaling of columns, for an intercept and for standardised coefficients, applied while a partition is
// read: the matrix itself is never changed, and a sparse one stays sparse.
//
//     ColumnTransform transform = cpu::column_transform(matrix, /*centre=*/true, /*standardize=*/true);
//     auto selector = cpu::make_cpu_atom_selector(matrix, {.transform = transform});
//
// Plain values, safe from any thread.
#pragma once

#include <vector>

#include "base/matrix.hpp"

namespace wolfpack::cpu {

/// Column a_j becomes (a_j - means[j] 1) / scales[j]. An empty vector: no centring, no scaling. A scale of 0 marks a
/// constant column, which becomes zero.
struct ColumnTransform {
  std::vector<double> means;
  std::vector<double> scales;
};

/// What a number in the units of stored column j is in those of the transformed one.
[[nodiscard]] inline double scaled(const ColumnTransform& transform, Index j, double number) {
  if (transform.scales.empty()) return number;
  const double scale = transform.scales[static_cast<std::size_t>(j)];
  return scale == 0.0 ? 0.0 : number / scale;
}

/// Column j, of d rows, from how it is stored; dense where it is centred.
[[nodiscard]] Column transformed_column(const ColumnTransform& transform, Index j, Index rows, Column stored);

/// Throws InputError where a mean or a scale is too large or too small to be worked with (base/scale.hpp); names the
/// column, which is `first_column` for the transform's first.
void check_scale(const ColumnTransform& transform, Index first_column);

/// Means over all d rows where `centre` is set, and where `standardize` is, glmnet's scales: the root of the mean
/// squared deviation from the mean, centred or not. Exactly constant columns, and no others, have scale 0. Costs two
/// reads.
[[nodiscard]] ColumnTransform column_transform(const MatrixView& matrix, bool centre, bool standardize);

}  // namespace wolfpack::cpu
