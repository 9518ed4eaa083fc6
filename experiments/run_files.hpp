// What the files of all commands that run a job have in common: the output folder, the trace, and values as JSON.
#pragma once

#include <cmath>
#include <filesystem>
#include <optional>
#include <span>
#include <string>

#include <nlohmann/json.hpp>

#include "base/types.hpp"
#include "experiments/run_options.hpp"
#include "runtime/job.hpp"
#include "runtime/trace.hpp"

namespace wolfpack::experiments {

/// Makes the folder and its parents. Throws InputError where that cannot be, where nothing can be written there, or
/// where something else than a file has the name of one of its `files`.
void prepare_output(const std::filesystem::path& directory, std::span<const char* const> files);

/// In worker 0, before the run: the same of the folder that --output names, and of the file that --record names.
void prepare_files(const RunSettings& settings, std::span<const char* const> files);

/// Of commands whose --output is a file: `path` must end in one of `extensions`, with or without .gz after it, and be
/// one that can be made. Throws InputError.
void check_output_file(const std::string& path, std::span<const char* const> extensions);

/// Replaces an older file whole. Throws RuntimeFailure where it cannot be written.
void write_file(const std::filesystem::path& path, const std::string& text);

/// One line a row; `work_name` is what the application counts as its work.
[[nodiscard]] std::string trace_lines(const runtime::Trace& trace, const char* work_name);

template <class T>
[[nodiscard]] nlohmann::ordered_json or_null(const std::optional<T>& value) {
  return value ? nlohmann::ordered_json(*value) : nlohmann::ordered_json(nullptr);
}
[[nodiscard]] inline nlohmann::ordered_json finite_or_null(double value) {
  return std::isfinite(value) ? nlohmann::ordered_json(value) : nlohmann::ordered_json(nullptr);
}
[[nodiscard]] inline nlohmann::ordered_json text_or_null(const std::string& text) {
  return text.empty() ? nlohmann::ordered_json(nullptr) : nlohmann::ordered_json(text);
}
/// A number of clocks or "asp".
[[nodiscard]] inline nlohmann::ordered_json staleness_json(Staleness staleness) {
  return staleness.is_asynchronous() ? nlohmann::ordered_json("asp") : nlohmann::ordered_json(staleness.value);
}

/// What result.json says of every run, whatever its command: limits, straggler, transport and what share of the
/// workers' time it took (transport_share, runtime/trace.hpp), machine, version.
[[nodiscard]] nlohmann::ordered_json run_fields(const RunSettings& settings, const runtime::TransportRecord& transport,
                                                const runtime::Trace& trace);

/// The transport of a result.json, for the table: what carried operations, and its share of the workers' time.
[[nodiscard]] std::string transport_text(const nlohmann::ordered_json& result);

/// A line of the table that a run ends with, on standard error.
void print_line(const char* name, const std::string& value);
/// A field as people want to see it: texts without quotes, six digits.
[[nodiscard]] std::string field_text(const nlohmann::ordered_json& result, const char* field);

/// result.json on standard output. Throws RuntimeFailure where that cannot be written to.
void print_json(const nlohmann::ordered_json& result);

}  // namespace wolfpack::experiments
