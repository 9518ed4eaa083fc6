// What a run says of every problem that it solved: the points of result.json, path.csv, and the table of a path.
#pragma once

#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "experiments/lasso_options.hpp"
#include "experiments/lasso_point.hpp"
#include "experiments/run_output.hpp"
#include "frank_wolfe/solve.hpp"

namespace wolfpack::experiments {

/// The fields that tell one problem from another and say how it ended, of one point: of the last one they stand in
/// result.json itself.
[[nodiscard]] nlohmann::ordered_json solution_fields(const LassoPoint& point, const LassoSettings& settings,
                                                     const RunFacts& facts);

/// result.json's "path": the problems in their order. One that did not converge has stalled, but for the last one,
/// where the run's own status says why.
[[nodiscard]] nlohmann::ordered_json path_json(const std::vector<LassoPoint>& points, const LassoSettings& settings,
                                               const RunFacts& facts, frank_wolfe::SolveStatus status);

/// path.csv: the coefficients that are not zero, with the point that they belong to, from 0.
[[nodiscard]] std::string path_csv(const std::vector<LassoPoint>& points);

/// Some 20 points, first and last included, on standard error.
void print_path(const nlohmann::ordered_json& path);

}  // namespace wolfpack::experiments
