#include "experiments/report/run.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <fstream>
#include <tuple>

#include <fmt/format.h>

#include "base/status.hpp"
#include "experiments/data/coefficients_file.hpp"
#include "experiments/report/json_fields.hpp"

namespace wolfpack::report {
namespace {

std::string staleness_text(const Fields& fields, const Json& object) {
  const auto found = object.find("staleness");
  if (found != object.end() && found->is_string()) return found->get<std::string>();
  return std::to_string(fields.whole("staleness"));
}

/// result.json's "path", but for the coefficients.
std::vector<PathRow> path_rows(const Json& path, const std::string& place) {
  std::vector<PathRow> rows;
  for (const Json& point : path) {
    const Fields fields(point, fmt::format("{}: path point {}", place, rows.size()));
    if (!point.is_object()) throw InputError(fmt::format("{}: a path of JSON objects is expected", place));
    rows.push_back({.lambda = fields.number_or_null("lambda"),
                    .beta = fields.number_or_null("beta"),
                    .relative_gap = fields.number_or_null("relative_gap"),
                    .l1_norm = fields.number("l1_norm"),
                    .loss = fields.number("loss"),
                    .nonzeros = fields.whole("nonzeros"),
                    .status = fields.text("status"),
                    .coefficients = {}});
  }
  return rows;
}

void read_problem(const Json& object, const Fields& fields, const std::string& place, Run& run) {
  run.beta = fields.number_or_null("beta");
  if (fields.has("lambda")) run.lambda = fields.number_or_null("lambda");
  if (!run.beta && !run.lambda) fields.fail("lambda", "a number where \"beta\" is null");
  if (!fields.has("path")) return;
  if (!object.at("path").is_array() || object.at("path").empty()) fields.fail("path", "a list of points");
  run.path = path_rows(object.at("path"), place);
}

void read_result(const std::filesystem::path& file, Run& run) {
  const Json object = parse_object(read_text(file), file, 1);
  const Fields fields(object, file.string());
  if (fields.has("command")) run.command = fields.text("command");
  run.status = fields.text("status");
  run.staleness = staleness_text(fields, object);
  run.objective = fields.number("objective");
  run.null_objective = fields.number("null_objective");
  run.solve_seconds = fields.seconds("solve_seconds");
  if (run.command == "logistic") {
    run.method = fields.text("optimizer");
  } else {
    run.method = fields.text("method");
    run.gap = fields.number_or_null("gap");
    run.relative_gap = fields.number_or_null("relative_gap");
    read_problem(object, fields, file.string(), run);
    run.l1_norm = fields.number("l1_norm");
    run.nonzeros = fields.whole("nonzeros");
  }
  run.clocks = fields.whole("clocks");
  run.workers = fields.whole("workers");
  if (fields.has("rows")) run.rows = fields.whole("rows");
  if (fields.has("columns")) run.columns = fields.whole("columns");
  if (fields.has("tolerance")) run.tolerance = fields.number_or_null("tolerance");
  const auto text_if_there = [&](const char* name) {
    return fields.has(name) && !object.at(name).is_null() ? fields.text(name) : std::string();
  };
  run.data = text_if_there("data");
  run.target = text_if_there("target");
  run.picture_shape = text_if_there("picture_shape");
  for (const auto& [name, value] : object.items())
    if (name == "path" && value.is_array())
      run.settings.push_back({name, fmt::format("{} points", value.size())});
    else
      run.settings.push_back({name, value.is_string() ? value.get<std::string>() : value.dump()});
}

template <class Value>
bool parse_whole_text(std::string_view text, Value& value) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc{} && end == text.data() + text.size();
}

Coefficient parse_coefficient(std::string_view line, const Run& run, const std::string& place) {
  const std::size_t comma = line.find(',');
  Coefficient coefficient;
  if (comma == std::string_view::npos || !parse_whole_text(line.substr(0, comma), coefficient.column) ||
      !parse_whole_text(line.substr(comma + 1), coefficient.value) || !std::isfinite(coefficient.value))
    throw InputError(fmt::format("{}: not a coefficient; index,value is expected, both numbers", place));
  if (coefficient.column < 0 || (run.columns && coefficient.column >= *run.columns))
    throw InputError(fmt::format("{}: no column {}; result.json counts {} columns from 0", place, coefficient.column,
                                 run.columns ? std::to_string(*run.columns) : "the"));
  return coefficient;
}

void read_coefficients(const std::filesystem::path& file, Run& run) {
  std::ifstream in = open_input(file);
  std::string line;
  const auto next_line = [&] {
    const bool read = static_cast<bool>(std::getline(in, line));
    if (read && line.ends_with('\r')) line.pop_back();
    return read;
  };
  if (!next_line() || line != "index,value")
    throw InputError(fmt::format("{}:1: the header \"index,value\" is expected", file.string()));
  for (std::size_t at = 2; next_line(); ++at) {
    if (!line.empty())
      run.coefficients.push_back(parse_coefficient(line, run, fmt::format("{}:{}", file.string(), at)));
  }
  std::sort(run.coefficients.begin(), run.coefficients.end(),
            [](const Coefficient& a, const Coefficient& b) { return a.column < b.column; });
  const auto twice =
      std::adjacent_find(run.coefficients.begin(), run.coefficients.end(),
                         [](const Coefficient& a, const Coefficient& b) { return a.column == b.column; });
  if (twice != run.coefficients.end())
    throw InputError(
        fmt::format("{}: column {} is there twice; each column once is expected", file.string(), twice->column));
}

void read_path_coefficients(const std::filesystem::path& file, Run& run) {
  const auto points = data::read_path(file.string());
  if (points.size() > run.path.size())
    throw InputError(fmt::format("{}: has {} points; the {} of result.json are expected", file.string(), points.size(),
                                 run.path.size()));
  for (std::size_t at = 0; at < points.size(); ++at)
    for (const data::Coefficient& coefficient : points[at])
      run.path[at].coefficients.push_back({coefficient.column, coefficient.value});
}

TraceRow parse_trace_row(const Fields& fields, const Run& run) {
  TraceRow row;
  const Index worker = fields.whole("worker");
  if (worker >= run.workers) fields.fail("worker", fmt::format("below the {} workers of result.json", run.workers));
  row.worker = {static_cast<std::uint32_t>(worker)};
  row.clock = {static_cast<std::uint64_t>(fields.whole("clock"))};
  row.start = fields.number("start");
  row.end = fields.number("end");
  if (row.end < row.start) fields.fail("end", "no earlier than \"start\"");
  row.wait_seconds = fields.seconds("wait_seconds");
  row.get_seconds = fields.seconds("get_seconds");
  row.select_seconds = fields.seconds("select_seconds");
  if (fields.has("straggle_seconds")) row.straggle_seconds = fields.seconds("straggle_seconds");
  row.update_seconds = fields.seconds("update_seconds");
  row.version = {static_cast<std::uint64_t>(fields.whole("version"))};
  row.staleness = fields.number("staleness");
  row.gap = fields.number_or_null("gap");
  row.objective = fields.number_or_null("objective");
  return row;
}

void read_trace(const std::filesystem::path& file, Run& run) {
  std::ifstream in = open_input(file);
  std::string line;
  for (std::size_t at = 1; std::getline(in, line); ++at) {
    if (line.find_first_not_of(" \t\r") == std::string::npos) continue;
    const Json object = parse_object(line, file, at);
    run.trace.push_back(parse_trace_row(Fields(object, fmt::format("{}:{}", file.string(), at)), run));
  }
  std::sort(run.trace.begin(), run.trace.end(), [](const TraceRow& a, const TraceRow& b) {
    return std::tie(a.worker, a.start, a.clock) < std::tie(b.worker, b.start, b.clock);
  });
}

void read_evaluations(const std::filesystem::path& file, Run& run) {
  std::ifstream in = open_input(file);
  std::string line;
  std::getline(in, line);
  if (line != "epoch,clock,author,made_seconds,known_seconds,objective,log_loss")
    throw InputError(fmt::format("{}:1: a header \"epoch,clock,author,made_seconds,...\" is expected", file.string()));
  for (std::size_t at = 2; std::getline(in, line); ++at) {
    std::vector<std::string> fields(1);
    for (const char c : line) c == ',' ? fields.emplace_back() : fields.back() += c;
    if (fields.size() != 7) throw InputError(fmt::format("{}:{}: seven fields are expected", file.string(), at));
    run.evaluations.push_back({fields[0], fields[3], fields[5], fields[6]});
  }
}

}  // namespace

Run read_run(const std::filesystem::path& directory) {
  Run run;
  run.directory = directory;
  read_result(directory / "result.json", run);
  read_coefficients(directory / "coefficients.csv", run);
  if (!run.path.empty()) read_path_coefficients(directory / "path.csv", run);
  read_trace(directory / "trace.jsonl", run);
  if (run.command == "logistic") read_evaluations(directory / "objectives.csv", run);
  return run;
}

std::span<const TraceRow> rows_of(const Run& run, WorkerId worker) {
  struct ByWorker {
    bool operator()(const TraceRow& row, WorkerId id) const { return row.worker < id; }
    bool operator()(WorkerId id, const TraceRow& row) const { return id < row.worker; }
  };
  const auto [first, last] = std::equal_range(run.trace.begin(), run.trace.end(), worker, ByWorker{});
  return {first, last};
}

}  // namespace wolfpack::report
