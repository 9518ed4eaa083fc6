#include "experiments/run_files.hpp"

#include <algorithm>
#include <cstdio>
#include <system_error>
#include <unistd.h>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/host_name.hpp"
#include "base/status.hpp"
#include "experiments/data/input_file.hpp"
#include "experiments/data/output_file.hpp"
#include "experiments/standard_output.hpp"
#include "experiments/version.hpp"

namespace wolfpack::experiments {
namespace {

using nlohmann::ordered_json;

ordered_json trace_json(const runtime::TraceRow& row, const char* work_name) {
  return {{"worker", row.worker.value},
          {"clock", row.clock.value},
          {"start", row.start},
          {"end", row.end},
          {"wait_seconds", row.wait},
          {"get_seconds", row.get},
          {"select_seconds", row.compute},
          {"straggle_seconds", row.straggle},
          {"update_seconds", row.update},
          {"version", row.version.value},
          {"staleness", row.staleness},
          {"gap", finite_or_null(row.note.gap)},
          {"objective", finite_or_null(row.note.objective)},
          {work_name, row.note.work}};
}

}  // namespace

void prepare_output(const std::filesystem::path& directory, std::span<const char* const> files) {
  std::error_code error;
  std::filesystem::create_directories(directory, error);
  if (!std::filesystem::is_directory(directory))
    throw InputError(fmt::format("--output {}: cannot make the folder: {}; accepted: a folder that may be written to",
                                 directory.string(), error ? error.message() : "a file of that name is in the way"));
  if (access(directory.c_str(), W_OK | X_OK) != 0)
    throw InputError(
        fmt::format("--output {}: the folder cannot be written to; accepted: a folder that can", directory.string()));
  for (const char* file : files) data::OutputFile::check_name((directory / file).string());
}

void prepare_files(const RunSettings& settings, std::span<const char* const> files) {
  if (!settings.output.empty()) prepare_output(settings.output, files);
  if (!settings.record.empty()) const data::OutputFile file(settings.record);  // leaves nothing without a commit
}

void check_output_file(const std::string& path, std::span<const char* const> extensions) {
  const std::string accepted = fmt::format("a file that ends in {}, each also with .gz after it",
                                           fmt::join(extensions, extensions.size() > 2 ? ", " : " or "));
  if (std::error_code error; std::filesystem::is_directory(path, error))
    throw InputError(fmt::format("--output {}: is a directory; accepted: {}", path, accepted));
  const std::string extension = data::format_extension(path);
  if (std::find(extensions.begin(), extensions.end(), extension) == extensions.end())
    refuse_option("--output", path, accepted);
  const data::OutputFile can_be_made(path);  // leaves nothing without a commit
}

void write_file(const std::filesystem::path& path, const std::string& text) {
  data::OutputFile file(path.string());
  file.write(text);
  file.commit();
}

ordered_json run_fields(const RunSettings& settings, const runtime::TransportRecord& transport,
                        const runtime::Trace& trace) {
  return {{"seed", settings.seed},
          {"max_clock", or_null(settings.max_clock)},
          {"time_limit", or_null(settings.time_limit_seconds)},
          {"straggler", text_or_null(settings.straggler_text)},
          {"record", text_or_null(settings.record)},
          {"replay", text_or_null(settings.replay)},
          {"device", "cpu"},
          {"threads_per_worker", settings.threads},
          {"transport", transport.name},
          {"hosts", transport.hosts},
          {"transport_requested", settings.transport.requested},
          {"transport_reason", settings.transport.reason},
          {"transport_lanes", transport.lanes},
          {"transport_library", transport.library},
          {"transport_share", or_null(runtime::transport_share(trace))},
          {"hostname", host_name()},
          {"wolfpack_version", kVersion}};
}

std::string transport_text(const ordered_json& result) {
  const auto& share = result.at("transport_share");
  const std::string taken = share.is_null() ? "" : fmt::format(", {:.2g}% of their time", 100 * share.get<double>());
  return fmt::format("{} ({}){}", field_text(result, "transport"), field_text(result, "transport_lanes"), taken);
}

std::string trace_lines(const runtime::Trace& trace, const char* work_name) {
  std::string lines;
  for (const runtime::TraceRow& row : trace) lines += trace_json(row, work_name).dump() + "\n";
  return lines;
}

void print_line(const char* name, const std::string& value) {
  std::fputs(fmt::format("  {:<22} {}\n", name, value).c_str(), stderr);
}

std::string field_text(const ordered_json& result, const char* field) {
  const auto& value = result.at(field);
  return value.is_string()         ? value.get<std::string>()
         : value.is_number_float() ? fmt::format("{:.6g}", value.get<double>())
                                   : value.dump();
}

void print_json(const ordered_json& result) { print_out(result.dump(2) + "\n"); }

}  // namespace wolfpack::experiments
