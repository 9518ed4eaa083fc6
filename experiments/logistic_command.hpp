// `wolfpack logistic`: l2-regularised logistic regression, from files to files.
#pragma once

#include "experiments/logistic_options.hpp"

namespace wolfpack::experiments {

/// Runs in the launcher and, spawned by it, in every worker. `argv` is main's. Returns the exit status; throws
/// InputError and RuntimeFailure, in workers with a text in worker 0 only where all fail alike.
int run_logistic(const LogisticArguments& arguments, char* const* argv);

}  // namespace wolfpack::experiments
