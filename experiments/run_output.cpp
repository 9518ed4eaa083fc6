#include "experiments/run_output.hpp"

#include <iterator>
#include <system_error>

#include <fmt/format.h>

#include "base/process_memory.hpp"
#include "experiments/path_output.hpp"
#include "experiments/run_files.hpp"

namespace wolfpack::experiments {
namespace {

using nlohmann::ordered_json;

std::string coefficients_csv(const LassoPoint& point) {
  std::string text = "index,value\n";
  for (std::size_t k = 0; k < point.coefficients.size(); ++k)
    fmt::format_to(std::back_inserter(text), "{},{:.17g}\n", point.solved.columns[k], point.coefficients[k]);
  return text;
}

/// What the run was asked to solve, beside what result.json says of the solution.
ordered_json problem_fields(const LassoSettings& settings) {
  const auto& path = settings.solve.path;
  return {{"standardize", settings.standardize},
          {"warm_start", text_or_null(settings.warm_start)},
          {"lambda_min_ratio", path.is_automatic() ? ordered_json(path.smallest_ratio) : ordered_json(nullptr)}};
}

}  // namespace

ordered_json result_json(const LassoSettings& settings, const RunFacts& facts, const frank_wolfe::SolveResult& result,
                         const std::vector<LassoPoint>& points) {
  const auto& solve = settings.solve;
  ordered_json top_k_requested = solve.top_k == 0 ? ordered_json("auto") : ordered_json(solve.top_k);
  ordered_json fields{{"command", "lasso"}, {"status", to_string(result.status)}};
  fields.update(solution_fields(points.back(), settings, facts));
  fields.update(
      {{"null_objective", facts.null_objective},
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
       {"top_k", facts.top_k},
       {"top_k_requested", std::move(top_k_requested)},
       {"tolerance", solve.tolerance},
       {"data", settings.files.data},
       {"target", text_or_null(settings.files.target)},
       {"rows", facts.rows},
       {"columns", facts.columns},
       {"storage", facts.storage},
       {"matrix_bytes", facts.memory.matrix_bytes},
       {"quantized_copy_bytes", facts.memory.copy_bytes},
       {"memory_peak_bytes", facts.memory.peak_bytes},
       {"huge_pages_bytes", facts.memory.huge_pages_bytes},
       {"numa_nodes", numa_nodes()},
       {"picture_shape", text_or_null(settings.picture_shape)}});
  fields.update(problem_fields(settings));
  fields.update(run_fields(settings, facts.transport, result.trace));
  fields["device"] = facts.device;
  if (!facts.devices.empty()) {
    fields["devices"] = facts.devices;
    fields["device_bytes"] = facts.memory.device_bytes;
  }
  if (settings.problem.is_path()) fields["path"] = path_json(points, settings, facts, result.status);
  return fields;
}

void write_run(const LassoSettings& settings, const ordered_json& result, const runtime::Trace& trace,
               const std::vector<LassoPoint>& points) {
  const std::filesystem::path directory = settings.output;
  write_file(directory / "coefficients.csv", coefficients_csv(points.back()));
  write_file(directory / "trace.jsonl", trace_lines(trace, "columns_evaluated"));
  if (settings.problem.is_path()) {
    write_file(directory / "path.csv", path_csv(points));
  } else {
    std::error_code absent;
    std::filesystem::remove(directory / "path.csv", absent);
  }
  write_file(directory / "result.json", result.dump(2) + "\n");  // last: who sees it sees the others
}

}  // namespace wolfpack::experiments
