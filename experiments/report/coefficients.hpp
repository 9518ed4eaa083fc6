// The coefficients: a stem plot over the columns and a table of the largest.
//
// Pure functions, safe from any thread.
#pragma once

#include <string>
#include <vector>

#include "experiments/report/run.hpp"

namespace wolfpack::report {

/// Largest |value| first; of equal ones the smaller column first.
[[nodiscard]] std::vector<Coefficient> by_magnitude(std::vector<Coefficient> coefficients);

/// The section's HTML.
[[nodiscard]] std::string coefficients_section(const Run& run);

}  // namespace wolfpack::report
