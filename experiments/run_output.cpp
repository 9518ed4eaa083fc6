#include "experiments/run_output.hpp"

#include <cmath>
#include <numeric>

#include <fmt/format.h>

#include "base/process_memory.hpp"
#include "experiments/run_files.hpp"

namespace wolfpack::experiments {
namespace {

using nlohmann::ordered_json;

double l1_norm(const std::vector<double>& weights) {
  return std::accumulate(weights.begin(), weights.end(), 0.0, [](double sum, double x) { return sum + std::abs(x); });
}

}  // namespace

ordered_json result_json(const LassoSettings& settings, const RunFacts& facts, const frank_wolfe::SolveResult& result) {
  const auto& solve = settings.solve;
  const double null_objective = facts.null_objective;
  const double relative_gap = null_objective > 0 ? result.gap / null_objective : 0.0;
  ordered_json top_k = solve.top_k == 0 ? ordered_json("auto") : ordered_json(solve.top_k);
  ordered_json fields{
      {"command", "lasso"},
      {"status", to_string(result.status)},
      {"objective", result.iterate.objective},
      {"gap", finite_or_null(result.gap)},
      {"relative_gap", finite_or_null(relative_gap)},
      {"null_objective", null_objective},
      {"beta", solve.path.terms.front().value},
      {"l1_norm", l1_norm(result.iterate.weights)},
      {"nonzeros", result.iterate.columns.size()},
      {"clocks", result.clocks},
      {"full_passes", static_cast<double>(result.columns_evaluated) / static_cast<double>(facts.columns)},
      {"bytes_read", result.bytes_read},
      {"solve_seconds", result.seconds},
      {"wall_seconds", facts.wall_seconds},
      {"workers", settings.workers},
      {"staleness", staleness_json(solve.staleness)},
      {"method", frank_wolfe::to_string(solve.method)},
      {"step", frank_wolfe::traits(solve.method).any_step_size ? ordered_json(frank_wolfe::to_string(solve.step))
                                                               : ordered_json(nullptr)},
      {"top_k", std::move(top_k)},
      {"tolerance", solve.tolerance},
      {"data", settings.files.data},
      {"target", text_or_null(settings.files.target)},
      {"rows", facts.rows},
      {"columns", facts.columns},
      {"storage", facts.storage},
      {"matrix_bytes", facts.memory.matrix_bytes},
      {"memory_peak_bytes", facts.memory.peak_bytes},
      {"huge_pages_bytes", facts.memory.huge_pages_bytes},
      {"numa_nodes", numa_nodes()},
      {"picture_shape", text_or_null(settings.picture_shape)}};
  fields.update(run_fields(settings, facts.transport));
  return fields;
}

void write_run(const std::filesystem::path& directory, const ordered_json& result,
               const frank_wolfe::SolveResult& solved) {
  std::string coefficients = "index,value\n";
  for (std::size_t k = 0; k < solved.iterate.columns.size(); ++k)
    coefficients += fmt::format("{},{:.17g}\n", solved.iterate.columns[k], solved.iterate.weights[k]);
  write_file(directory / "coefficients.csv", coefficients);
  write_file(directory / "trace.jsonl", trace_lines(solved.trace, "columns_evaluated"));
  write_file(directory / "result.json", result.dump(2) + "\n");  // last: who sees it sees the others
}

}  // namespace wolfpack::experiments
