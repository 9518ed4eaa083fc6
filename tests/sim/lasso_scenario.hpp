// One random run of distributed Frank-Wolfe under the simulator: the real solver on a small problem whose optimum is
// known.
//
//     const LassoScenario scenario = LassoScenario::of(seed);
//     EXPECT_EQ(scenario.run(), "") << scenario.describe();
//
// After every fold: the objective has not risen, and the certified gap is no smaller than the true one. At the end: the
// answer is feasible, and as good as it claims.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "base/atom_selector.hpp"
#include "frank_wolfe/method.hpp"
#include "frank_wolfe/solve.hpp"
#include "runtime/straggler.hpp"
#include "tests/sim/network.hpp"

namespace wolfpack::sim {

struct LassoScenario {
  /// May replace a worker's selector, to break it. `view` is its partition.
  using WrapSelector = std::function<std::unique_ptr<AtomSelector>(const DenseView<double>& view)>;

  std::uint64_t seed = 0;
  std::size_t instance = 0;
  /// What is solved on it.
  enum class Form { constraint, penalty, penalties, automatic_path };
  Form form = Form::constraint;
  double lambda_ratio = 0.3;  ///< of penalties: to the largest lambda
  bool warm_start = false;    ///< from every third column
  std::size_t workers = 2;
  frank_wolfe::Method method = frank_wolfe::Method::corrective;
  Staleness staleness{1};
  double tolerance = 1e-6;
  std::size_t top_k = 0;
  double compute_seconds = 1e-4;
  std::optional<runtime::StragglerSpec> straggler;
  std::optional<double> time_limit_seconds;
  std::uint64_t max_clock = 400;
  std::optional<Weather> weather;
  std::optional<std::uint64_t> timing_seed;  ///< of the simulation, where it is another one
  bool record = false;
  const runtime::Recording* replay = nullptr;
  WrapSelector selector;  ///< none: the reference, with quick rounds where they are asked for

  [[nodiscard]] static LassoScenario of(std::uint64_t seed);

  [[nodiscard]] frank_wolfe::Path path() const;

  /// What broke, one line; empty where nothing did.
  [[nodiscard]] std::string run() const { return run(nullptr); }
  /// Gives worker 0's result too.
  [[nodiscard]] std::string run(frank_wolfe::SolveResult* result) const;
  [[nodiscard]] std::string describe() const;

 private:
  [[nodiscard]] std::string describe_form() const;
};

}  // namespace wolfpack::sim
