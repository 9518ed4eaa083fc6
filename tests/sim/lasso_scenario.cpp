#include "tests/sim/lasso_scenario.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include <fmt/format.h>

#include "base/time.hpp"
#include "cpu/reference_atom_selector.hpp"
#include "tests/sim/quick_selector.hpp"
#include "tests/sim/simulated_job.hpp"
#include "tests/support/lasso_instances.hpp"
#include "tests/support/slow_lasso.hpp"

namespace wolfpack::sim {
namespace {

using frank_wolfe::Method;
using Form = LassoScenario::Form;
using frank_wolfe::SolveStatus;

constexpr int kPoints = 4;  // of a path

struct Problem {
  explicit Problem(testing::LassoInstance lasso) : instance(std::move(lasso)), slow(instance), optimum(slow.solve()) {
    for (std::size_t j = 0; j < instance.columns(); ++j)
      for (const auto& row : instance.rows) values.push_back(row[j]);
    for (const double y : instance.target) null_objective += y * y / 2;
  }
  [[nodiscard]] Index rows() const { return static_cast<Index>(instance.rows.size()); }
  [[nodiscard]] Index columns() const { return static_cast<Index>(instance.columns()); }
  [[nodiscard]] DenseView<double> columns_of(WorkerId worker, std::size_t workers, Index& first) const {
    const auto share = [&](std::size_t i) { return columns() * static_cast<Index>(i) / static_cast<Index>(workers); };
    first = share(worker.value);
    return {values.data() + first * rows(), rows(), share(worker.value + 1) - first, rows()};
  }

  testing::LassoInstance instance;
  testing::SlowLasso slow;
  testing::SlowSolution optimum;
  std::vector<double> values;  // column-major
  double null_objective = 0.0;
};

/// The last quarter of the columns is short and points along the target: their scores move little from version to
/// version, so lazy passes skip them most, while the level that the long columns hold falls towards them.
testing::LassoInstance short_columns_along_the_target(unsigned seed) {
  auto instance = testing::random_instance("short columns along the target", 20, 40, 2.0, seed);
  for (std::size_t i = 0; i < instance.rows.size(); ++i)
    for (std::size_t j = 30; j < 40; ++j)
      instance.rows[i][j] =
          (0.06 + 0.04 * static_cast<double>(j - 30)) * (instance.target[i] + 0.3 * instance.rows[i][j]);
  return instance;
}

const std::vector<Problem>& problems() {
  static const std::vector<Problem> all = [] {
    std::vector<Problem> made;
    for (unsigned i = 0; i < 4; ++i) made.emplace_back(testing::random_instance("wide", 12, 40, 0.5 + i, 30 + i));
    made.emplace_back(testing::random_instance("tall", 40, 9, 0.4, 40));
    made.emplace_back(testing::random_instance("sparse", 20, 50, 2.0, 41, 0.1));
    made.emplace_back(testing::random_instance("idle constraint", 20, 6, 1000.0, 42));
    made.emplace_back(testing::random_instance("three columns", 10, 3, 0.3, 43));
    made.emplace_back(testing::dependent_instance(44));
    made.emplace_back(short_columns_along_the_target(50));
    return made;
  }();
  return all;
}

/// Takes virtual time.
class SlowSelector final : public AtomSelector {
 public:
  SlowSelector(std::unique_ptr<AtomSelector> inner, double seconds, Random& random)
      : inner_(std::move(inner)), seconds_(seconds), random_(random) {}
  [[nodiscard]] Index rows() const override { return inner_->rows(); }
  [[nodiscard]] Index columns() const override { return inner_->columns(); }
  [[nodiscard]] SelectedAtoms select(const SelectionRequest& request) override {
    sleep_seconds(seconds_ * unit(random_));
    return inner_->select(request);
  }
  [[nodiscard]] double largest_norm() override { return inner_->largest_norm(); }
  [[nodiscard]] Column column(Index j) const override { return inner_->column(j); }

 private:
  std::unique_ptr<AtomSelector> inner_;
  double seconds_;
  Random& random_;
};

/// Watches the owner.
class Judge {
 public:
  Judge(const Problem& problem, const frank_wolfe::Path& path, bool may_rise) : problem_(problem), may_rise_(may_rise) {
    for (const frank_wolfe::L1Term& term : path.terms)
      optima_.push_back(term.is_penalty() ? problem.slow.solve_penalised(term.value) : problem.optimum);
  }

  void see(const frank_wolfe::Progress& now) {
    const double slack = 1e-9 * problem_.null_objective;
    if (now.problem != current_) lowest_ = std::numeric_limits<double>::infinity();
    current_ = now.problem;
    const testing::SlowSolution& optimum = optima_[now.problem];
    if (!may_rise_ && now.objective > lowest_ + 1e-11 * problem_.null_objective)
      broke(fmt::format("the objective rose from {:.17g} to {:.17g}", lowest_, now.objective));
    lowest_ = std::min(lowest_, now.objective);
    const double least = optimum.objective - optimum.gap;
    if (now.objective - optimum.objective > now.gap + slack)
      broke(fmt::format("the certified gap is {:.6g} and the true one {:.6g}", now.gap,
                        now.objective - optimum.objective));
    if (now.objective < least - slack) broke(fmt::format("objective {:.17g} below the optimum", now.objective));
  }
  void judge(const LassoScenario& scenario, const frank_wolfe::SolveResult& result) {
    for (std::size_t k = 0; k < result.points.size(); ++k) judge(result.points[k], optima_[k]);
    if (result.points.size() < optima_.size() && result.status == SolveStatus::converged) broke("problems are missing");
    if (result.status == SolveStatus::converged && result.gap > scenario.tolerance * problem_.null_objective)
      broke("it has not converged");
    if (result.status == SolveStatus::time_limit && !scenario.time_limit_seconds) broke("there is no time limit");
    const bool should_converge = scenario.method == Method::corrective && !scenario.time_limit_seconds;
    if (should_converge && result.status != SolveStatus::converged)
      broke(fmt::format("it ended as {}", to_string(result.status)));
  }
  void judge(const frank_wolfe::PathPoint& point, const testing::SlowSolution& optimum) {
    std::vector<double> x(static_cast<std::size_t>(problem_.columns()), 0.0);
    double norm = 0.0;
    for (std::size_t k = 0; k < point.columns.size(); ++k) {
      x[static_cast<std::size_t>(point.columns[k])] = point.weights[k];
      norm += std::abs(point.weights[k]);
    }
    if (!point.term.is_penalty() && norm > point.term.value)
      broke(fmt::format("the norm {:.17g} is not feasible", norm));
    const double slack = 1e-9 * problem_.null_objective;
    const double objective = problem_.slow.objective(x) + (point.term.is_penalty() ? point.term.value * norm : 0.0);
    if (std::abs(objective - point.objective) > slack)
      broke(fmt::format("it claims the objective {:.17g} and has {:.17g}", point.objective, objective));
    if (objective - optimum.objective > point.gap + slack) broke("the final gap is too small");
  }
  void broke(const std::string& what) {
    if (first_.empty()) first_ = what;
  }
  [[nodiscard]] const std::string& first() const { return first_; }

 private:
  const Problem& problem_;
  bool may_rise_;
  std::vector<testing::SlowSolution> optima_;  // by problem of the path
  std::size_t current_ = 0;
  double lowest_ = std::numeric_limits<double>::infinity();
  std::string first_;
};

}  // namespace

LassoScenario LassoScenario::of(std::uint64_t seed) {
  Random random(seed * 2654435761u + 99);
  LassoScenario s;
  s.seed = seed;
  s.instance = below(random, problems().size());
  s.workers = 1 + below(random, 4);
  const Method others[] = {Method::line_search, Method::bellet, Method::tran, Method::away, Method::pairwise};
  if (chance(random, 0.2)) s.method = others[below(random, 5)];
  const Staleness some[] = {kBulkSynchronous, {1}, {3}, {10}, kAsynchronous};
  s.staleness = s.method == Method::bellet ? kBulkSynchronous : some[below(random, 5)];
  s.tolerance = s.method == Method::corrective ? std::pow(10.0, -2.0 - 6.0 * unit(random)) : 0.05;
  if (s.method != Method::corrective) s.max_clock = 60;
  if (s.method == Method::corrective && chance(random, 0.5)) s.top_k = 1 + below(random, 4);
  if (s.method == Method::corrective) {
    const Form forms[] = {Form::constraint, Form::constraint, Form::penalty, Form::penalties, Form::automatic_path};
    s.form = forms[below(random, 5)];
    s.lambda_ratio = std::pow(10.0, -2.0 * unit(random));
    s.warm_start = s.form != Form::automatic_path && chance(random, 0.3);
  }
  s.compute_seconds = std::pow(10.0, -6.0 + 3.0 * unit(random));
  if (chance(random, 0.3))
    s.straggler = runtime::StragglerSpec{.worker = WorkerId{static_cast<std::uint32_t>(below(random, s.workers))},
                                         .slowdown = 1.0 + 20.0 * unit(random)};
  if (chance(random, 0.2)) s.time_limit_seconds = 0.02 * unit(random);
  return s;
}

frank_wolfe::Path LassoScenario::path() const {
  const Problem& problem = problems()[instance];
  const double largest = problem.slow.largest_lambda();
  switch (form) {
    case Form::constraint:
      break;
    case Form::penalty:
      return {.terms = {frank_wolfe::l1_penalty(lambda_ratio * largest)}};
    case Form::penalties:
    case Form::automatic_path: {
      frank_wolfe::Path path;
      for (int k = 0; k < kPoints; ++k)
        path.terms.push_back(frank_wolfe::l1_penalty(largest * std::pow(lambda_ratio, k / (kPoints - 1.0))));
      // Where all is zero every column is in no solution, which must not be believed of the next problem.
      if (form == Form::penalties && seed % 2 == 1) {
        path.terms[0] = path.terms[2];
        path.terms[1] = frank_wolfe::l1_penalty(1000.0 * largest);
      }
      return path;
    }
  }
  return {.terms = {frank_wolfe::l1_constraint(problem.instance.beta)}};
}

std::string LassoScenario::run(frank_wolfe::SolveResult* result_of_worker_0) const {
  const Problem& problem = problems()[instance];
  SimulatedJob simulated({.seed = timing_seed.value_or(seed), .workers = workers, .weather = weather});
  Judge judge(problem, path(), method == Method::tran);

  frank_wolfe::SolveOptions options;
  options.method = method;
  options.path = form == Form::automatic_path ? frank_wolfe::automatic_path(kPoints, lambda_ratio) : path();
  if (warm_start)
    for (Index j = 0; j < problem.columns(); j += 3) options.warm_start.push_back(j);
  options.tolerance = tolerance;
  options.top_k = top_k;
  options.staleness = staleness;
  options.max_clock = max_clock;
  options.time_limit_seconds = time_limit_seconds;
  options.straggler = straggler;
  options.record = record;
  options.replay = replay;
  options.on_progress = [&](const frank_wolfe::Progress& now) { judge.see(now); };

  const auto& target = problem.instance.target;
  const runtime::JobOptions job_options{
      .rows = {frank_wolfe::lasso_model_row(problem.columns(), target, workers, options)},
      .smallest_lane_bytes = 4096,
      .heartbeat_timeout_seconds = 1.0,
      .shard_help = seed % 2 == 0 ? runtime::ShardHelp::always : runtime::ShardHelp::never};
  const Outcome outcome = simulated.run(job_options, [&](runtime::Job& job) {
    Index first = 0;
    const DenseView<double> mine = problem.columns_of(job.worker(), workers, first);
    SlowSelector slow(selector ? selector(mine) : std::make_unique<QuickSelector>(mine), compute_seconds,
                      simulated.simulation().random());
    const auto result = frank_wolfe::solve(job, slow, first, target, options);
    if (job.worker().value == 0) judge.judge(*this, result);
    if (job.worker().value == 0 && result_of_worker_0 != nullptr) *result_of_worker_0 = result;
    job.close();
  });
  return judge.first().empty() ? outcome.problem() : judge.first();
}

std::string LassoScenario::describe_form() const {
  const char* names[] = {"beta", "lambda", "penalties down to", "automatic path down to"};
  const std::string ratio = form == Form::constraint ? "" : fmt::format(" {:.2g}", lambda_ratio);
  return names[static_cast<std::size_t>(form)] + ratio + (warm_start ? " from a warm start" : "");
}

std::string LassoScenario::describe() const {
  return fmt::format(
      "seed {}: {} ({} x {}), {}, {} workers, {}, staleness {}, tolerance {:.2g}, compute {:.2g} s, straggler {}, time "
      "limit "
      "{}",
      seed, problems()[instance].instance.name, problems()[instance].rows(), problems()[instance].columns(),
      describe_form(), workers, to_string(method),
      staleness.is_asynchronous() ? "asp" : std::to_string(staleness.value), tolerance, compute_seconds,
      straggler ? fmt::format("{} x {:.1f}", straggler->worker->value, straggler->slowdown) : "none",
      time_limit_seconds ? fmt::format("{:.3g} s", *time_limit_seconds) : "none");
}

}  // namespace wolfpack::sim
