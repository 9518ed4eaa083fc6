// The files of a run: result.json, coefficients.csv, trace.jsonl, and path.csv of a path. Each replaces an older one
// whole.
#pragma once

#include <array>
#include <filesystem>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "experiments/lasso_options.hpp"
#include "experiments/lasso_point.hpp"
#include "experiments/memory_use.hpp"
#include "frank_wolfe/solve.hpp"
#include "runtime/job.hpp"

namespace wolfpack::experiments {

/// All that a run may write into its folder.
inline constexpr std::array kRunFiles{"result.json", "coefficients.csv", "trace.jsonl", "path.csv"};

/// What a run was about, beside its settings and its outcome.
struct RunFacts {
  Index rows = 0;
  Index columns = 0;
  std::string storage;               ///< "dense float32", ..., of the partitions
  std::string device;                ///< where atoms were chosen: "cpu", "gpu", or "mixed"
  std::vector<std::string> devices;  ///< by worker: which, and how the partition was kept there; empty: all on the CPU
  std::size_t top_k = 0;        ///< atoms a clock, of all workers together: as typed, or what the last model asks for
  double null_objective = 0.0;  ///< f(0), of the centred y where there is an intercept
  double wall_seconds = 0.0;
  MemoryUse memory;
  runtime::TransportRecord transport;
};

/// Everything that is known of the run; of a path, the last point's solution and the list of all. An infinite gap is
/// null. `points`: of `result`, at least one.
[[nodiscard]] nlohmann::ordered_json result_json(const LassoSettings& settings, const RunFacts& facts,
                                                 const frank_wolfe::SolveResult& result,
                                                 const std::vector<LassoPoint>& points);

/// A path.csv of an earlier run goes where this one has no path. Throws RuntimeFailure where a file cannot be written.
void write_run(const LassoSettings& settings, const nlohmann::ordered_json& result, const runtime::Trace& trace,
               const std::vector<LassoPoint>& points);

}  // namespace wolfpack::experiments
