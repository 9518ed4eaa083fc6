#include "experiments/report/latency_run.hpp"

#include <algorithm>
#include <iterator>

#include <fmt/format.h>

#include "base/status.hpp"
#include "experiments/report/json_fields.hpp"

namespace wolfpack::report {
namespace {

std::vector<std::string> texts(const Fields& fields, const char* name) {
  std::vector<std::string> out;
  for (const Json& value : fields.list(name)) {
    if (!value.is_string()) fields.fail(name, "a list of strings");
    out.push_back(value.get<std::string>());
  }
  return out;
}

bool is_rank(const Json& value, Index ranks) {
  return value.is_number_integer() && value.get<double>() >= 0.0 && value.get<double>() < static_cast<double>(ranks);
}

std::vector<std::optional<Index>> cores(const Fields& fields) {
  std::vector<std::optional<Index>> out;
  for (const Json& value : fields.list("cores")) {
    if (!value.is_null() && !is_rank(value, 1 << 20)) fields.fail("cores", "a list of cores or nulls, one a rank");
    out.push_back(value.is_null() ? std::nullopt : std::optional(value.get<Index>()));
  }
  return out;
}

std::vector<LatencyPair> pairs(const Fields& fields, Index ranks) {
  std::vector<LatencyPair> out;
  for (const Json& value : fields.list("pairs")) {
    if (!value.is_array() || value.size() != 2 || !is_rank(value[0], ranks) || !is_rank(value[1], ranks))
      fields.fail("pairs", fmt::format("a list of pairs of ranks below {}", ranks));
    out.push_back({value[0].get<Index>(), value[1].get<Index>()});
  }
  return out;
}

/// All pairs of many ranks are more than anybody reads.
constexpr std::size_t kMostElements = 64;

/// As a person would write it: lists without brackets and quotes, pairs with an arrow.
std::string setting_text(const std::string& name, const Json& value) {
  if (value.is_string()) return value.get<std::string>();
  if (!value.is_array()) return value.dump();
  std::string out;
  for (std::size_t k = 0; k < std::min(kMostElements, value.size()); ++k) {
    const Json& element = value[k];
    if (k > 0) out += ", ";
    if (name == "pairs" && element.is_array() && element.size() == 2)
      out += element[0].dump() + " → " + element[1].dump();
    else
      out += element.is_string() ? element.get<std::string>() : element.dump();
  }
  if (value.size() > kMostElements) out += fmt::format(", … ({} in all)", value.size());
  return value.empty() ? "none" : out;
}

void read_settings(const Json& object, const Fields& fields, LatencyRun& run) {
  run.transport = fields.text("transport");
  run.transport_requested = fields.text("transport_requested");
  run.transport_reason = fields.text("transport_reason");
  run.lanes = fields.text("lanes");
  run.one_sided = fields.text("one_sided");
  run.ranks = fields.whole("ranks");
  if (run.ranks < 1) fields.fail("ranks", "at least 1");
  run.hosts = texts(fields, "hosts");
  if (static_cast<Index>(run.hosts.size()) != run.ranks)
    fields.fail("hosts", fmt::format("a list of {} names, one a rank", run.ranks));
  run.cores = cores(fields);
  if (static_cast<Index>(run.cores.size()) != run.ranks)
    fields.fail("cores", fmt::format("a list of {} cores or nulls, one a rank", run.ranks));
  run.pairs = pairs(fields, run.ranks);
  run.is_quiet = fields.flag("quiet");
  run.disturbances = texts(fields, "disturbances");
  run.date = fields.text("date");
  run.cpu = fields.text("cpu");
  for (const auto& [name, value] : object.items()) run.settings.push_back({name, setting_text(name, value)});
}

std::vector<LatencyBucket> read_histogram(const Json& list, const std::string& place) {
  std::vector<LatencyBucket> out;
  for (const Json& object : list) {
    const std::string here = fmt::format("{}: histogram[{}]", place, out.size());
    if (!object.is_object()) throw InputError(fmt::format("{}: a JSON object is expected", here));
    const Fields fields(object, here);
    const LatencyBucket bucket{fields.amount("from_us"), fields.amount("to_us"), fields.whole("count")};
    if (bucket.to_us < bucket.from_us) fields.fail("to_us", "no less than \"from_us\"");
    if (!out.empty() && bucket.from_us < out.back().to_us) fields.fail("from_us", "no less than the \"to_us\" before");
    out.push_back(bucket);
  }
  return out;
}

std::vector<double> read_rounds(const Fields& fields) {
  std::vector<double> out;
  for (const Json& value : fields.list("round_p50_us")) {
    if (!value.is_number()) fields.fail("round_p50_us", "a list of numbers");
    out.push_back(value.get<double>());
  }
  return out;
}

std::optional<double> amount_or_null(const Fields& fields, const char* name) {
  return fields.number_or_null(name) ? std::optional(fields.amount(name)) : std::nullopt;
}

LatencyResult read_result(const Json& object, const std::string& place, Index ranks) {
  if (!object.is_object()) throw InputError(fmt::format("{}: a JSON object is expected", place));
  const Fields fields(object, place);
  LatencyResult result;
  result.operation = fields.text("operation");
  result.bytes = fields.whole("bytes");
  result.initiator = fields.whole("initiator");
  if (result.initiator >= ranks) fields.fail("initiator", fmt::format("a rank below {}", ranks));
  result.target = fields.whole_or_null("target");
  if (result.target.value_or(0) >= ranks) fields.fail("target", fmt::format("a rank below {}, or null", ranks));
  const std::string time = fields.text("time");
  if (time != "half a round trip" && time != "whole") fields.fail("time", "\"half a round trip\" or \"whole\"");
  result.is_half_round_trip = time != "whole";
  result.iterations = fields.whole("iterations");
  result.min_us = fields.amount("min_us");
  result.p50_us = fields.amount("p50_us");
  result.average_us = fields.amount("average_us");
  result.p99_us = amount_or_null(fields, "p99_us");
  result.p99_9_us = amount_or_null(fields, "p99_9_us");
  result.max_us = fields.amount("max_us");
  result.mb_per_s = fields.amount("mb_per_s");
  result.messages_per_s = fields.amount("messages_per_s");
  result.one_sided = fields.text("one_sided");
  result.transport = fields.text("transport");
  result.round_p50_us = read_rounds(fields);
  result.histogram = read_histogram(fields.list("histogram"), place);
  return result;
}

}  // namespace

LatencyRun read_latency_run(const std::filesystem::path& directory) {
  const std::filesystem::path file = directory / "latency.json";
  const Json object = parse_object(read_text(file), file, 1);
  const Fields fields(object, file.string());
  LatencyRun run;
  run.directory = directory;
  const Json& settings = fields.object("settings");
  read_settings(settings, Fields(settings, file.string() + ": settings"), run);
  for (const Json& result : fields.list("results"))
    run.results.push_back(
        read_result(result, fmt::format("{}: results[{}]", file.string(), run.results.size()), run.ranks));
  return run;
}

std::vector<const LatencyResult*> results_of_first_pair(const LatencyRun& run) {
  if (run.results.empty()) return {};
  LatencyPair first{run.results.front().initiator, run.results.front().target.value_or(run.results.front().initiator)};
  if (!run.pairs.empty()) first = run.pairs.front();
  std::vector<const LatencyResult*> out;
  for (const LatencyResult& result : run.results) {
    if (result.initiator == first.initiator && result.target.value_or(first.target) == first.target)
      out.push_back(&result);
  }
  return out;
}

std::vector<std::string_view> operations_of(const std::vector<const LatencyResult*>& results) {
  std::vector<std::string_view> out;
  for (const LatencyResult* result : results) {
    if (std::find(out.begin(), out.end(), result->operation) == out.end()) out.emplace_back(result->operation);
  }
  return out;
}

std::vector<const LatencyResult*> by_size(const std::vector<const LatencyResult*>& results,
                                          std::string_view operation) {
  std::vector<const LatencyResult*> out;
  std::copy_if(results.begin(), results.end(), std::back_inserter(out),
               [&](const LatencyResult* result) { return result->operation == operation; });
  std::stable_sort(out.begin(), out.end(),
                   [](const LatencyResult* a, const LatencyResult* b) { return a->bytes < b->bytes; });
  return out;
}

}  // namespace wolfpack::report
