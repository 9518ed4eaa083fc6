#include "experiments/report/latency_page.hpp"

#include <algorithm>
#include <iterator>

#include <fmt/format.h>

#include "experiments/report/latency_distribution.hpp"
#include "experiments/report/latency_over_size.hpp"
#include "experiments/report/latency_table.hpp"
#include "experiments/report/latency_text.hpp"
#include "experiments/report/operation_style.hpp"
#include "experiments/report/pair_map.hpp"
#include "experiments/report/style.hpp"
#include "experiments/report/text.hpp"

namespace wolfpack::report {
namespace {

/// A row of them on a wide screen.
constexpr std::size_t kMostTiles = 7;

/// What the page's first sentence is about: the smallest put, or whatever came first.
const LatencyResult* headline_of(const std::vector<const LatencyResult*>& results) {
  if (results.empty()) return nullptr;
  const std::vector<const LatencyResult*> puts = by_size(results, "put");
  return puts.empty() ? by_size(results, results.front()->operation).front() : puts.front();
}

/// Escaped, with a full stop at its end whether it came with one or not.
std::string sentence(std::string_view text) { return escape(text) + (text.ends_with('.') ? "" : "."); }

std::string places(const LatencyRun& run, const LatencyResult& result) {
  const std::string& from = run.hosts[static_cast<std::size_t>(result.initiator)];
  if (!result.target) return fmt::format("from a process of host {} to all others", escape(from));
  const std::string& to = run.hosts[static_cast<std::size_t>(*result.target)];
  std::string out = from == to ? fmt::format("between two processes of host {}", escape(from))
                               : fmt::format("from host {} to host {}", escape(from), escape(to));
  const std::optional<Index> first = run.cores[static_cast<std::size_t>(result.initiator)];
  const std::optional<Index> second = run.cores[static_cast<std::size_t>(*result.target)];
  if (first && second) return out + fmt::format(", pinned to cores {} and {}", *first, *second);
  return out + (first || second ? ", only one of them pinned to a core" : ", not pinned to cores");
}

std::string summary(const LatencyRun& run, const LatencyResult& result) {
  std::string out = fmt::format("<p class=\"summary\">The median of {} over {} with {} one-sided operations, {}.",
                                plural(result.iterations, "operation"), escape(result.transport),
                                escape(result.one_sided), places(run, result));
  if (result.p99_us) out += fmt::format(" 99% took {} or less;", microseconds(*result.p99_us));
  out += fmt::format(" {} longest took {}.", result.p99_us ? "the" : "The", microseconds(result.max_us));
  if (result.one_sided == "emulated") out += " Emulated means that the target’s processor takes part.";
  if (run.pairs.size() > 1) out += fmt::format(" It is the first of {} pairs.", run.pairs.size());
  if (run.transport != run.transport_requested && !run.transport_reason.empty())
    out += fmt::format(" Why {}: {}", escape(run.transport), sentence(run.transport_reason));
  return out + "</p>\n";
}

std::string warning(const LatencyRun& run) {
  if (run.is_quiet) return "";
  std::string out = "<div class=\"warning\" role=\"note\"><b>The machine was not quiet:</b> ";
  if (run.disturbances.size() == 1) {
    out += sentence(run.disturbances.front()) + " ";
  } else if (run.disturbances.size() > 1) {
    out += "<ul>";
    for (const std::string& disturbance : run.disturbances)
      fmt::format_to(std::back_inserter(out), "<li>{}</li>", escape(disturbance));
    out += "</ul>";
  }
  return out + "Another run may well come out different; the shortest times suffer least.</div>\n";
}

/// None of a single operation, which the headline names.
std::string tiles(const std::vector<const LatencyResult*>& results) {
  std::string out;
  std::size_t shown = 0;
  for (const std::string_view operation : operations_of(results)) {
    if (operation_style(operation).is_floor || shown == kMostTiles) continue;
    const LatencyResult& result = *by_size(results, operation).front();
    const std::string note = byte_size(result.bytes) + (result.is_half_round_trip ? ", one way" : "") +
                             (result.one_sided == "emulated" ? ", emulated" : "");
    fmt::format_to(std::back_inserter(out), "<div><dt>{}</dt><dd>{}<small>{}</small></dd></div>\n", escape(operation),
                   microseconds(result.p50_us), note);
    ++shown;
  }
  return shown < 2 ? "" : "<dl class=\"tiles narrow\">\n" + out + "</dl>\n";
}

std::string settings(const LatencyRun& run) {
  std::string out = "<section>\n<h2>All settings</h2>\n<table class=\"settings\">\n<tbody>\n";
  for (const Setting& setting : run.settings)
    fmt::format_to(std::back_inserter(out), "<tr><th scope=\"row\">{}</th><td>{}</td></tr>\n", escape(setting.name),
                   escape(setting.value));
  return out + "</tbody></table>\n</section>\n";
}

std::string kicker(const LatencyRun& run) {
  std::string out = "<p class=\"kicker\">Wolfpack latency";
  for (const std::string& part : {run.hosts.front(), run.cpu, run.date})
    if (!part.empty()) out += " · " + escape(part);
  return out + "</p>\n";
}

}  // namespace

std::string render_latency(const LatencyRun& run) {
  const std::vector<const LatencyResult*> results = results_of_first_pair(run);
  const LatencyResult* headline = headline_of(results);
  std::string out = fmt::format(
      "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\"/>\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>\n<title>{} – Wolfpack "
      "latency</title>\n<style>{}{}</style>\n</head>\n<body>\n<main>\n<header>\n{}",
      escape(run.hosts.front()), kStyle, kLatencyStyle, kicker(run));
  if (headline == nullptr) {
    out += "<h1>No latency was measured</h1>\n" + warning(run);
  } else {
    out += fmt::format("<h1>{} of {}: {}{}</h1>\n", escape(headline->operation), plural(headline->bytes, "byte"),
                       microseconds(headline->p50_us), headline->is_half_round_trip ? " one way" : "");
    out += summary(run, *headline) + warning(run) + tiles(results);
  }
  return out + "</header>\n" + latency_over_size_section(run) + latency_distribution_section(run) +
         pair_map_section(run) + latency_table_section(run) + settings(run) +
         "<footer>Times are in microseconds (µs). Ranks and cores count from 0. KiB and MiB are 1024 and 1024² "
         "bytes.</footer>\n</main>\n</body>\n</html>\n";
}

}  // namespace wolfpack::report
