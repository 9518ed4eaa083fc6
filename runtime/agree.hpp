// One outcome for a step that every process takes and any may fail at: opening files, loading, registering memory.
#pragma once

#include <functional>

#include "transport/bootstrap.hpp"

namespace wolfpack::runtime {

/// Collective. Runs `fallible` in every process and passes on when all are well; else all throw the lowest rank's
/// error, as an InputError or a PeerFailure. So bad input is told once, by worker 0.
void agree(transport::Bootstrap& bootstrap, const std::function<void()>& fallible);

}  // namespace wolfpack::runtime
