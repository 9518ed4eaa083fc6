// Under a launcher that is not ours: joining the processes that it has started, by PMIx, or saying why that cannot be.
// For runtime/process_launcher.cpp alone.
#pragma once

#include "runtime/process_launcher.hpp"

namespace wolfpack::runtime {

/// Throws InputError, which says what to do instead, where a launcher without PMIx has started this process: each of
/// its ranks would start a job of its own.
void refuse_foreign_launcher();

/// Where UCX has to be told something before main() (transport/ucx_environment.hpp): this program again, in this
/// process, told. Returns where all is said.
void restart_told(char* const* arguments);

/// Runs `worker` in this process, as one of those that a PMIx launcher has started, and returns its status.
/// `on_launcher_lost` as in transport/pmix_bootstrap.hpp.
int run_joined(const WorkerMain& worker, const std::function<void(WorkerId)>& on_launcher_lost);

}  // namespace wolfpack::runtime
