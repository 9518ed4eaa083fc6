// Coefficients that a run wrote: coefficients.csv, "index,value", and path.csv, "point,index,value".
//
//     const auto model = read_coefficients("out/coefficients.csv");
//     const auto third = read_path("out/path.csv")[2];
//
// Throws InputError with file and line.
#pragma once

#include <string>
#include <vector>

#include "base/types.hpp"

namespace wolfpack::data {

struct Coefficient {
  Index column = 0;  ///< from 0
  double value = 0.0;
  Index line = 0;  ///< of the file, from 1
};

/// By increasing column, each once, whatever the order of the lines. No line at all is a model too: all zero. Blank
/// lines are passed over; the file may be gzipped.
[[nodiscard]] std::vector<Coefficient> read_coefficients(const std::string& path);

/// The points in their order, as many as the last that has a line; one without lines is empty.
[[nodiscard]] std::vector<std::vector<Coefficient>> read_path(const std::string& path);

}  // namespace wolfpack::data
