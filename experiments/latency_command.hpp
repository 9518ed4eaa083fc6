// `wolfpack latency`: what one-sided operations take between processes.
#pragma once

#include "experiments/latency_options.hpp"

namespace wolfpack::experiments {

/// `argv`: main's, for the processes that it starts. Returns the exit status. Throws InputError and RuntimeFailure.
int run_latency(const LatencyArguments& arguments, char* const* argv);

}  // namespace wolfpack::experiments
