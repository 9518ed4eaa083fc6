// The workers of a job as threads of this process.
//
//     runtime::run_threads(4, [&](transport::Bootstrap& bootstrap) { runtime::Job job(bootstrap, ...); ... });
#pragma once

#include <cstddef>
#include <functional>

#include "transport/bootstrap.hpp"

namespace wolfpack::runtime {

/// Runs `worker` in that many threads, the calling one being worker 0, and waits for all. Rethrows what the first
/// failing one threw, and not what its failure made of the others.
void run_threads(std::size_t workers, const std::function<void(transport::Bootstrap&)>& worker);

}  // namespace wolfpack::runtime
