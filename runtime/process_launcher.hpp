// Starting the workers of a job as local processes, or joining those that others have started: mpirun, srun, anybody.
// (As threads of this one: runtime/threads_launcher.hpp.)
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
  std::size_t workers = 1;           ///< local ones; where others started them, as many as there are
  char* const* arguments = nullptr;  ///< main's argv: each worker is this program started again with the same arguments
};

/// In the process that a person started: spawns the workers, waits for them, passes SIGINT and SIGTERM on, and returns
/// worker 0's exit status. In a worker: runs `worker` and returns its status; SIGINT and SIGTERM are caught there
/// (runtime/signals.hpp). A worker that dies ends all within two seconds, with a line on standard error that names it,
/// and exit status 1; so does the death of the launcher. In a process that mpirun or `srun --mpi=pmix` has started:
/// joins its job and is then a worker, all of which should return the same status; one that throws anything but
/// InputError and PeerFailure ends all. So is a process with RANK, WORLD_SIZE, MASTER_ADDR and MASTER_PORT in its
/// environment (transport/tcp_bootstrap.hpp), but there nobody ends the others. Throws InputError that says what to do
/// where another launcher has started this process.
int run_processes(const ProcessOptions& options, const WorkerMain& worker);

/// Which worker this process is: one that run_processes() spawned, a PMIx launcher's rank, or what RANK says. None in a
/// process that a person started.
[[nodiscard]] std::optional<WorkerId> own_rank();
/// run_processes() spawned it: its parent says who was lost.
[[nodiscard]] bool is_of_our_launcher();

}  // namespace wolfpack::runtime
