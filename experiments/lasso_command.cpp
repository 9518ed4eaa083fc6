#include "experiments/lasso_command.hpp"

#include <algorithm>
#include <cmath>
#include <memory>
#include <numeric>
#include <optional>

#include <fmt/format.h>

#include "base/fnv1a.hpp"
#include "base/partition.hpp"
#include "base/status.hpp"
#include "base/time.hpp"
#include "cpu/column_transform.hpp"
#include "experiments/data/dataset.hpp"
#include "experiments/exit_status.hpp"
#include "experiments/memory_use.hpp"
#include "experiments/original_scale.hpp"
#include "experiments/path_output.hpp"
#include "experiments/progress_display.hpp"
#include "experiments/run_files.hpp"
#include "experiments/run_output.hpp"
#include "experiments/run_recording.hpp"
#include "experiments/start_workers.hpp"
#include "experiments/worker_selector.hpp"
#include "frank_wolfe/least_squares.hpp"
#include "frank_wolfe/messages.hpp"
#include "runtime/agree.hpp"

namespace wolfpack::experiments {
namespace {

std::string storage_name(const Matrix& matrix) {
  constexpr const char* kNames[] = {"dense float32", "dense float64", "sparse float32",
                                    "sparse float64"};  // the variant's order
  return kNames[matrix.index()];
}

std::string problem_text(const frank_wolfe::Path& path) {
  if (path.is_automatic()) return fmt::format("{} points", path.points);
  std::string text;
  for (const auto& term : path.terms) text += (text.empty() ? "" : ",") + exact(term.value);
  return text;
}

/// Tells columns to start from apart, as the target's hash does.
std::string warm_start_text(const std::vector<Index>& columns) {
  if (columns.empty()) return "none";
  Fnv1a hash;
  for (const Index column : columns) hash.add(static_cast<std::uint64_t>(column));
  return fmt::format("{} columns {:016x}", columns.size(), hash.value());
}

RunIdentity identity(const LassoSettings& settings, const data::Dataset& dataset) {
  const auto& solve = settings.solve;
  return identity_of(settings, dataset,
                     {{settings.problem.option, problem_text(solve.path)},
                      {"--lambda-min-ratio", solve.path.is_automatic() ? exact(solve.path.smallest_ratio) : "none"},
                      {"--intercept", settings.intercept ? "set" : "not set"},
                      {"--standardize", settings.standardize ? "set" : "not set"},
                      {"--warm-start", warm_start_text(solve.warm_start)},
                      {"--tolerance", exact(solve.tolerance)},
                      {"--method", frank_wolfe::to_string(solve.method)},
                      {"--step", frank_wolfe::to_string(solve.step)},
                      {"--device", settings.device == DeviceWish::gpu ? "gpu" : "cpu"},
                      {"--top-k", solve.top_k == 0 ? "auto" : std::to_string(solve.top_k)}});
}

std::string progress_line(const frank_wolfe::Progress& progress, double null_objective) {
  const std::string gap =
      std::isfinite(progress.gap) && null_objective > 0 ? fmt::format("{:.2e}", progress.gap / null_objective) : "-";
  const std::string point =
      progress.problems > 1 ? fmt::format("point {} of {}  ", progress.problem + 1, progress.problems) : "";
  return point + fmt::format("clocks {}..{}  objective {:.9g}  certified gap {}  non-zeros {}  waiting {:.0f}%",
                             progress.slowest.value, progress.fastest.value, progress.objective, gap, progress.nonzeros,
                             100 * progress.wait_share);
}

/// What is minimised over: y without its mean where an intercept takes care of that.
struct Target {
  std::vector<double> y;
  std::optional<double> mean;  ///< none: there is no intercept
};

Target target_of(const data::Dataset& dataset, bool intercept) {
  Target target{dataset.target(), std::nullopt};
  if (!intercept) return target;
  target.mean = std::accumulate(target.y.begin(), target.y.end(), 0.0) / static_cast<double>(target.y.size());
  for (double& value : target.y) value -= *target.mean;
  return target;
}

/// Of a penalty so small that rounding decides what multiple of w is feasible in the dual problem: too small a one to
/// bound anything, though the run has come to the optimum over the columns.
constexpr const char* kNoCertificate =
    "rounding leaves no certificate at this lambda: 0 is certified only where the fit is exact";

bool has_no_certificate(const nlohmann::ordered_json& result) {
  const auto& gap = result.at("gap");
  return result.at("status") == "stalled" && result.at("beta").is_null() && gap.is_number() &&
         gap.get<double>() > 0.5 * result.at("objective").get<double>();
}

void print_table(const nlohmann::ordered_json& result, const MemoryUse& memory, const LassoSettings& settings) {
  const auto text = [&](const char* field) { return field_text(result, field); };
  if (result.contains("path")) print_path(result.at("path"));
  print_line("status", text("status"));
  if (has_no_certificate(result)) print_line("why stalled", kNoCertificate);
  print_line("objective", fmt::format("{:.12g}  (f(0) = {:.6g})", result.at("objective").get<double>(),
                                      result.at("null_objective").get<double>()));
  print_line("certified gap / f(0)", text("relative_gap"));
  const std::string bound = result.at("beta").is_null() ? "" : " of " + text("beta");
  print_line("non-zeros",
             fmt::format("{} of {} columns, l1 norm {}{}", text("nonzeros"), text("columns"), text("l1_norm"), bound));
  print_line("lambda", text("lambda"));
  if (settings.intercept) print_line("intercept", text("intercept"));
  print_line("solving", fmt::format("{} s, {} passes over the data, {} clocks", text("solve_seconds"),
                                    text("full_passes"), text("clocks")));
  print_line("workers", fmt::format("{}, staleness {}, {}, {}", text("workers"), text("staleness"), text("storage"),
                                    transport_text(result)));
  if (result.contains("devices"))
    for (const auto& device : result.at("devices")) print_line("atoms chosen on", device.get<std::string>());
  print_line("memory", to_string(memory));
  if (!settings.output.empty()) print_line("written to", settings.output);
}

/// CUDA takes its time to start, and memory: no GPU is looked for where none would be used. Recordings are to be
/// replayed to the bit anywhere.
DeviceWish device_wish(const LassoSettings& settings, const data::Dataset& dataset) {
  if (settings.device != DeviceWish::automatic) return settings.device;
  const bool is_recorded = !settings.record.empty() || !settings.replay.empty();
  const auto numbers = static_cast<std::uint64_t>(dataset.rows()) * static_cast<std::uint64_t>(dataset.columns());
  return is_recorded || numbers * sizeof(double) < kWorthMoving ? DeviceWish::cpu : DeviceWish::automatic;
}

/// Where each worker chooses its atoms, for the record.
void gather_devices(transport::Bootstrap& bootstrap, const WorkerSelector& mine, RunFacts& facts) {
  facts.device = mine.device;
  for (const std::string& text : bootstrap.allgather_text(mine.device + "\n" + mine.description)) {
    const std::size_t end = text.find('\n');
    if (text.substr(0, end) != mine.device) facts.device = "mixed";
    facts.devices.push_back(text.substr(end + 1));
  }
  // Where nobody could have had another one, there is nothing to tell.
  if (std::all_of(facts.devices.begin(), facts.devices.end(), [](const auto& text) { return text == "cpu"; }))
    facts.devices.clear();
}

/// Atoms a clock, of all workers together: as typed, or what the last version of the model asks for. In worker 0.
std::size_t last_top_k(runtime::Job& job, const LassoSettings& settings) {
  const auto& solve = settings.solve;
  if (frank_wolfe::traits(solve.method).one_atom) return settings.workers;
  if (solve.top_k != 0) return solve.top_k;
  Bytes row;
  job.policy({0}).write_row(row);
  return frank_wolfe::decode_model(row).request.atoms * settings.workers;
}

int run_worker(LassoSettings settings, transport::Bootstrap& bootstrap) {
  const double start = monotonic_seconds();
  const bool is_first = bootstrap.rank().value == 0;

  check_same_run(bootstrap, course_of("lasso", settings, {{"--device", to_string(settings.device)}}));
  settings.transport = choose_transport(settings.transport.requested, bootstrap);
  std::unique_ptr<transport::Transport> transport;
  std::optional<data::Dataset> dataset;
  std::optional<runtime::Recording> replay;
  runtime::agree(bootstrap, [&] {
    if (is_first) prepare_files(settings, kRunFiles);
    dataset = data::Dataset::open(settings.files);
    complete(settings, *dataset);
    frank_wolfe::check_target(dataset->target());
    if (!settings.replay.empty()) replay = read_recording(settings, identity(settings, *dataset));
    transport = make_transport(settings.transport);
  });
  check_same_run(bootstrap, identity(settings, *dataset));
  WorkerDevice device;
  runtime::agree(bootstrap, [&] { device = worker_device(device_wish(settings, *dataset), bootstrap); });
  const Target target = target_of(*dataset, settings.intercept);
  const frank_wolfe::LeastSquares objective(target.y);
  RunFacts facts;
  facts.rows = dataset->rows();
  facts.columns = dataset->columns();
  facts.null_objective = objective.value(std::vector<double>(target.y.size(), 0.0));

  std::optional<ProgressDisplay<frank_wolfe::Progress>> display;
  auto solve_options = settings.solve;
  solve_options.record = !settings.record.empty();
  solve_options.replay = replay ? &*replay : nullptr;
  solve_options.on_progress = [&display](const frank_wolfe::Progress& progress) {
    if (display) display->update(progress);
  };
  runtime::Job job(
      bootstrap, *transport,
      {.rows = {frank_wolfe::lasso_model_row(dataset->columns(), target.y, bootstrap.size(), solve_options)},
       .shard_help = frank_wolfe::shard_help(bootstrap.size())});

  const ColumnRange mine = partition(dataset->columns(), bootstrap.rank(), bootstrap.size());
  cpu::ColumnTransform transform;
  WorkerSelector chosen;
  runtime::agree(bootstrap, [&] {
    Matrix partition = dataset->load(mine);
    facts.storage = storage_name(partition);
    transform = cpu::column_transform(view(partition), settings.intercept, settings.standardize);
    cpu::check_scale(transform, mine.first);
    chosen = make_worker_selector(std::move(partition), device, {.threads = settings.threads, .transform = transform});
  });
  gather_devices(bootstrap, chosen, facts);

  if (is_first && !settings.quiet)
    display.emplace([f0 = facts.null_objective](const auto& progress) { return progress_line(progress, f0); });
  frank_wolfe::SolveResult solved = frank_wolfe::solve(job, *chosen.selector, mine.first, target.y, solve_options);
  display.reset();
  const std::vector<LassoPoint> points = on_original_scale(job, std::move(solved.points), transform, mine, target.mean);
  facts.transport = job.transport_record();
  if (is_first) facts.top_k = last_top_k(job, settings);
  facts.memory = gather_memory_use(job, chosen.host_bytes, chosen.copy_bytes, chosen.device_bytes);
  job.close();
  const int status = solved.status == frank_wolfe::SolveStatus::converged ? kConverged : kNotConverged;
  if (!is_first) return status;

  if (solved.is_replayed) check_replay(*replay, solved.iterate.objective);
  facts.wall_seconds = monotonic_seconds() - start;
  const auto result = result_json(settings, facts, solved, points);
  if (!settings.output.empty()) write_run(settings, result, solved.trace, points);
  if (!settings.record.empty())
    write_recording(settings, identity(settings, *dataset), solved.iterate.objective, solved.recording);
  if (settings.json) print_json(result);
  if (!settings.quiet) print_table(result, facts.memory, settings);
  return status;
}

}  // namespace

int run_lasso(const LassoArguments& arguments, char* const* argv) {
  return start_workers(
      argv, [&](std::optional<std::size_t> ranks) { return interpret(arguments, ranks); }, run_worker);
}

}  // namespace wolfpack::experiments
