// The parameter server without Frank-Wolfe: workers estimate a mean together, each from samples of its own, by
// stale-synchronous steps.
//
//     example_parameter_server          spawns 4 local processes that share one row over one-sided UCX operations
//
// Every worker pulls the row towards its samples; the row is of kind `add`, so the owner sums the pulls of all workers.
// Reads may be up to 3 clocks stale and always hold the worker's own pulls.
#include <cstdio>
#include <exception>
#include <random>
#include <vector>

#include "ps/merge_policy.hpp"
#include "ps/value.hpp"
#include "runtime/job.hpp"
#include "runtime/process_launcher.hpp"
#include "transport/ucx_transport.hpp"

namespace {

using namespace wolfpack;

constexpr std::size_t kWorkers = 4;
constexpr std::size_t kDimensions = 8;
constexpr ps::Key kMean{0};

int run_worker(transport::Bootstrap& bootstrap) {
  const auto transport = transport::make_ucx_transport("shm");
  runtime::Job job(bootstrap, *transport, {.rows = {ps::add_row(std::vector<double>(kDimensions, 0.0))}});

  std::mt19937_64 random(bootstrap.rank().value);
  std::normal_distribution<double> noise(0.0, 1.0);
  std::vector<double> seen;
  job.iterate({.iterations = 200, .staleness = {3}}, [&](runtime::Iteration& iteration) {
    const auto mean = ps::as_doubles(iteration.get(kMean).payload);
    seen.assign(mean.begin(), mean.end());
    const std::vector<double> pull = iteration.compute([&] {
      const double step = 1.0 / (kWorkers * (1.0 + 0.5 * static_cast<double>(iteration.clock().value)));
      std::vector<double> change(kDimensions);
      for (std::size_t i = 0; i < kDimensions; ++i)
        change[i] = step * (static_cast<double>(i) + noise(random) - seen[i]);
      return change;
    });
    iteration.update(kMean, ps::encode_dense(pull));
  });

  job.close();
  if (bootstrap.rank().value == 0)
    for (std::size_t i = 0; i < kDimensions; ++i) std::printf("mean[%zu] = %.2f (truth %zu)\n", i, seen[i], i);
  return 0;
}

}  // namespace

int main(int, char** argv) {
  try {
    return runtime::run_processes({.workers = kWorkers, .arguments = argv}, run_worker);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "example_parameter_server: %s\n", error.what());
    return 1;
  }
}
