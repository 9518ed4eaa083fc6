// LASSO from one's own program, on the caller's memory, in this process: the library's front door.
//
//     #include <wolfpack/experiments/solve_lasso.hpp>
//
//     std::vector<double> a = {1, 0, 0, 1}, y = {3, 1};                       // 2 x 2, column-major
//     const auto solution = wolfpack::solve_lasso(wolfpack::DenseView<double>{a.data(), 2, 2, 2}, y, {.beta = 2.0});
//     // solution.columns = {0}, solution.weights = {2.0}
//
//     for (const auto& point : wolfpack::solve_lasso_path(a_view, y, wolfpack::frank_wolfe::automatic_path(100, 1e-3)))
//       plot(point.lambda, point.weights);
//
// The workers are threads that share the caller's matrix; each reads its own range of columns. Thread-safe: several
// calls may run at once.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "base/matrix.hpp"
#include "base/types.hpp"
#include "frank_wolfe/solve.hpp"

namespace wolfpack {

/// What atoms are chosen on.
enum class LassoDevice { cpu, gpu };

struct LassoOptions {
  double beta = 1.0;                            ///< bound on ||alpha||_1; finite, > 0
  std::optional<double> lambda = std::nullopt;  ///< a penalty in the place of the bound: + lambda ||alpha||_1; >= 0;
                                                ///< with the method corrective
  std::size_t workers = 1;                      ///< threads; >= 1
  std::size_t threads = 1;                      ///< that share a worker's passes on the CPU; >= 1
  LassoDevice device = LassoDevice::cpu;        ///< gpu: the workers share this machine's GPUs; columns for which these
                                                ///< have no room are read from a copy in pinned memory
  frank_wolfe::Method method = frank_wolfe::Method::corrective;
  frank_wolfe::StepSize step = frank_wolfe::StepSize::line_search;  ///< bellet alone has the choice
  std::optional<Staleness> staleness = std::nullopt;                ///< none: frank_wolfe::automatic_staleness(method)
  double tolerance = 1e-6;                                ///< on the certified gap divided by f(0) = ||y||^2 / 2; >= 0
  std::size_t top_k = 0;                                  ///< atoms proposed a round by all workers; 0: automatic;
                                                          ///< 0 or 1 with methods of one atom a worker
  std::optional<std::uint64_t> max_clock = std::nullopt;  ///< iterations a worker at most
  std::optional<double> time_limit_seconds = std::nullopt;
};

struct Solution {
  frank_wolfe::SolveStatus status = frank_wolfe::SolveStatus::converged;
  std::vector<Index> columns;   ///< of the coefficients that are not zero, 0-based, increasing
  std::vector<double> weights;  ///< alpha there; their absolute values sum to at most beta where that bounds them
  double objective = 0.0;       ///< what is minimised
  double loss = 0.0;            ///< ||y - A alpha||^2 / 2
  double lambda = 0.0;          ///< the penalty; of a bound, the one with the same solution, as far as the gap tells; 0
                                ///< where the bound is idle
  double gap = 0.0;  ///< certified: objective minus the optimum is at most this; infinite where a limit came too early
  double full_passes = 0.0;  ///< over the matrix
  double seconds = 0.0;
};

/// Minimises 1/2 ||y - A alpha||^2 subject to ||alpha||_1 <= beta. `target` is y, one value a row. The memory must stay
/// unchanged meanwhile; all numbers must be finite. Throws InputError for options or shapes that do not fit, for a
/// view that contradicts itself, where the norm of y or of a column is neither 0 nor from 1e-140 to 1e140, or where
/// there is no GPU to be had, or it has no room for what is remembered of the columns; RuntimeFailure where CUDA fails,
/// or the matrix turns out to hold numbers that are not finite.
[[nodiscard]] Solution solve_lasso(const MatrixView& matrix, std::span<const double> target,
                                   const LassoOptions& options = {});

/// The problems of a path one after another, each from where the last one ended; options.beta and options.lambda are
/// not looked at. Where a limit came first, the solutions are fewer and the last one is as far as it came. With the
/// method corrective.
[[nodiscard]] std::vector<Solution> solve_lasso_path(const MatrixView& matrix, std::span<const double> target,
                                                     const frank_wolfe::Path& path, const LassoOptions& options = {});

}  // namespace wolfpack
