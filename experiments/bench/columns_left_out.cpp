// What it saves to leave columns out: lazy passes, screening and quick rounds, each alone and together, in full-pass
// equivalents from zero to the certificate.
//
//     bench_columns_left_out [--data FILE [--target FILE]] [--tolerance 1e-6] [--lambda-ratio 0.1 0.05 0.01]
//                            [--json FILE]
//
// One worker at staleness 0, so that every run of a kind takes the same columns: the figures do not depend on the
// machine's speed. A means is switched off by taking it out of the requests that reach the backend. Without --data the
// problem is a Gaussian one of 500 x 50,000 with 50 planted coefficients.
#include <cmath>
#include <cstdio>
#include <memory>
#include <random>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "cpu/atom_selector.hpp"
#include "experiments/bench/record.hpp"
#include "experiments/data/dataset.hpp"
#include "frank_wolfe/solve.hpp"
#include "runtime/job.hpp"
#include "runtime/threads_launcher.hpp"
#include "transport/threads_transport.hpp"

namespace wolfpack {
namespace {

struct Settings {
  std::string data;
  std::string target;
  double tolerance = 1e-6;
  std::vector<double> lambda_ratios{0.1, 0.05, 0.01};
  std::string json;
};

struct Means {
  const char* name;
  bool lazy_passes;
  bool screening;
  bool quick_rounds;
};

constexpr Means kMeans[] = {{"nothing", false, false, false},   {"screening", false, true, false},
                            {"lazy", true, false, false},       {"lazy, screening", true, true, false},
                            {"quick", false, false, true},      {"quick, screening", false, true, true},
                            {"quick, lazy", true, false, true}, {"all three", true, true, true}};

struct Problem {
  Matrix matrix;
  std::vector<double> target;
};

/// A backend that gives the same answers and may not use all means.
class Restricted final : public AtomSelector {
 public:
  Restricted(AtomSelector& backend, const Means& means) : backend_(backend), means_(means) {}

  [[nodiscard]] Index rows() const override { return backend_.rows(); }
  [[nodiscard]] Index columns() const override { return backend_.columns(); }
  [[nodiscard]] double largest_norm() override { return backend_.largest_norm(); }
  [[nodiscard]] Column column(Index j) const override { return backend_.column(j); }

  [[nodiscard]] SelectedAtoms select(const SelectionRequest& asked) override {
    SelectionRequest request = asked;
    if (!means_.lazy_passes) request.level = 0.0;
    if (!means_.screening) request.screening.reset();
    request.candidates_only = asked.candidates_only && means_.quick_rounds;
    SelectedAtoms best = backend_.select(request);
    std::erase_if(best.atoms, [&](const ScoredAtom& atom) { return !(std::abs(atom.score) > asked.level); });
    return best;
  }

 private:
  AtomSelector& backend_;
  Means means_;
};

Problem gaussian() {
  constexpr Index kRows = 500, kColumns = 50000, kPlanted = 50;
  std::mt19937_64 random(1);
  std::normal_distribution<double> normal;
  DenseMatrix<double> matrix{kRows, kColumns, {}};
  matrix.values.resize(static_cast<std::size_t>(kRows * kColumns));
  for (double& value : matrix.values) value = normal(random);
  std::vector<double> target(kRows);
  for (double& y : target) y = normal(random);
  for (Index k = 0; k < kPlanted; ++k) {
    const double* column = matrix.values.data() + k * (kColumns / kPlanted) * kRows;
    const double sign = random() % 2 == 0 ? 1.0 : -1.0;
    for (Index i = 0; i < kRows; ++i) target[static_cast<std::size_t>(i)] += sign * column[i];
  }
  return {std::move(matrix), std::move(target)};
}

Problem open(const Settings& settings) {
  if (settings.data.empty()) return gaussian();
  const auto data = data::Dataset::open({settings.data, settings.target});
  return {data.load({0, data.columns()}), data.target()};
}

/// Full-pass equivalents.
double passes(const Problem& problem, double lambda, double tolerance, const Means& means) {
  const MatrixView matrix = view(problem.matrix);
  frank_wolfe::SolveOptions options;
  options.path.terms = {frank_wolfe::l1_penalty(lambda)};
  options.tolerance = tolerance;
  options.staleness = kBulkSynchronous;
  frank_wolfe::SolveResult result;
  runtime::run_threads(1, [&](transport::Bootstrap& bootstrap) {
    const auto transport = transport::make_threads_transport();
    runtime::Job job(bootstrap, *transport,
                     {.rows = {frank_wolfe::lasso_model_row(columns(matrix), problem.target, 1, options)},
                      .shard_help = frank_wolfe::shard_help(1)});
    const auto backend = cpu::make_cpu_atom_selector(matrix);
    Restricted selector(*backend, means);
    result = frank_wolfe::solve(job, selector, 0, problem.target, options);
    job.close();
  });
  if (result.status != frank_wolfe::SolveStatus::converged)
    throw std::runtime_error(fmt::format("with {} the run is {}", means.name, to_string(result.status)));
  return static_cast<double>(result.columns_evaluated) / static_cast<double>(columns(matrix));
}

void run(const Settings& settings) {
  const Problem problem = open(settings);
  const MatrixView matrix = view(problem.matrix);
  const double largest =
      cpu::make_cpu_atom_selector(matrix)->select({.dual = problem.target, .count = 0, .excluded = {}}).largest_score;
  fmt::print("{} x {}, full-pass equivalents to a gap of {} f(0), by lambda / lambda_max\n{:18}", rows(matrix),
             columns(matrix), settings.tolerance, "left out by");
  for (const double ratio : settings.lambda_ratios) fmt::print(" {:>8}", ratio);
  fmt::print("\n");
  nlohmann::json results = nlohmann::json::array();
  for (const Means& means : kMeans) {
    fmt::print("{:18}", means.name);
    for (const double ratio : settings.lambda_ratios) {
      const double full_passes = passes(problem, ratio * largest, settings.tolerance, means);
      fmt::print(" {:>8.2f}", full_passes);
      std::fflush(stdout);
      results.push_back({{"left_out_by", means.name}, {"lambda_ratio", ratio}, {"full_passes", full_passes}});
    }
    fmt::print("\n");
  }
  bench::write_record(settings.json, nlohmann::json{{"benchmark", "columns_left_out"},
                                                    {"data", settings.data.empty() ? "gaussian" : settings.data},
                                                    {"rows", rows(matrix)},
                                                    {"columns", columns(matrix)},
                                                    {"tolerance", settings.tolerance},
                                                    {"results", results}});
}

}  // namespace
}  // namespace wolfpack

int main(int argc, char** argv) {
  wolfpack::Settings settings;
  CLI::App app("Counts what lazy passes, screening and quick rounds save.");
  auto* data = app.add_option("--data", settings.data, "design matrix, as wolfpack lasso takes it");
  app.add_option("--target", settings.target, "target, as wolfpack lasso takes it")->needs(data);
  app.add_option("--tolerance", settings.tolerance, "certified gap, divided by f(0)")->check(CLI::PositiveNumber);
  app.add_option("--lambda-ratio", settings.lambda_ratios, "lambda / lambda_max")->check(CLI::PositiveNumber);
  wolfpack::bench::add_json_option(app, settings.json);
  return wolfpack::bench::run(app, argc, argv, [&] { wolfpack::run(settings); });
}
