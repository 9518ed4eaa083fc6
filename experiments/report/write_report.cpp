#include "experiments/report/write_report.hpp"

#include <optional>
#include <system_error>

#include <fmt/format.h>

#include "base/status.hpp"
#include "experiments/data/output_file.hpp"
#include "experiments/report/latency_page.hpp"
#include "experiments/report/latency_run.hpp"
#include "experiments/report/page.hpp"
#include "experiments/report/pictures.hpp"
#include "experiments/report/run.hpp"

namespace wolfpack::report {
namespace {

/// None where the columns are no pictures.
std::optional<Pictures> pictures_of(const Run& run, const ReportOptions& options) {
  PictureShape shape{options.picture_rows, options.picture_columns};
  const bool asked = shape.rows > 0 && shape.columns > 0;
  if (asked && run.rows) check_picture_shape(shape, *run.rows);
  if (!asked && run.picture_shape.empty()) return std::nullopt;
  try {
    if (!asked) shape = parse_picture_shape(run.picture_shape);
    return load_pictures(run, shape);
  } catch (const InputError& error) {
    Pictures none;
    none.unavailable = error.what();
    return none;
  }
}

void replace(const std::filesystem::path& file, const std::string& content) {
  data::OutputFile out(file.string());
  out.write(content);
  out.commit();
}

}  // namespace

std::filesystem::path write_latency_page(const std::filesystem::path& directory) {
  const LatencyRun run = read_latency_run(directory);
  std::filesystem::path file = directory / "latency.html";
  replace(file, render_latency(run));
  return file;
}

std::filesystem::path write_report(const std::filesystem::path& directory, const ReportOptions& options) {
  std::error_code unseen;  // reading says what is wrong
  if (!std::filesystem::exists(directory / "result.json", unseen) &&
      std::filesystem::exists(directory / "latency.json", unseen)) {
    if (options.picture_rows > 0)
      throw InputError(fmt::format("picture shape {}x{}: {} holds latencies, which have no pictures",
                                   options.picture_rows, options.picture_columns, directory.string()));
    return write_latency_page(directory);
  }
  const Run run = read_run(directory);
  const std::optional<Pictures> pictures = pictures_of(run, options);
  std::filesystem::path file = directory / "report.html";
  replace(file, render(run, pictures ? &*pictures : nullptr));
  return file;
}

}  // namespace wolfpack::report
