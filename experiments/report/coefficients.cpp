#include "experiments/report/coefficients.hpp"

#include <algorithm>
#include <cmath>
#include <iterator>

#include <fmt/format.h>

#include "experiments/report/plot.hpp"
#include "experiments/report/text.hpp"

namespace wolfpack::report {
namespace {

constexpr std::size_t kTableRows = 20;
/// More heads than this run into each other: then only stems.
constexpr std::size_t kMostHeads = 300;

std::string draw(const Run& run) {
  const Frame frame{.height = 280};
  std::vector<Point> points;
  Range values{0.0, 0.0};
  for (const Coefficient& coefficient : run.coefficients) {
    points.push_back({static_cast<double>(coefficient.column), coefficient.value});
    values = {std::min(values.low, coefficient.value), std::max(values.high, coefficient.value)};
  }
  const double margin = (values.high - values.low) * 0.05;
  if (values.low < 0.0) values.low -= margin;
  if (values.high > 0.0) values.high += margin;
  const double columns = run.columns ? static_cast<double>(*run.columns) : points.back().x + 1.0;
  const Scale x = Scale::linear({-0.5, columns - 0.5}, frame.x_pixels());
  const Scale y = Scale::linear(values, frame.y_pixels());
  std::string svg =
      open_svg(frame, "coefficients", "Coefficients by column",
               fmt::format("{} from {} to {}.", plural(static_cast<Index>(points.size()), "non-zero value"),
                           number(values.low, 3), number(values.high, 3)));
  svg += y_axis(frame, y, labelled(linear_ticks(values, 6)), "coefficient");
  std::vector<double> ticks = linear_ticks({0.0, columns - 1.0}, 8);
  std::erase_if(ticks, [](double tick) { return tick != std::floor(tick) || tick < 0.0; });
  svg += x_axis(frame, x, labelled(ticks), "column");
  std::string stems;
  std::string heads;
  const std::vector<Point> drawn = thin(points, x);
  for (const Point& point : drawn) {
    fmt::format_to(std::back_inserter(stems), "M{:.1f} {:.1f}V{:.1f}", x(point.x), y(0.0), y(point.y));
    if (drawn.size() <= kMostHeads)
      fmt::format_to(std::back_inserter(heads),
                     "<circle cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"2.4\"><title>column {}: {}</title></circle>", x(point.x),
                     y(point.y), count(static_cast<Index>(point.x)), number(point.y, 6));
  }
  svg += fmt::format("<path class=\"zero\" d=\"M{:g} {:.1f}H{:g}\"/>", frame.left, y(0.0), frame.width - frame.right);
  svg += fmt::format("<path class=\"stem\" d=\"{}\"/><g class=\"head\">{}</g>\n</svg>\n", stems, heads);
  return svg;
}

std::string table(const Run& run) {
  const std::vector<Coefficient> sorted = by_magnitude(run.coefficients);
  const std::size_t shown = std::min(kTableRows, sorted.size());
  double total = 0.0;
  for (const Coefficient& coefficient : sorted) total += std::abs(coefficient.value);
  std::string out = fmt::format(
      "<div class=\"scroll\"><table class=\"numbers\">\n<caption>{}</caption>\n<thead><tr><th scope=\"col\">rank</th>"
      "<th scope=\"col\">column</th><th scope=\"col\">coefficient</th><th scope=\"col\">share of ‖α‖₁</th><th "
      "scope=\"col\">sum of shares</th></tr></thead>\n<tbody>\n",
      shown < sorted.size() ? fmt::format("The {} largest of {}", shown, count(static_cast<Index>(sorted.size())))
                            : "All coefficients by size");
  double running = 0.0;
  for (std::size_t k = 0; k < shown; ++k) {
    const double share = total > 0.0 ? std::abs(sorted[k].value) / total : 0.0;
    running += share;
    fmt::format_to(std::back_inserter(out),
                   "<tr><td>{}</td><th scope=\"row\">{}</th><td>{}</td><td>{}</td><td>{}</td></tr>\n", k + 1,
                   count(sorted[k].column), number(sorted[k].value, 7), percent(share), percent(running));
  }
  return out + "</tbody></table></div>\n";
}

}  // namespace

std::vector<Coefficient> by_magnitude(std::vector<Coefficient> coefficients) {
  std::sort(coefficients.begin(), coefficients.end(), [](const Coefficient& a, const Coefficient& b) {
    const double left = std::abs(a.value);
    const double right = std::abs(b.value);
    return left != right ? left > right : a.column < b.column;
  });
  return coefficients;
}

std::string coefficients_section(const Run& run) {
  std::string out = "<section>\n<h2>Coefficients</h2>\n";
  if (run.coefficients.empty()) return out + "<p>All coefficients are zero.</p>\n</section>\n";
  out += fmt::format("<p>{}{}, ‖α‖₁ = {}{}.</p>\n", run.path.empty() ? "" : "At the last point of the path: ",
                     plural(static_cast<Index>(run.coefficients.size()), "non-zero value"), trimmed(run.l1_norm, 6),
                     run.beta ? fmt::format(" of the {} allowed", trimmed(*run.beta, 6)) : "");
  return out + "<figure>\n" + draw(run) + "</figure>\n" + table(run) + "</section>\n";
}

}  // namespace wolfpack::report
