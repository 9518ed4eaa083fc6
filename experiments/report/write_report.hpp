// What `wolfpack report DIR` does: reads a run's folder and puts report.html into it, or latency.html into the folder
// of `wolfpack latency`.
//
//     std::filesystem::path page = write_report("out", {.picture_rows = 28, .picture_columns = 28});
//
// Blocks on files; safe from any thread, one call a folder at a time.
#pragma once

#include <filesystem>

#include "base/types.hpp"

namespace wolfpack::report {

/// 0 x 0: as result.json's picture_shape says, and no pictures where it says nothing.
struct ReportOptions {
  Index picture_rows = 0;
  Index picture_columns = 0;
};

/// Writes directory/report.html, replacing an older one atomically, and returns its path; where there is no result.json
/// but a latency.json, directory/latency.html. Data that is no longer there costs only the pictures. Throws InputError
/// where the folder is no run's, the pictures' shape is not its columns', or no page can be put there; RuntimeFailure
/// where writing it fails.
std::filesystem::path write_report(const std::filesystem::path& directory, const ReportOptions& options = {});

/// Makes directory/latency.html of directory/latency.json, likewise.
std::filesystem::path write_latency_page(const std::filesystem::path& directory);

}  // namespace wolfpack::report
