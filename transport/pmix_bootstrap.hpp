// Bootstrap of the processes that a launcher with PMIx has started: Open MPI's mpirun, or `srun --mpi=pmix`. No MPI
// library is needed, and where the build has no PMIx either, make_pmix_bootstrap() says so.
//
//     if (is_under_pmix()) work(*make_pmix_bootstrap([](WorkerId) { _exit(1); }));
//
// Processes leave together: the end of a bootstrap blocks until all others' have come to theirs, and who then still
// wants to gather is told who has left.
//
// A process that dies or fails while others wait for it ends them, too. mpirun sees to it at once. Slurm's step goes on
// without a process that was killed (but for srun -K): those that wait on its machine are told, and end the job; where
// it was alone there, Slurm's own limit on how long processes wait for each other does, 300 s by default.
#pragma once

#include <functional>
#include <memory>
#include <optional>

#include "transport/bootstrap.hpp"

namespace wolfpack::transport {

/// Which process of the launcher's job this is, as the environment says; none where no PMIx server started it. In every
/// build. Throws RuntimeFailure where the environment is garbled.
[[nodiscard]] std::optional<WorkerId> pmix_rank();
[[nodiscard]] inline bool is_under_pmix() { return pmix_rank().has_value(); }

/// Joins this process's job: blocks until all its processes do. One at a time in a process. `on_launcher_lost` is
/// called with this process's rank, from a thread of PMIx's, when the launcher is gone; it should not return. Throws
/// RuntimeFailure where the launcher cannot be reached, and InputError where this program was built without PMIx.
[[nodiscard]] std::unique_ptr<Bootstrap> make_pmix_bootstrap(std::function<void(WorkerId)> on_launcher_lost);

/// For a process that has failed while others may wait for it, once it has said so and exits: ends all processes of the
/// job. Takes the bootstrap that make_pmix_bootstrap() has made, for which there is then no use.
void end_job_at_exit(std::unique_ptr<Bootstrap> bootstrap);

}  // namespace wolfpack::transport
