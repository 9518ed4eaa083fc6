// What the owner's corrective step costs beside a worker's pass, round by round, while the active set grows.
//
//     bench_corrective_step [--rows 1000] [--columns 50000] [--lambda-ratio 0.02] [--top-k 0] [--sparse DENSITY]
//     [--json FILE]
//
// A Gaussian problem in float64 (or CSC of that density), penalised, solved on one thread by the loop that worker and
// owner make together: a thorough pass, then the step over what it proposes. Times are the processor's, so that a busy
// machine disturbs them little.
#include "frank_wolfe/corrective_step.hpp"

#include <algorithm>
#include <cmath>
#include <ctime>
#include <random>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "cpu/atom_selector.hpp"
#include "experiments/bench/record.hpp"

namespace wolfpack {
namespace {

struct Settings {
  Index rows = 1000;
  Index columns = 50000;
  double lambda_ratio = 0.02;
  double density = 1.0;
  std::size_t top_k = 0;
  std::string json;
};

template <class Work>
double milliseconds(Work&& work) {
  const std::clock_t start = std::clock();
  work();
  return 1e3 * static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC;
}

Matrix random_matrix(const Settings& settings, std::mt19937_64& random) {
  std::normal_distribution<double> normal;
  if (settings.density >= 1.0) {
    DenseMatrix<double> dense{settings.rows, settings.columns, {}};
    dense.values.resize(static_cast<std::size_t>(settings.rows * settings.columns));
    for (double& value : dense.values) value = normal(random);
    return dense;
  }
  SparseMatrix<double> sparse{settings.rows, settings.columns, {0}, {}, {}};
  std::bernoulli_distribution is_there(settings.density);
  for (Index j = 0; j < settings.columns; ++j) {
    for (Index i = 0; i < settings.rows; ++i) {
      if (!is_there(random)) continue;
      sparse.row_indices.push_back(static_cast<std::int32_t>(i));
      sparse.values.push_back(normal(random));
    }
    sparse.column_starts.push_back(static_cast<Index>(sparse.values.size()));
  }
  return sparse;
}

void run(const Settings& settings) {
  std::mt19937_64 random(1);
  std::normal_distribution<double> normal;
  const auto selector = cpu::make_cpu_atom_selector(random_matrix(settings, random));
  std::vector<double> target(static_cast<std::size_t>(settings.rows));
  for (double& y : target) y = normal(random);
  const double largest = selector->select({.dual = target, .count = 0, .excluded = {}}).largest_score;
  frank_wolfe::CorrectiveStep step(frank_wolfe::LeastSquares(target),
                                   frank_wolfe::l1_penalty(settings.lambda_ratio * largest));

  nlohmann::json rounds = nlohmann::json::array();
  fmt::print("{:>5} {:>6} {:>8} {:>9} {:>9} {:>12}\n", "round", "atoms", "proposed", "pass ms", "step ms",
             "step / pass");
  for (int round = 1;; ++round) {
    const frank_wolfe::Iterate& iterate = step.iterate();
    SelectedAtoms best;
    const double pass = milliseconds([&] {
      best = selector->select(
          {.dual = iterate.dual,
           .level = iterate.level,
           .count = settings.top_k != 0 ? settings.top_k : std::max<std::size_t>(10, iterate.columns.size() / 2),
           .excluded = iterate.columns});
    });
    if (best.atoms.empty()) break;
    std::vector<frank_wolfe::Proposal> proposals;
    for (const ScoredAtom& atom : best.atoms)
      proposals.push_back({atom.column, atom.score, selector->column(atom.column)});
    bool moved = false;
    const double correct = milliseconds([&] { moved = step.advance(proposals); });
    if (!moved) break;
    fmt::print("{:>5} {:>6} {:>8} {:>9.3f} {:>9.3f} {:>12.3f}\n", round, step.iterate().columns.size(),
               proposals.size(), pass, correct, correct / pass);
    rounds.push_back({{"atoms", step.iterate().columns.size()},
                      {"proposed", proposals.size()},
                      {"pass_ms", pass},
                      {"step_ms", correct}});
  }
  bench::write_record(settings.json, nlohmann::json{{"benchmark", "corrective_step"},
                                                    {"rows", settings.rows},
                                                    {"columns", settings.columns},
                                                    {"density", settings.density},
                                                    {"lambda_ratio", settings.lambda_ratio},
                                                    {"rounds", rounds}});
}

}  // namespace
}  // namespace wolfpack

int main(int argc, char** argv) {
  wolfpack::Settings settings;
  CLI::App app("Times the corrective step beside a pass over the data.");
  app.add_option("--rows", settings.rows)->check(CLI::PositiveNumber);
  app.add_option("--columns", settings.columns)->check(CLI::PositiveNumber);
  app.add_option("--lambda-ratio", settings.lambda_ratio, "lambda / lambda_max")->check(CLI::PositiveNumber);
  app.add_option("--sparse", settings.density, "share of entries that are not zero")->check(CLI::PositiveNumber);
  app.add_option("--top-k", settings.top_k, "atoms proposed a round; 0: automatic");
  wolfpack::bench::add_json_option(app, settings.json);
  return wolfpack::bench::run(app, argc, argv, [&] { wolfpack::run(settings); });
}
