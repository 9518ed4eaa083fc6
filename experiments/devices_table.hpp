// What `wolfpack devices` prints for people.
#pragma once

#include <string>
#include <vector>

#include "experiments/devices_json.hpp"

namespace wolfpack::experiments {

/// Sections of tables; what to do follows what is wrong, in a line that begins with "->".
[[nodiscard]] std::string devices_table(const DevicesFound& found);

/// Rows of cells in columns, the first row their heads, each line behind two blanks.
struct TableRow {
  std::vector<std::string> cells;
  std::vector<std::string> below = {};  ///< lines of their own
};
[[nodiscard]] std::string to_text(const std::vector<TableRow>& rows);

}  // namespace wolfpack::experiments
