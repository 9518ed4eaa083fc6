#include "experiments/report/latency_distribution.hpp"

#include <algorithm>
#include <cmath>
#include <iterator>

#include <fmt/format.h>

#include "experiments/report/latency_text.hpp"
#include "experiments/report/operation_style.hpp"
#include "experiments/report/plot.hpp"
#include "experiments/report/text.hpp"

namespace wolfpack::report {
namespace {

constexpr Index kSecondSize = 8192;
constexpr double kRowPixels = 58.0;
constexpr double kAreaPixels = 46.0;
/// So high at least is what is not empty: a single straggler shall be seen.
constexpr double kLeastPixels = 1.5;
/// Of the columns of numbers at the right.
constexpr double kColumnPixels = 74.0;
constexpr double kLeastWidth = 1.01;

using Results = std::vector<const LatencyResult*>;

/// Each operation at its smallest size, where that has a histogram.
Results smallest(const Results& results) {
  Results out;
  for (const std::string_view operation : operations_of(results)) {
    const LatencyResult* first = by_size(results, operation).front();
    if (!densities(*first).empty()) out.push_back(first);
  }
  return out;
}

/// Those at 8192 bytes that are not shown already.
Results at_second_size(const Results& results, const Results& shown) {
  Results out;
  for (const LatencyResult* result : results) {
    const bool is_shown = std::find(shown.begin(), shown.end(), result) != shown.end();
    if (result->bytes == kSecondSize && !is_shown && !densities(*result).empty()) out.push_back(result);
  }
  return out;
}

Range times_of(const Results& results) {
  Range times{INFINITY, 0.0};
  for (const LatencyResult* result : results) {
    for (const Density& density : densities(*result))
      times = {std::min(times.low, density.from_us), std::max(times.high, density.to_us)};
  }
  return rounded_outwards(times);
}

/// The outline of the filled stretches, each on the row's base line.
std::string area(const std::vector<Density>& stretches, const Scale& x, double base) {
  double highest = 0.0;
  for (const Density& density : stretches) highest = std::max(highest, density.per_decade);
  std::string path;
  double end = 0.0;
  for (const Density& density : stretches) {
    const double top = base - std::max(kLeastPixels, density.per_decade / highest * kAreaPixels);
    if (path.empty() || density.from_us > end * (1 + 1e-9))
      fmt::format_to(std::back_inserter(path), "{}M{:.1f} {:.1f}", path.empty() ? "" : fmt::format("V{:.1f}z", base),
                     x(density.from_us), base);
    fmt::format_to(std::back_inserter(path), "V{:.1f}H{:.1f}", top, x(density.to_us));
    end = density.to_us;
  }
  return fmt::format("<path class=\"area\" d=\"{}V{:.1f}z\"/>", path, base);
}

std::string quantile_mark(std::optional<double> time, std::string_view name, const Scale& x, double base) {
  if (!time || *time <= 0.0) return "";
  return fmt::format("<path class=\"quantile {}\" d=\"M{:.1f} {:.1f}v-{:g}\"/>", name, x(*time), base, kAreaPixels + 4);
}

std::string tooltip(const LatencyResult& result) {
  Index timed = 0;
  for (const LatencyBucket& bucket : result.histogram) timed += bucket.count;
  return fmt::format("{}: {} counted in {}, from {} to {}", measured_in_words(result), count(timed),
                     plural(static_cast<Index>(result.histogram.size()), "bucket"), microseconds(result.min_us),
                     microseconds(result.max_us));
}

std::string draw_row(const Frame& frame, const LatencyResult& result, bool names_size, const Scale& x, double base) {
  const OperationStyle style = operation_style(result.operation);
  const double end = frame.width - frame.right;
  std::string out =
      fmt::format("<g class=\"{}\"><title>{}</title><path class=\"row\" d=\"M{:g} {:.1f}H{:g}\"/>{}{}{}{}",
                  style.css_class, tooltip(result), frame.left, base, end, area(densities(result), x, base),
                  quantile_mark(result.p50_us, "p50", x, base), quantile_mark(result.p99_us, "p99", x, base),
                  quantile_mark(result.p99_9_us, "p99-9", x, base));
  out += marker(style, {frame.left - 14, base - 20});
  fmt::format_to(std::back_inserter(out), "<text class=\"name\" x=\"{:g}\" y=\"{:.1f}\" text-anchor=\"end\">{}</text>",
                 frame.left - 24, base - 15.5, escape(result.operation));
  if (names_size)
    fmt::format_to(std::back_inserter(out),
                   "<text class=\"note\" x=\"{:g}\" y=\"{:.1f}\" text-anchor=\"end\">{}</text>", frame.left - 24,
                   base - 1, byte_size(result.bytes));
  double at = end;
  for (const std::optional<double> time : {std::optional(result.p50_us), result.p99_us, result.p99_9_us})
    fmt::format_to(std::back_inserter(out),
                   "<text class=\"figure\" x=\"{:g}\" y=\"{:.1f}\" text-anchor=\"end\">{}</text>", at += kColumnPixels,
                   base - 15.5, microseconds_or_dash(time));
  return out + "</g>\n";
}

std::string column_heads(const Frame& frame) {
  std::string out = "<g aria-hidden=\"true\">";
  double at = frame.width - frame.right;
  for (const std::string_view name : {"p50 (µs)", "p99 (µs)", "p99.9 (µs)"})
    fmt::format_to(std::back_inserter(out), "<text class=\"note\" x=\"{:g}\" y=\"14\" text-anchor=\"end\">{}</text>",
                   at += kColumnPixels, name);
  return out + "</g>\n";
}

bool is_one_size(const Results& results) {
  return std::all_of(results.begin(), results.end(),
                     [&](const LatencyResult* result) { return result->bytes == results.front()->bytes; });
}

std::string draw(const Results& results, Range times, std::string_view id, std::string_view title) {
  Frame frame{.left = 150, .right = 3 * kColumnPixels + 2, .top = 22};
  frame.height = frame.top + kRowPixels * static_cast<double>(results.size()) + frame.bottom + 6;
  const Scale x = Scale::logarithmic(times, frame.x_pixels());
  std::string svg = open_svg(frame, id, title, "One row an operation; p50, p99 and p99.9 stand at its right.");
  const std::vector<Tick> ticks = logarithmic_ticks(times, 12);
  svg += "<g class=\"axis\" aria-hidden=\"true\">";
  for (const Tick& tick : ticks)
    fmt::format_to(std::back_inserter(svg), "<path class=\"grid\" d=\"M{:.1f} {:g}V{:g}\"/>", x(tick.value), frame.top,
                   frame.height - frame.bottom);
  svg += "</g>\n" + column_heads(frame) + x_axis(frame, x, ticks, "time of one operation (µs)");
  double base = frame.top;
  for (const LatencyResult* result : results)
    svg += draw_row(frame, *result, !is_one_size(results), x, base += kRowPixels);
  return svg + "</svg>\n";
}

std::string figure(const Results& results, Range times, std::string_view id, const std::string& title) {
  return fmt::format("<figure>\n<h3>{}</h3>\n{}</figure>\n", title,
                     draw(results, times, id, "Distribution of the times: " + title));
}

constexpr std::string_view kLegend =
    "<p class=\"legend\" aria-hidden=\"true\"><span><i class=\"tick p50\"></i>p50</span><span><i class=\"tick "
    "p99\"></i>p99</span><span><i class=\"tick p99-9\"></i>p99.9</span></p>\n";

}  // namespace

std::vector<Density> densities(const LatencyResult& result) {
  double total = 0.0;
  for (const LatencyBucket& bucket : result.histogram) total += static_cast<double>(bucket.count);
  std::vector<Density> out;
  for (const LatencyBucket& bucket : result.histogram) {
    if (bucket.count == 0) continue;
    double from = bucket.from_us;
    double to = bucket.to_us;
    if (from <= 0.0) from = result.min_us > 0.0 && result.min_us < to ? result.min_us : to / 2;
    if (from <= 0.0) continue;  // all of it at 0: no place on this axis
    if (to < from * kLeastWidth) to = from * kLeastWidth;
    out.push_back({from, to, static_cast<double>(bucket.count) / total / std::log10(to / from)});
  }
  return out;
}

std::string latency_distribution_section(const LatencyRun& run) {
  const Results results = results_of_first_pair(run);
  const Results first = smallest(results);
  const Results second = at_second_size(results, first);
  Results all = first;
  all.insert(all.end(), second.begin(), second.end());
  if (all.empty()) return "";
  const Range times = times_of(all);
  std::string out = "<section>\n<h2>Distribution</h2>\n" + std::string(kLegend);
  if (!first.empty())
    out += figure(first, times, "distribution-smallest",
                  is_one_size(first) ? "Messages of " + plural(first.front()->bytes, "byte")
                                     : "Each operation’s smallest message");
  if (!second.empty())
    out += figure(second, times, "distribution-second", "Messages of " + plural(kSecondSize, "byte"));
  out +=
      "<p class=\"caption\">The area over a stretch of the axis is the share of the operations that took so long; each "
      "row is scaled to its own highest bucket, and no bucket that holds anything is drawn lower than a hair. All rows "
      "share the axis. Where one operation is shorter than the clock can tell, a batch is timed and shared out "
      "evenly. ";
  return out + halves_and_wholes(all) + "</p>\n</section>\n";
}

}  // namespace wolfpack::report
