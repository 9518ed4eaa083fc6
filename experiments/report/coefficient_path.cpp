#include "experiments/report/coefficient_path.hpp"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <map>

#include <fmt/format.h>

#include "experiments/report/text.hpp"

namespace wolfpack::report {
namespace {

/// More lines than this hide each other, and make the page long.
constexpr std::size_t kMostLines = 100;
constexpr std::size_t kColours = 6;
constexpr double kLabelHeight = 14.0;
constexpr std::size_t kTableRows = 20;

/// Penalties that have a logarithm, and are a path's independent variable.
bool is_over_lambda(const Run& run) {
  return std::all_of(run.path.begin(), run.path.end(),
                     [](const PathRow& row) { return !row.beta && row.lambda.value_or(0.0) > 0.0; });
}

std::vector<double> abscissae(const Run& run) {
  const bool over_lambda = is_over_lambda(run);
  std::vector<double> x;
  for (const PathRow& row : run.path) x.push_back(over_lambda ? -std::log10(*row.lambda) : row.l1_norm);
  return x;
}

std::vector<Point> zeros(const std::vector<double>& x) {
  std::vector<Point> points;
  for (const double at : x) points.push_back({at, 0.0});
  return points;
}

Range range_of(const std::vector<double>& x) {
  return {*std::min_element(x.begin(), x.end()), *std::max_element(x.begin(), x.end())};
}

std::string polyline(const CoefficientLine& line, std::size_t rank, const Scale& x, const Scale& y) {
  std::string path;
  for (const Point& point : thin(line.points, x))
    fmt::format_to(std::back_inserter(path), "{}{:.1f} {:.1f}", path.empty() ? 'M' : 'L', x(point.x), y(point.y));
  return fmt::format("<path class=\"curve path-{}\" d=\"{}\"><title>column {}</title></path>\n", rank % kColours, path,
                     count(line.column));
}

/// At the ends of the lines, largest first, where there is room.
std::string labels(const Frame& frame, const std::vector<CoefficientLine>& lines, const Scale& y) {
  std::string out;
  std::vector<double> taken;
  for (const CoefficientLine& line : lines) {
    const double at = y(line.points.back().y);
    const bool is_free =
        std::all_of(taken.begin(), taken.end(), [&](double other) { return std::abs(other - at) >= kLabelHeight; });
    if (line.points.back().y == 0.0 || !is_free) continue;
    taken.push_back(at);
    fmt::format_to(std::back_inserter(out), "<text class=\"note\" x=\"{:g}\" y=\"{:.1f}\">{}</text>",
                   frame.width - frame.right + 6, at + 4, count(line.column));
  }
  return out;
}

std::string draw(const Run& run, const std::vector<CoefficientLine>& lines) {
  const Frame frame{.height = 380, .right = 76};
  Range values{0.0, 0.0};
  for (const CoefficientLine& line : lines)
    for (const Point& point : line.points) values = {std::min(values.low, point.y), std::max(values.high, point.y)};
  const double margin = (values.high - values.low) * 0.05;
  values = {values.low - margin, values.high + margin};
  const Range across = range_of(abscissae(run));
  const Scale x = Scale::linear(across, frame.x_pixels());
  const Scale y = Scale::linear(values, frame.y_pixels());
  std::string svg = open_svg(frame, "path", "Coefficients along the path",
                             fmt::format("{} over {}.", plural(static_cast<Index>(lines.size()), "coefficient"),
                                         plural(static_cast<Index>(run.path.size()), "problem")));
  svg += y_axis(frame, y, labelled(linear_ticks(values, 7)), "coefficient");
  svg += x_axis(frame, x, labelled(linear_ticks(across, 8)), is_over_lambda(run) ? "−log₁₀ λ" : "‖α‖₁");
  svg += fmt::format("<path class=\"zero\" d=\"M{:g} {:.1f}H{:g}\"/>\n", frame.left, y(0.0), frame.width - frame.right);
  const std::size_t drawn = std::min(kMostLines, lines.size());
  for (std::size_t rank = drawn; rank-- > 0;) svg += polyline(lines[rank], rank, x, y);  // the largest on top
  return svg + labels(frame, {lines.begin(), lines.begin() + static_cast<std::ptrdiff_t>(drawn)}, y) + "</svg>\n";
}

std::string table(const Run& run) {
  const std::size_t shown = std::min(kTableRows, run.path.size());
  std::string out = fmt::format(
      "<div class=\"scroll\"><table class=\"numbers\">\n<caption>{}</caption>\n<thead><tr><th scope=\"col\">point</th>"
      "<th scope=\"col\">λ</th><th scope=\"col\">‖α‖₁</th><th scope=\"col\">non-zeros</th><th "
      "scope=\"col\">½‖y − Aα‖²</th><th scope=\"col\">relative gap</th><th "
      "scope=\"col\">status</th></tr></thead>\n<tbody>\n",
      shown < run.path.size() ? fmt::format("{} of {} points", shown, count(static_cast<Index>(run.path.size())))
                              : "All points");
  for (std::size_t k = 0; k < shown; ++k) {
    const std::size_t index = shown > 1 ? k * (run.path.size() - 1) / (shown - 1) : 0;
    const PathRow& row = run.path[index];
    fmt::format_to(
        std::back_inserter(out),
        "<tr><th scope=\"row\">{}</th><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td></tr>\n", index,
        row.lambda ? number(*row.lambda, 5) : "–", number(row.l1_norm, 5), count(row.nonzeros), number(row.loss, 6),
        row.relative_gap ? number(*row.relative_gap, 2) : "∞", escape(row.status));
  }
  return out + "</tbody></table></div>\n";
}

}  // namespace

std::vector<CoefficientLine> coefficient_lines(const Run& run) {
  const std::vector<double> x = abscissae(run);
  std::map<Index, CoefficientLine> by_column;
  for (std::size_t at = 0; at < run.path.size(); ++at)
    for (const Coefficient& coefficient : run.path[at].coefficients) {
      CoefficientLine& line = by_column[coefficient.column];
      if (line.points.empty()) line = {coefficient.column, 0.0, zeros(x)};
      line.points[at].y = coefficient.value;
      line.largest = std::max(line.largest, std::abs(coefficient.value));
    }
  std::vector<CoefficientLine> lines;
  for (auto& [column, line] : by_column) lines.push_back(std::move(line));
  std::stable_sort(lines.begin(), lines.end(),
                   [](const CoefficientLine& a, const CoefficientLine& b) { return a.largest > b.largest; });
  for (CoefficientLine& line : lines)  // a path may have been given in any order
    std::stable_sort(line.points.begin(), line.points.end(), [](const Point& a, const Point& b) { return a.x < b.x; });
  return lines;
}

std::string path_section(const Run& run) {
  if (run.path.empty()) return "";
  const std::vector<CoefficientLine> lines = coefficient_lines(run);
  std::string out = "<section>\n<h2>Path</h2>\n";
  if (lines.empty()) return out + "<p>All coefficients are zero at every point.</p>\n" + table(run) + "</section>\n";
  out += "<figure>\n" + draw(run, lines) + "<figcaption>";
  out += lines.size() > kMostLines
             ? fmt::format("The {} largest of {} coefficients", kMostLines, count(static_cast<Index>(lines.size())))
             : "Coefficients";
  return out + " by column, each column's number where its line ends if there is room.</figcaption>\n</figure>\n" +
         table(run) + "</section>\n";
}

}  // namespace wolfpack::report
