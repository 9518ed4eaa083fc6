// How a command that runs a job gets from the process that a person, mpirun or srun started to workers with settings.
#pragma once

#include <cstddef>
#include <optional>

#include "experiments/transport_choice.hpp"
#include "runtime/agree.hpp"
#include "runtime/process_launcher.hpp"
#include "transport/bootstrap.hpp"
#include "transport/set_up.hpp"

namespace wolfpack::experiments {

/// `interpret(ranks)` makes settings of what was typed, `ranks` being how many workers a launcher, ours or another, has
/// started, or none before; they have `workers` and a `transport` that was `requested`. `work(settings, bootstrap)` is
/// a worker's whole life. Returns the exit status. Bad usage is told before any worker of ours starts; where others
/// have started them, once they have met, by worker 0.
template <class Interpret, class Work>
int start_workers(char* const* argv, const Interpret& interpret, const Work& work) {
  runtime::ProcessOptions options{.arguments = argv};
  if (!runtime::own_rank()) {
    const auto settings = interpret(std::optional<std::size_t>());
    transport::check_set_up(local_transport(settings.transport.requested), settings.workers);
    options.workers = settings.workers;
  }
  return runtime::run_processes(options, [&](transport::Bootstrap& bootstrap) {
    decltype(interpret(std::optional<std::size_t>())) settings;
    runtime::agree(bootstrap, [&] { settings = interpret(std::optional(bootstrap.size())); });
    return work(std::move(settings), bootstrap);
  });
}

}  // namespace wolfpack::experiments
