// The page of `wolfpack latency --output DIR`: one self-contained HTML file, without scripts and without anything to
// load.
//
// Pure, safe from any thread; the same run gives the same bytes.
//
//     std::string html = render_latency(read_latency_run("out"));
#pragma once

#include <string>

#include "experiments/report/latency_run.hpp"

namespace wolfpack::report {

/// The whole page, UTF-8.
[[nodiscard]] std::string render_latency(const LatencyRun& run);

}  // namespace wolfpack::report
