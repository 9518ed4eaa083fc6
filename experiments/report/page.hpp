// The report page: one self-contained HTML file, without scripts and without anything to load.
//
// Pure, safe from any thread; the same run gives the same bytes.
//
//     std::string html = render(read_run("out"), nullptr);
#pragma once

#include <string>

#include "experiments/report/pictures.hpp"
#include "experiments/report/run.hpp"

namespace wolfpack::report {

/// The whole page, UTF-8. `pictures` may be null: the columns are no pictures.
[[nodiscard]] std::string render(const Run& run, const Pictures* pictures);

/// The table of all fields of result.json.
[[nodiscard]] std::string settings_section(const Run& run);

}  // namespace wolfpack::report
