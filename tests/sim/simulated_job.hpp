// Whole jobs under the simulator: the real runtime::Job in every simulated process.
//
//     SimulatedJob job({.seed = seed, .workers = 3}, {.rows = {...}});
//     const Outcome outcome = job.run([&](runtime::Job& job) { ...; job.close(); });
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "runtime/job.hpp"
#include "tests/sim/bootstrap.hpp"
#include "tests/sim/network.hpp"

namespace wolfpack::sim {

/// How one worker's main ended.
struct Ending {
  enum class How { returned, died, threw_peer_failure, threw_other } how = How::died;
  std::string what;
};

struct Outcome {
  std::string hang;  ///< empty: it ended by itself
  std::vector<Ending> workers;
  std::uint64_t reaches_into_freed_memory = 0;
  std::uint64_t turns = 0;
  double virtual_seconds = 0.0;

  /// Empty where all went well; else what did not.
  [[nodiscard]] std::string problem() const {
    if (!hang.empty()) return hang;
    for (const auto how :
         {Ending::How::threw_other, Ending::How::threw_peer_failure, Ending::How::died})  // the cause first
      for (std::size_t i = 0; i < workers.size(); ++i)
        if (workers[i].how == how) return fmt::format("worker {}: {}", i, workers[i].what);
    if (reaches_into_freed_memory != 0) return "an operation reached memory that its owner had given back";
    return "";
  }
};

class SimulatedJob {
 public:
  struct Options {
    std::uint64_t seed = 0;
    std::size_t workers = 2;
    std::optional<Weather> weather = std::nullopt;  ///< none: Weather::today() of the seed
    Network::Wrap wrap = {};
    double longest_seconds = 30.0;
  };

  explicit SimulatedJob(const Options& options)
      : workers_(options.workers),
        simulation_({.seed = options.seed, .longest_seconds = options.longest_seconds}),
        network_(simulation_, options.weather ? *options.weather : Weather::today(simulation_.random()),
                 options.workers, options.wrap),
        group_(simulation_, options.workers) {}

  [[nodiscard]] Simulation& simulation() { return simulation_; }
  [[nodiscard]] Network& network() { return network_; }

  /// Calls `main` with its job in every worker.
  Outcome run(const runtime::JobOptions& options, const std::function<void(runtime::Job&)>& main) {
    Outcome outcome;
    outcome.workers.resize(workers_);
    std::vector<std::function<void()>> mains;
    for (std::uint32_t i = 0; i < workers_; ++i)
      mains.emplace_back([&, i] { outcome.workers[i] = run_worker({i}, options, main); });
    outcome.hang = simulation_.run(mains);
    outcome.reaches_into_freed_memory = network_.reaches_into_freed_memory();
    outcome.turns = simulation_.turns();
    outcome.virtual_seconds = simulation_.now_seconds();
    return outcome;
  }

 private:
  Ending run_worker(WorkerId worker, const runtime::JobOptions& options,
                    const std::function<void(runtime::Job&)>& main) {
    try {
      SimulatedBootstrap bootstrap(group_, worker);
      const auto transport = network_.transport(worker.value);
      runtime::Job job(bootstrap, *transport, options);
      main(job);
      return {Ending::How::returned, ""};
    } catch (const PeerFailure& failure) {
      return {Ending::How::threw_peer_failure, failure.what()};
    } catch (const std::exception& error) {
      return {Ending::How::threw_other, error.what()};
    }
  }

  std::size_t workers_;
  Simulation simulation_;
  Network network_;
  Group group_;
};

}  // namespace wolfpack::sim
