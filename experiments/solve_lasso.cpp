#include "experiments/solve_lasso.hpp"

#include <cmath>
#include <memory>
#include <stdexcept>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "base/partition.hpp"
#include "base/status.hpp"
#include "cpu/atom_selector.hpp"
#include "cpu/matrix_checks.hpp"
#include "experiments/point_status.hpp"
#include "frank_wolfe/least_squares.hpp"
#include "gpu/atom_selector.hpp"
#include "gpu/devices.hpp"
#include "gpu/placement.hpp"
#include "runtime/agree.hpp"
#include "runtime/job.hpp"
#include "runtime/threads_launcher.hpp"
#include "transport/threads_transport.hpp"

namespace wolfpack {
namespace {

void check(const MatrixView& matrix, std::span<const double> target, const LassoOptions& options) {
  try {
    cpu::check(matrix, {});
  } catch (const std::invalid_argument& error) {
    throw InputError(error.what());
  }
  if (!std::isfinite(options.tolerance) || options.tolerance < 0)
    throw InputError(fmt::format("tolerance is {}; accepted: a finite number >= 0", options.tolerance));
  if (options.workers == 0) throw InputError("workers is 0; accepted: at least 1");
  if (options.threads == 0) throw InputError("threads is 0; accepted: at least 1");
  if (static_cast<Index>(target.size()) != rows(matrix))
    throw InputError(
        fmt::format("the target has {} values and the matrix {} rows; accepted: as many", target.size(), rows(matrix)));
  for (std::size_t i = 0; i < target.size(); ++i)
    if (!std::isfinite(target[i]))
      throw InputError(fmt::format("target[{}] is {}; accepted: finite numbers", i, target[i]));
  frank_wolfe::check_target(target);
}

/// The GPUs that can be used. Throws InputError where there are none.
std::vector<gpu::GpuDevice> usable_gpus() {
  std::vector<gpu::GpuDevice> usable;
  for (gpu::GpuDevice& device : gpu::list_devices())
    if (device.why_not_usable.empty()) usable.push_back(std::move(device));
  if (usable.empty()) throw InputError(fmt::format("device is gpu: {}; accepted: cpu", gpu::why_no_device()));
  return usable;
}

/// Of one worker, whose number is `rank`.
std::unique_ptr<AtomSelector> make_selector(const MatrixView& partition, std::size_t rank,
                                            const std::vector<gpu::GpuDevice>& gpus, const LassoOptions& options) {
  if (options.device == LassoDevice::cpu) return cpu::make_cpu_atom_selector(partition, {.threads = options.threads});
  const gpu::GpuDevice& mine = gpus[rank % gpus.size()];
  const std::size_t sharers = (options.workers - rank % gpus.size() + gpus.size() - 1) / gpus.size();
  return gpu::make_gpu_atom_selector(partition, {.device = mine.ordinal,
                                                 .lack = gpu::LackOfMemory::keep_on_host,
                                                 .memory_limit = gpu::share_of_memory(mine.memory_bytes, sharers)})
      .selector;
}

template <class Scalar>
DenseView<Scalar> columns_of(const DenseView<Scalar>& view, const ColumnRange& range) {
  return {view.data + range.first * view.stride, view.rows, range.count, view.stride};
}

template <class Scalar>
SparseView<Scalar> columns_of(const SparseView<Scalar>& view, const ColumnRange& range) {
  return {view.rows, range.count,
          view.column_starts.subspan(static_cast<std::size_t>(range.first), static_cast<std::size_t>(range.count) + 1),
          view.row_indices, view.values};
}

/// Worker 0's result.
frank_wolfe::SolveResult run(const MatrixView& matrix, std::span<const double> target, const frank_wolfe::Path& path,
                             const LassoOptions& options) {
  check(matrix, target, options);
  const std::vector<gpu::GpuDevice> gpus =
      options.device == LassoDevice::gpu ? usable_gpus() : std::vector<gpu::GpuDevice>();
  const frank_wolfe::SolveOptions solve_options{
      .method = options.method,
      .step = options.step,
      .path = path,
      .tolerance = options.tolerance,
      .top_k = options.top_k,
      .staleness = options.staleness.value_or(frank_wolfe::automatic_staleness(options.method)),
      .max_clock = options.max_clock,
      .time_limit_seconds = options.time_limit_seconds};
  frank_wolfe::check_method(solve_options);
  const std::vector<double> y(target.begin(), target.end());
  frank_wolfe::SolveResult result;
  runtime::run_threads(options.workers, [&](transport::Bootstrap& bootstrap) {
    const auto transport = transport::make_threads_transport();
    runtime::Job job(bootstrap, *transport,
                     {.rows = {frank_wolfe::lasso_model_row(columns(matrix), y, bootstrap.size(), solve_options)},
                      .shard_help = frank_wolfe::shard_help(bootstrap.size())});
    const ColumnRange mine = partition(columns(matrix), bootstrap.rank(), bootstrap.size());
    std::unique_ptr<AtomSelector> selector;
    runtime::agree(bootstrap, [&] {
      selector =
          make_selector(std::visit([&](const auto& view) -> MatrixView { return columns_of(view, mine); }, matrix),
                        bootstrap.rank().value, gpus, options);
    });
    auto solved = frank_wolfe::solve(job, *selector, mine.first, y, solve_options);
    job.close();
    if (bootstrap.rank().value == 0) result = std::move(solved);
  });
  return result;
}

double passes(std::uint64_t columns_evaluated, Index columns) {
  return static_cast<double>(columns_evaluated) / static_cast<double>(std::max<Index>(1, columns));
}

Solution solution_of(const frank_wolfe::SolveResult& result, std::size_t point, Index columns) {
  const frank_wolfe::PathPoint& solved = result.points[point];
  const bool is_last = point + 1 == result.points.size();
  return {.status = experiments::point_status(solved.converged, is_last, result.status),
          .columns = solved.columns,
          .weights = solved.weights,
          .objective = solved.objective,
          .loss = solved.loss,
          .lambda = solved.lambda,
          .gap = solved.gap,
          .full_passes = passes(solved.columns_evaluated, columns),
          .seconds = solved.seconds};
}

}  // namespace

Solution solve_lasso(const MatrixView& matrix, std::span<const double> target, const LassoOptions& options) {
  const auto term =
      options.lambda ? frank_wolfe::l1_penalty(*options.lambda) : frank_wolfe::l1_constraint(options.beta);
  const frank_wolfe::SolveResult result = run(matrix, target, {.terms = {term}}, options);
  Solution solution = solution_of(result, 0, columns(matrix));
  solution.full_passes = passes(result.columns_evaluated, columns(matrix));
  solution.seconds = result.seconds;
  return solution;
}

std::vector<Solution> solve_lasso_path(const MatrixView& matrix, std::span<const double> target,
                                       const frank_wolfe::Path& path, const LassoOptions& options) {
  const frank_wolfe::SolveResult result = run(matrix, target, path, options);
  std::vector<Solution> solutions;
  for (std::size_t point = 0; point < result.points.size(); ++point)
    solutions.push_back(solution_of(result, point, columns(matrix)));
  return solutions;
}

}  // namespace wolfpack
