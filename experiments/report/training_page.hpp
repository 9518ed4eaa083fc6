// The page of a logistic regression: its objective epoch by epoch, and what the workers did.
//
// Pure functions, safe from any thread.
#pragma once

#include <string>

#include "experiments/report/run.hpp"

namespace wolfpack::report {

/// The whole page.
[[nodiscard]] std::string render_training(const Run& run);

}  // namespace wolfpack::report
