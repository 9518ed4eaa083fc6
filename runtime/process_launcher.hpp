// Starting the workers of a job as local processes, or joining those that mpirun or srun has started. (As threads of
// this one: runtime/threads_launcher.hpp.)
//
//     int work(transport::Bootstrap& bootstrap) { runtime::Job job(bootstrap, ...); ...; return 0; }
//     int main(int, char** argv) { return runtime::run_processes({.workers = 4, .arguments = argv}, work); }
#pragma once

#include <cstddef>
#include <functional>
#include <optional>

#include "transport/bootstrap.hpp"

namespace wolfpack::runtime {

/// A worker's whole life; returns the exit status of its process.
using WorkerMain = std::function<int(transport::Bootstrap&)>;

struct ProcessOptions {
  std::size_t workers = 1;
  char* const* arguments = nullptr;  ///< main's argv: each worker is this program started again with the same arguments
  /// Under mpirun or `srun --mpi=pmix` the ranks are the workers, as many as there are. Else such a launcher is
  /// refused.
  bool joins_launchers = false;
};

/// In the process that a person started: spawns the workers, waits for them, passes SIGINT and SIGTERM on, and returns
/// worker 0's exit status. In a worker: runs `worker` and returns its status; SIGINT and SIGTERM are caught there
/// (runtime/signals.hpp). A worker that dies ends all within two seconds, with a line on standard error that names it,
/// and exit status 1; so does the death of the launcher. In a process that another launcher has started: joins its job
/// where the options say so and PMIx is there, and is then a worker, all of which should return the same status; one
/// that throws anything but InputError and PeerFailure ends all. Else throws InputError that says what to do.
int run_processes(const ProcessOptions& options, const WorkerMain& worker);

/// Who this process is, where run_processes() spawned it.
[[nodiscard]] std::optional<WorkerId> spawned_worker();
/// The same, or the rank that a PMIx launcher gave to it: for a command that joins launchers.
[[nodiscard]] std::optional<WorkerId> own_rank();

}  // namespace wolfpack::runtime
