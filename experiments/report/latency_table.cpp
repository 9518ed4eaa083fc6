#include "experiments/report/latency_table.hpp"

#include <algorithm>
#include <cmath>
#include <iterator>

#include <fmt/format.h>

#include "experiments/report/latency_text.hpp"
#include "experiments/report/text.hpp"

namespace wolfpack::report {
namespace {

/// Between all pairs of many ranks there are more than anybody reads.
constexpr std::size_t kMostRows = 2000;

bool same_measure(const LatencyResult& a, const LatencyResult& b) {
  return a.operation == b.operation && a.initiator == b.initiator && a.target == b.target;
}

/// As large as messages a second are: grouped, without decimals; small ones with three digits.
std::string rate(double value) {
  return value >= 1000.0 && value < 1e15 ? count(std::llround(value)) : number(value, 3);
}

std::string row(const LatencyResult& result, bool of_pairs, bool ends) {
  std::string out = ends ? "<tr class=\"ends\">" : "<tr>";
  fmt::format_to(std::back_inserter(out), "<th scope=\"row\">{}</th>", escape(result.operation));
  if (of_pairs)
    fmt::format_to(std::back_inserter(out), "<td>{} → {}</td><td>{}</td>", result.initiator,
                   result.target ? std::to_string(*result.target) : "all", escape(result.transport));
  fmt::format_to(std::back_inserter(out), "<td>{}</td><td>{}</td>", count(result.bytes), count(result.iterations));
  for (const std::optional<double> time :
       {std::optional(result.min_us), std::optional(result.p50_us), std::optional(result.average_us), result.p99_us,
        result.p99_9_us, std::optional(result.max_us)})
    fmt::format_to(std::back_inserter(out), "<td>{}</td>", microseconds_or_dash(time));
  return out + fmt::format("<td>{}</td><td>{}</td><td>{}</td></tr>\n", rate(result.mb_per_s),
                           rate(result.messages_per_s), escape(result.one_sided));
}

}  // namespace

std::string latency_table_section(const LatencyRun& run) {
  std::string out = "<section>\n<h2>All results</h2>\n";
  if (run.results.empty()) return out + "<p>Nothing was measured.</p>\n</section>\n";
  const bool of_pairs = run.pairs.size() > 1;
  const std::size_t shown = std::min(kMostRows, run.results.size());
  out += fmt::format("<div class=\"scroll\"><table class=\"numbers latencies{}\">\n<caption>",
                     of_pairs ? " of-pairs" : "");
  if (shown < run.results.size())
    out += fmt::format("The first {} of {}; latency.csv has them all. ", count(static_cast<Index>(shown)),
                       plural(static_cast<Index>(run.results.size()), "result"));
  out += "Times in µs; a dash where too few operations were timed.</caption>\n<thead><tr>";
  std::vector<std::string_view> heads{"operation"};
  if (of_pairs) heads.insert(heads.end(), {"pair", "transport"});
  heads.insert(heads.end(), {"bytes", "iterations", "min", "p50", "average", "p99", "p99.9", "max", "MB/s",
                             "messages/s", "one-sided"});
  for (const std::string_view head : heads) fmt::format_to(std::back_inserter(out), "<th scope=\"col\">{}</th>", head);
  out += "</tr></thead>\n<tbody>\n";
  for (std::size_t k = 0; k < shown; ++k)
    out += row(run.results[k], of_pairs, k + 1 < shown && !same_measure(run.results[k], run.results[k + 1]));
  return out + "</tbody></table></div>\n<p class=\"caption\">" + halves_and_wholes(results_of_first_pair(run)) +
         "</p>\n</section>\n";
}

}  // namespace wolfpack::report
