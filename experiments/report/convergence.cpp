#include "experiments/report/convergence.hpp"

#include <algorithm>
#include <cmath>
#include <iterator>

#include <fmt/format.h>

#include "experiments/report/plot.hpp"
#include "experiments/report/text.hpp"

namespace wolfpack::report {
namespace {

/// Below this, relative to f(0), differences of objectives in float64 say nothing.
constexpr double kRounding = 1e-16;
/// Of so many points a curve becomes a band, drawn thin and pale.
constexpr std::size_t kDense = 1200;

/// A value that holds until the next point is drawn as a step.
std::string step_path(const std::vector<Point>& points, const Scale& x, const Scale& y) {
  std::string path;
  for (const Point& point : points) {
    if (path.empty())
      path = fmt::format("M{:.1f} {:.1f}", x(point.x), y(point.y));
    else
      fmt::format_to(std::back_inserter(path), "H{:.1f}V{:.1f}", x(point.x), y(point.y));
  }
  return path;
}

struct Series {
  std::vector<Point> gap;
  std::vector<Point> excess;
  Index gaps_at_zero = 0;
};

Series split(const std::vector<ConvergencePoint>& points, double per_second) {
  Series series;
  for (const ConvergencePoint& point : points) {
    const double x = point.seconds * per_second;
    if (point.gap) series.gap.push_back({x, *point.gap});
    if (point.gap && *point.gap <= 0.0) ++series.gaps_at_zero;
    if (point.excess && *point.excess > kRounding) series.excess.push_back({x, *point.excess});
  }
  return series;
}

/// Whole decades around every positive value; none where there is no positive value.
std::optional<Range> decades_around(const Series& series, std::optional<double> tolerance) {
  double low = INFINITY;
  double high = 0.0;
  const auto include = [&](double value) {
    if (value <= 0.0) return;
    low = std::min(low, std::max(value, kRounding));
    high = std::max(high, value);
  };
  for (const Point& point : series.gap) include(point.y);
  for (const Point& point : series.excess) include(point.y);
  if (high == 0.0) return std::nullopt;
  if (tolerance) include(*tolerance);
  const double top = std::ceil(std::log10(high) - 1e-9);
  double bottom = std::floor(std::log10(low) + 1e-9);
  if (series.gaps_at_zero > 0) bottom -= 1.0;
  return Range{std::pow(10.0, std::min(bottom, top - 1.0)), std::pow(10.0, top)};
}

/// Labelled on the left, where the curves are still high.
std::string tolerance_line(const Frame& frame, const Scale& y, double tolerance) {
  return fmt::format(
      "<g aria-hidden=\"true\"><path class=\"threshold\" d=\"M{:g} {:.1f}H{:g}\"/><text class=\"note\" x=\"{:g}\" "
      "y=\"{:.1f}\">"
      "tolerance {}</text></g>\n",
      frame.left, y(tolerance), frame.width - frame.right, frame.left + 6, y(tolerance) - 5, trimmed(tolerance, 3));
}

std::string curve(const std::vector<Point>& points, const Scale& x, const Scale& y, std::string_view name) {
  if (points.empty()) return "";
  const std::vector<Point> drawn = thin(points, x);
  return fmt::format(
      "<path class=\"curve {}{}\" d=\"{}\"/><circle class=\"{}-dot\" cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"3.5\"/>\n", name,
      drawn.size() > kDense ? " dense" : "", step_path(drawn, x, y), name, x(drawn.back().x), y(drawn.back().y));
}

std::string draw(const Run& run, const Series& series, Range decades, double last, TimeUnit unit) {
  const Frame frame{.height = 340};
  const Scale x = Scale::linear({0.0, last}, frame.x_pixels());
  const Scale y = Scale::logarithmic(decades, frame.y_pixels());
  const std::string description =
      fmt::format("The certified relative gap ends at {} after {}.",
                  run.relative_gap ? number(*run.relative_gap, 2) : "infinity", duration(run.solve_seconds));
  std::string svg = open_svg(frame, "convergence", "Certified relative gap over time, logarithmic", description);
  svg += y_axis(frame, y, labelled_decades(decade_ticks(decades, 12)), "relative to f(0)");
  svg +=
      x_axis(frame, x, labelled(linear_ticks({0.0, last}, 9)), fmt::format("{} since the start of solving", unit.name));
  if (run.tolerance && *run.tolerance >= decades.low && *run.tolerance <= decades.high)
    svg += tolerance_line(frame, y, *run.tolerance);
  svg += curve(series.gap, x, y, "gap");
  svg += curve(series.excess, x, y, "excess");
  return svg + "</svg>\n";
}

}  // namespace

std::vector<ConvergencePoint> convergence_points(const Run& run) {
  std::vector<const TraceRow*> rows;
  rows.reserve(run.trace.size());
  for (const TraceRow& row : run.trace) rows.push_back(&row);
  std::stable_sort(rows.begin(), rows.end(), [](const TraceRow* a, const TraceRow* b) { return a->end < b->end; });

  // f(0) = 0 means y = 0: the zero vector is optimal, and every gap is 0 of nothing.
  const auto relative = [&](double value) { return run.null_objective > 0.0 ? value / run.null_objective : 0.0; };
  std::vector<ConvergencePoint> points;
  Version newest;
  for (const TraceRow* row : rows) {
    if (row->version < newest) continue;
    newest = row->version;
    ConvergencePoint point{.seconds = row->end};
    if (row->gap) point.gap = relative(*row->gap);
    if (row->objective && run.path.empty()) point.excess = relative(*row->objective - run.objective);
    points.push_back(point);
  }
  const double last = points.empty() ? run.solve_seconds : std::max(points.back().seconds, run.solve_seconds);
  points.push_back(
      {.seconds = last, .gap = run.relative_gap, .excess = run.path.empty() ? std::optional(0.0) : std::nullopt});
  return points;
}

std::string convergence_section(const Run& run) {
  std::string out = "<section>\n<h2>Convergence</h2>\n";
  const std::vector<ConvergencePoint> points = convergence_points(run);
  const TimeUnit unit = time_unit(points.back().seconds);
  const Series series = split(points, unit.per_second);
  const std::optional<Range> decades = decades_around(series, run.tolerance);
  if (!decades) {
    return out + (series.gap.empty() ? "<p>No gap was certified during this run.</p>\n</section>\n"
                                     : "<p>The certified gap is 0 from the start.</p>\n</section>\n");
  }
  out += "<figure>\n<p class=\"legend\" aria-hidden=\"true\">";
  if (!series.gap.empty()) out += "<span><i class=\"line gap-fill\"></i>certified relative gap</span>";
  if (!series.excess.empty()) out += "<span><i class=\"line excess-fill\"></i>objective above its final value</span>";
  out += "</p>\n" + draw(run, series, *decades, points.back().seconds * unit.per_second, unit);
  out +=
      "<figcaption>The certified gap is an upper bound of the distance from the optimum, at the newest model that any "
      "worker had read.";
  if (!series.excess.empty()) out += " The objective's curve ends where its final value is reached.";
  if (!run.path.empty()) out += " It rises where the next problem of the path begins.";
  if (series.gap.empty()) out += " The gap stayed infinite: not every worker had reported when the run ended.";
  if (series.gaps_at_zero > 0) out += " A gap of 0 is drawn on the lower edge.";
  return out + "</figcaption>\n</figure>\n</section>\n";
}

}  // namespace wolfpack::report
