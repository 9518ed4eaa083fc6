#include "experiments/run_output.hpp"

#include <cmath>
#include <numeric>
#include <unistd.h>

#include <fmt/format.h>

#include "base/host_name.hpp"
#include "base/status.hpp"
#include "experiments/data/output_file.hpp"
#include "experiments/version.hpp"

namespace wolfpack::experiments {
namespace {

using nlohmann::ordered_json;

template <class T>
ordered_json or_null(const std::optional<T>& value) {
  return value ? ordered_json(*value) : ordered_json(nullptr);
}

ordered_json finite_or_null(double value) { return std::isfinite(value) ? ordered_json(value) : ordered_json(nullptr); }

double l1_norm(const std::vector<double>& weights) {
  return std::accumulate(weights.begin(), weights.end(), 0.0, [](double sum, double x) { return sum + std::abs(x); });
}

ordered_json trace_json(const runtime::TraceRow& row) {
  return {{"worker", row.worker.value},
          {"clock", row.clock.value},
          {"start", row.start},
          {"end", row.end},
          {"wait_seconds", row.wait},
          {"get_seconds", row.get},
          {"select_seconds", row.compute},
          {"straggle_seconds", row.straggle},
          {"update_seconds", row.update},
          {"version", row.version.value},
          {"staleness", row.staleness},
          {"gap", finite_or_null(row.gap)},
          {"objective", finite_or_null(row.objective)},
          {"columns_evaluated", row.work}};
}

void write_file(const std::filesystem::path& path, const std::string& text) {
  data::OutputFile file(path.string());
  file.write(text);
  file.commit();
}

}  // namespace

ordered_json result_json(const LassoSettings& settings, const RunFacts& facts, const frank_wolfe::SolveResult& result) {
  const auto& solve = settings.solve;
  const double null_objective = facts.null_objective;
  const double relative_gap = null_objective > 0 ? result.gap / null_objective : 0.0;
  ordered_json staleness =
      solve.staleness.is_asynchronous() ? ordered_json("asp") : ordered_json(solve.staleness.value);
  ordered_json top_k = solve.top_k == 0 ? ordered_json("auto") : ordered_json(solve.top_k);
  return {
      {"status", to_string(result.status)},
      {"objective", result.iterate.objective},
      {"gap", finite_or_null(result.gap)},
      {"relative_gap", finite_or_null(relative_gap)},
      {"null_objective", null_objective},
      {"beta", solve.beta},
      {"l1_norm", l1_norm(result.iterate.weights)},
      {"nonzeros", result.iterate.columns.size()},
      {"clocks", result.clocks},
      {"full_passes", static_cast<double>(result.columns_evaluated) / static_cast<double>(facts.columns)},
      {"bytes_read", result.bytes_read},
      {"solve_seconds", result.seconds},
      {"wall_seconds", facts.wall_seconds},
      {"workers", settings.workers},
      {"staleness", std::move(staleness)},
      {"method", "corrective"},
      {"top_k", std::move(top_k)},
      {"device", "cpu"},
      {"transport", facts.transport.name},
      {"transport_lanes", facts.transport.lanes},
      {"transport_library", facts.transport.library},
      {"seed", solve.seed},
      {"tolerance", solve.tolerance},
      {"max_clock", or_null(solve.max_clock)},
      {"time_limit", or_null(solve.time_limit_seconds)},
      {"straggler", settings.straggler.empty() ? ordered_json(nullptr) : ordered_json(settings.straggler)},
      {"threads_per_worker", 1},
      {"data", settings.files.data},
      {"target", settings.files.target.empty() ? ordered_json(nullptr) : ordered_json(settings.files.target)},
      {"rows", facts.rows},
      {"columns", facts.columns},
      {"storage", facts.storage},
      {"picture_shape", settings.picture_shape.empty() ? ordered_json(nullptr) : ordered_json(settings.picture_shape)},
      {"hostname", host_name()},
      {"wolfpack_version", kVersion}};
}

void prepare_output(const std::filesystem::path& directory) {
  std::error_code error;
  std::filesystem::create_directories(directory, error);
  if (!std::filesystem::is_directory(directory))
    throw InputError(fmt::format("--output {}: cannot make the folder: {}; accepted: a folder that may be written to",
                                 directory.string(), error ? error.message() : "a file of that name is in the way"));
  if (access(directory.c_str(), W_OK | X_OK) != 0)
    throw InputError(
        fmt::format("--output {}: the folder cannot be written to; accepted: a folder that can", directory.string()));
}

void write_run(const std::filesystem::path& directory, const ordered_json& result,
               const frank_wolfe::SolveResult& solved) {
  std::string coefficients = "index,value\n";
  for (std::size_t k = 0; k < solved.iterate.columns.size(); ++k)
    coefficients += fmt::format("{},{:.17g}\n", solved.iterate.columns[k], solved.iterate.weights[k]);
  std::string trace;
  for (const auto& row : solved.trace) trace += trace_json(row).dump() + "\n";
  write_file(directory / "coefficients.csv", coefficients);
  write_file(directory / "trace.jsonl", trace);
  write_file(directory / "result.json", result.dump(2) + "\n");  // last: who sees it sees the others
}

}  // namespace wolfpack::experiments
