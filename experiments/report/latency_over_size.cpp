#include "experiments/report/latency_over_size.hpp"

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

/// Operations are moved aside by so much at most, lest their whiskers cover each other; by less where sizes are close.
constexpr double kAsidePixels = 3.0;
constexpr double kAsideShare = 0.7;
constexpr double kLabelHeight = 17.0;
constexpr double kTickPixels = 62.0;
/// Room for the names of operations of one size, left of their points.
constexpr double kNamePixels = 142.0;

/// An operation as a line, or as a point where it has one size.
struct Line {
  std::string_view operation;
  OperationStyle style;
  std::vector<const LatencyResult*> results;  ///< by rising size
  double aside = 0.0;                         ///< pixels to the right

  [[nodiscard]] bool is_point() const { return results.size() == 1; }
};

std::vector<Line> lines_of(const std::vector<const LatencyResult*>& results) {
  std::vector<Line> lines;
  for (const std::string_view operation : operations_of(results))
    lines.push_back({operation, operation_style(operation), by_size(results, operation)});
  return lines;
}

void move_aside(std::vector<Line>& lines, const Scale& x) {
  double closest = INFINITY;
  for (const Line& line : lines)
    for (std::size_t k = 1; k < line.results.size(); ++k) {
      const double apart =
          x(static_cast<double>(line.results[k]->bytes)) - x(static_cast<double>(line.results[k - 1]->bytes));
      if (apart > 0.0) closest = std::min(closest, apart);
    }
  const double step = std::min(kAsidePixels, kAsideShare * closest / static_cast<double>(lines.size()));
  for (std::size_t k = 0; k < lines.size(); ++k)
    lines[k].aside = step * (static_cast<double>(k) - static_cast<double>(lines.size() - 1) / 2);
}

double upper_end(const LatencyResult& result) { return result.p99_us.value_or(result.p50_us); }

/// Of all positive times that are drawn; none where there is none.
std::optional<Range> times_of(const std::vector<const LatencyResult*>& results) {
  double low = INFINITY;
  double high = 0.0;
  for (const LatencyResult* result : results) {
    for (const double time : {result->min_us, result->p50_us, upper_end(*result)}) {
      if (time <= 0.0) continue;
      low = std::min(low, time);
      high = std::max(high, time);
    }
  }
  if (high == 0.0) return std::nullopt;
  const Range range = rounded_outwards({low, high});
  return range.high > range.low ? range : Range{low / 2, low * 2};
}

Range sizes_of(const std::vector<const LatencyResult*>& results) {
  Range sizes{INFINITY, 0.0};
  for (const LatencyResult* result : results) {
    const double bytes = std::max(1.0, static_cast<double>(result->bytes));  // none has no logarithm
    sizes = {std::min(sizes.low, bytes), std::max(sizes.high, bytes)};
  }
  return sizes;
}

/// The sizes that were measured, as many as there is room for.
std::vector<Tick> size_ticks(const std::vector<const LatencyResult*>& results, const Scale& x) {
  std::vector<Index> sizes;
  sizes.reserve(results.size());
  for (const LatencyResult* result : results) sizes.push_back(result->bytes);
  std::sort(sizes.begin(), sizes.end());
  std::vector<Tick> ticks;
  for (const Index size : sizes) {
    const auto value = static_cast<double>(size);
    if (ticks.empty() || x(value) - x(ticks.back().value) >= kTickPixels) ticks.push_back({value, byte_size(size)});
  }
  return ticks;
}

std::string tooltip(const LatencyResult& result) {
  std::string out = fmt::format("{}: median {}, shortest {}", measured_in_words(result), microseconds(result.p50_us),
                                microseconds(result.min_us));
  if (result.p99_us) out += ", p99 " + microseconds(*result.p99_us);
  if (result.p99_9_us) out += ", p99.9 " + microseconds(*result.p99_9_us);
  out += fmt::format(", longest {}; {} MB/s", microseconds(result.max_us), number(result.mb_per_s, 3));
  if (result.round_p50_us.size() > 1) {
    out += "; medians of the rounds";
    for (std::size_t k = 0; k < result.round_p50_us.size(); ++k)
      out += fmt::format("{} {}", k == 0 ? "" : ",", number(result.round_p50_us[k], 3));
    out += " µs";
  }
  return out;
}

std::string draw_line(const Line& line, const Scale& x, const Scale& y) {
  std::string path;
  std::string points;
  for (const LatencyResult* result : line.results) {
    const Point at{x(static_cast<double>(result->bytes)) + line.aside, y(result->p50_us)};
    fmt::format_to(std::back_inserter(path), "{}{:.1f} {:.1f}", path.empty() ? 'M' : 'L', at.x, at.y);
    fmt::format_to(std::back_inserter(points), "<g><title>{}</title><path class=\"whisker\" d=\"M{:.1f} {:.1f}V{:.1f}",
                   tooltip(*result), at.x, y(result->min_us), y(upper_end(*result)));
    if (result->p99_us) points += "m-3 0h6";
    points += "\"/>" + marker(line.style, at) + "</g>\n";
  }
  const std::string curve = line.is_point() ? "" : fmt::format("<path class=\"curve\" d=\"{}\"/>\n", path);
  return fmt::format("<g class=\"{}\">{}{}</g>\n", line.style.css_class, curve, points);
}

/// A name with its marker, and a hair from there to the end of its line where the name had to move.
std::string name_of(const Line& line, Point end, Point label) {
  const double direction = label.x > end.x ? 1.0 : -1.0;
  std::string out = fmt::format("<g class=\"{}\">", line.style.css_class);
  fmt::format_to(std::back_inserter(out), "<path class=\"leader\" d=\"M{:.1f} {:.1f}L{:.1f} {:.1f}\"/>",
                 end.x + direction * 6, end.y, label.x - direction * 7, label.y);
  return out + marker(line.style, label) +
         fmt::format("<text class=\"name\" x=\"{:.1f}\" y=\"{:.1f}\" dy=\".33em\" text-anchor=\"{}\">{}</text></g>\n",
                     label.x + direction * 9, label.y, direction > 0 ? "start" : "end", escape(line.operation));
}

/// The names of lines stand in a column at their right ends, those of points in one at their left.
std::string names(const Frame& frame, const std::vector<Line>& lines, bool of_points, const Scale& x, const Scale& y) {
  std::vector<Point> ends;
  std::vector<double> wanted;
  std::vector<const Line*> named;
  for (const Line& line : lines) {
    if (line.is_point() != of_points) continue;
    const LatencyResult& last = *line.results.back();
    ends.push_back({x(static_cast<double>(last.bytes)) + line.aside, y(last.p50_us)});
    wanted.push_back(ends.back().y);
    named.push_back(&line);
  }
  const std::vector<double> places = spread(wanted, kLabelHeight, {frame.top + 6, frame.height - frame.bottom - 8});
  std::string out;
  for (std::size_t k = 0; k < named.size(); ++k) {
    double place = frame.width - frame.right + 34;
    if (of_points) {  // all that start at one size share a column
      double leftmost = ends[k].x;
      for (std::size_t j = 0; j < named.size(); ++j)
        if (named[j]->results.back()->bytes == named[k]->results.back()->bytes)
          leftmost = std::min(leftmost, ends[j].x);
      place = leftmost - 22;
    }
    out += name_of(*named[k], ends[k], {place, places[k]});
  }
  return out;
}

std::string draw(const std::vector<const LatencyResult*>& results, std::vector<Line> lines, Range times) {
  Frame frame{.height = 440, .left = 72, .right = 160};
  const bool has_points = std::any_of(lines.begin(), lines.end(), [](const Line& line) { return line.is_point(); });
  const double half = kAsidePixels * static_cast<double>(lines.size()) / 2 + 8;
  const Range across{frame.left + half + (has_points ? kNamePixels : 0.0), frame.width - frame.right - half};
  const Scale x = Scale::logarithmic(sizes_of(results), across);
  const Scale y = Scale::logarithmic(times, frame.y_pixels());
  move_aside(lines, x);
  std::string svg = open_svg(frame, "over-size", "Latency over message size, both axes logarithmic",
                             "The median of each operation at each size. The table of all results has the numbers.");
  svg += y_axis(frame, y, logarithmic_ticks(times, 12), "latency (µs)");
  svg += x_axis(frame, x, size_ticks(results, x), "message size");
  for (const Line& line : lines) svg += draw_line(line, x, y);
  return svg + names(frame, lines, true, x, y) + names(frame, lines, false, x, y) + "</svg>\n";
}

}  // namespace

std::string latency_over_size_section(const LatencyRun& run) {
  const std::vector<const LatencyResult*> results = results_of_first_pair(run);
  if (results.empty()) return "";
  std::string out = "<section>\n<h2>Latency over message size</h2>\n";
  const std::vector<Line> lines = lines_of(results);
  const std::optional<Range> times = times_of(results);
  if (!times) return out + "<p>All times are 0: the clock was too coarse.</p>\n</section>\n";
  const Range sizes = sizes_of(results);
  if (sizes.low == sizes.high)
    return out + fmt::format("<p>Only messages of {} were measured.</p>\n</section>\n",
                             plural(results.front()->bytes, "byte"));
  out += "<figure>\n" + draw(results, lines, *times) +
         "<figcaption>Markers are medians; a whisker reaches from the shortest time to the 99th percentile. " +
         (lines.size() > 1 ? "Operations stand a little aside from each other at a size. " : std::string()) +
         halves_and_wholes(results);
  if (std::any_of(lines.begin(), lines.end(), [](const Line& line) { return line.style.is_floor; }))
    out += " Dashed and hollow: libibverbs alone, the floor under the operation of the same colour.";
  return out + "</figcaption>\n</figure>\n</section>\n";
}

}  // namespace wolfpack::report
