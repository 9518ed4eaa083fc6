// The files of a run: result.json, coefficients.csv, trace.jsonl. Each
// replaces an older one whole.
#pragma once

#include <filesystem>
#include <string>

#include <nlohmann/json.hpp>

#include "experiments/lasso_options.hpp"
#include "experiments/memory_use.hpp"
#include "frank_wolfe/solve.hpp"
#include "runtime/job.hpp"

namespace wolfpack::experiments {

/// What a run was about, beside its settings and its outcome.
struct RunFacts {
  Index rows = 0;
  Index columns = 0;
  std::string storage;          ///< "dense float32", ..., of the partitions
  double null_objective = 0.0;  ///< f(0)
  double wall_seconds = 0.0;
  MemoryUse memory;
  runtime::TransportRecord transport;
};

/// Everything that is known of the run. An infinite gap is null.
[[nodiscard]] nlohmann::ordered_json result_json(const LassoSettings& settings, const RunFacts& facts,
                                                 const frank_wolfe::SolveResult& result);

/// Throws RuntimeFailure where a file cannot be written.
void write_run(const std::filesystem::path& directory, const nlohmann::ordered_json& result,
               const frank_wolfe::SolveResult& solved);

}  // namespace wolfpack::experiments
