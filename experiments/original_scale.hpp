// From coefficients of centred and scaled columns back to those of the data.
//
// A column's mean and scale are known to the worker that has the column, the solutions to worker 0: two rounds bring
// them together. With a'_j = (a_j - mean_j 1) / scale_j and y' = y - mean(y),
//
//     sum_j alpha'_j a'_j + mean(y) 1 = sum_j (alpha'_j / scale_j) a_j + (mean(y) - sum_j mean_j alpha'_j / scale_j) 1
#pragma once

#include <optional>
#include <vector>

#include "base/partition.hpp"
#include "cpu/column_transform.hpp"
#include "experiments/lasso_point.hpp"
#include "runtime/job.hpp"

namespace wolfpack::experiments {

/// Collective. `points` are worker 0's; elsewhere they are empty, and so is the answer. `transform` is of the columns
/// `mine`. `target_mean`: what was taken off y; none: there is no intercept.
[[nodiscard]] std::vector<LassoPoint> on_original_scale(runtime::Job& job, std::vector<frank_wolfe::PathPoint> points,
                                                        const cpu::ColumnTransform& transform, ColumnRange mine,
                                                        std::optional<double> target_mean);

}  // namespace wolfpack::experiments
