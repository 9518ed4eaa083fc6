#include "experiments/solve_lasso.hpp"

#include <cmath>
#include <memory>
#include <stdexcept>

#include <fmt/format.h>

#include "base/status.hpp"
#include "cpu/atom_selector.hpp"
#include "experiments/data/dataset.hpp"
#include "runtime/agree.hpp"
#include "runtime/job.hpp"
#include "runtime/threads_launcher.hpp"
#include "transport/threads_transport.hpp"

namespace wolfpack {
namespace {

void check(const MatrixView& matrix, std::span<const double> target, const LassoOptions& options) {
  try {
    (void)cpu::make_cpu_atom_selector(matrix);
  } catch (const std::invalid_argument& error) {
    throw InputError(error.what());
  }
  if (!std::isfinite(options.beta) || options.beta <= 0)
    throw InputError(fmt::format("beta is {}; accepted: a finite number > 0", options.beta));
  if (!std::isfinite(options.tolerance) || options.tolerance < 0)
    throw InputError(fmt::format("tolerance is {}; accepted: a finite number >= 0", options.tolerance));
  if (options.workers == 0) throw InputError("workers is 0; accepted: at least 1");
  if (static_cast<Index>(target.size()) != rows(matrix))
    throw InputError(
        fmt::format("the target has {} values and the matrix {} rows; accepted: as many", target.size(), rows(matrix)));
  for (std::size_t i = 0; i < target.size(); ++i)
    if (!std::isfinite(target[i]))
      throw InputError(fmt::format("target[{}] is {}; accepted: finite numbers", i, target[i]));
}

template <class Scalar>
DenseView<Scalar> columns_of(const DenseView<Scalar>& view, const data::ColumnRange& range) {
  return {view.data + range.first * view.stride, view.rows, range.count, view.stride};
}

template <class Scalar>
SparseView<Scalar> columns_of(const SparseView<Scalar>& view, const data::ColumnRange& range) {
  return {view.rows, range.count,
          view.column_starts.subspan(static_cast<std::size_t>(range.first), static_cast<std::size_t>(range.count) + 1),
          view.row_indices, view.values};
}

}  // namespace

Solution solve_lasso(const MatrixView& matrix, std::span<const double> target, const LassoOptions& options) {
  check(matrix, target, options);
  const frank_wolfe::SolveOptions solve_options{
      .method = options.method,
      .step = options.step,
      .path = {.terms = {frank_wolfe::l1_constraint(options.beta)}},
      .tolerance = options.tolerance,
      .top_k = options.top_k,
      .staleness = options.staleness.value_or(frank_wolfe::automatic_staleness(options.method)),
      .max_clock = options.max_clock,
      .time_limit_seconds = options.time_limit_seconds};
  frank_wolfe::check_method(solve_options);
  const std::vector<double> y(target.begin(), target.end());
  Solution solution;
  runtime::run_threads(options.workers, [&](transport::Bootstrap& bootstrap) {
    const auto transport = transport::make_threads_transport();
    runtime::Job job(bootstrap, *transport,
                     {.rows = {frank_wolfe::lasso_model_row(columns(matrix), y, bootstrap.size(), solve_options)}});
    const data::ColumnRange mine = data::partition(columns(matrix), bootstrap.rank(), bootstrap.size());
    std::unique_ptr<AtomSelector> selector;
    runtime::agree(bootstrap, [&] {
      selector = cpu::make_cpu_atom_selector(
          std::visit([&](const auto& view) -> MatrixView { return columns_of(view, mine); }, matrix));
    });
    auto solved = frank_wolfe::solve(job, *selector, mine.first, y, solve_options);
    job.close();
    if (bootstrap.rank().value != 0) return;
    solution = {.status = solved.status,
                .columns = std::move(solved.iterate.columns),
                .weights = std::move(solved.iterate.weights),
                .objective = solved.iterate.objective,
                .gap = solved.gap,
                .full_passes = static_cast<double>(solved.columns_evaluated) /
                               static_cast<double>(std::max<Index>(1, columns(matrix))),
                .seconds = solved.seconds};
  });
  return solution;
}

}  // namespace wolfpack
