#include "experiments/report/staleness.hpp"

#include <algorithm>
#include <cmath>
#include <iterator>

#include <fmt/format.h>

#include "experiments/report/plot.hpp"
#include "experiments/report/text.hpp"

namespace wolfpack::report {
namespace {

constexpr Index kMostBins = 40;

std::vector<double> observed(const Run& run) {
  std::vector<double> values;
  values.reserve(run.trace.size());
  for (const TraceRow& row : run.trace) values.push_back(row.staleness);
  std::sort(values.begin(), values.end());
  return values;
}

/// Nearest rank, of sorted values.
double quantile(const std::vector<double>& values, double share) {
  const auto rank = static_cast<std::size_t>(std::ceil(share * static_cast<double>(values.size())));
  return values[std::max<std::size_t>(rank, 1) - 1];
}

std::string summary(const Run& run, const std::vector<double>& values) {
  double total = 0.0;
  for (const double value : values) total += value;
  const std::string bound =
      run.staleness == "asp" ? "no bound was set (asp)" : "the bound was " + escape(run.staleness);
  return fmt::format("<p>Over {}: mean {}, median {}, 95th percentile {}, largest {} clocks; {}.</p>\n",
                     plural(static_cast<Index>(values.size()), "iteration"),
                     trimmed(total / static_cast<double>(values.size()), 3), trimmed(quantile(values, 0.5), 3),
                     trimmed(quantile(values, 0.95), 3), trimmed(values.back(), 3), bound);
}

std::vector<Tick> bin_ticks(const Histogram& histogram) {
  const std::size_t stride = histogram.bins.size() > 20 ? 5 : 1;
  std::vector<Tick> ticks;
  for (std::size_t k = 0; k < histogram.bins.size(); k += stride) {
    const double first = histogram.first + static_cast<double>(k) * histogram.width;
    std::string label = count(std::llround(first));
    if (histogram.width > 1.0) label += "–" + count(std::llround(first + histogram.width - 1.0));
    ticks.push_back({static_cast<double>(k) + 0.5, std::move(label)});
  }
  return ticks;
}

std::string draw(const Run& run, const Histogram& histogram) {
  const auto bins = static_cast<double>(histogram.bins.size());
  const Frame frame{.width = std::clamp(84.0 + 80.0 * bins, 420.0, 960.0), .height = 240, .top = 22};
  const auto iterations = static_cast<double>(run.trace.size());
  const auto highest =
      static_cast<double>(*std::max_element(histogram.bins.begin(), histogram.bins.end())) / iterations * 100.0;
  const Scale x = Scale::linear({0.0, bins}, frame.x_pixels());
  const Scale y = Scale::linear({0.0, highest}, frame.y_pixels());
  const double bar = std::min(80.0, (x(1.0) - x(0.0)) * 0.8);
  std::string svg = open_svg(frame, "staleness", "Histogram of the observed staleness",
                             "Percent of all iterations by the staleness of the model they read.");
  svg += y_axis(frame, y, labelled(linear_ticks({0.0, highest}, 4)), "% of iterations");
  svg += x_axis(frame, x, bin_ticks(histogram), "observed staleness (clocks)");
  for (std::size_t k = 0; k < histogram.bins.size(); ++k) {
    if (histogram.bins[k] == 0) continue;
    const double share = static_cast<double>(histogram.bins[k]) / iterations;
    const double middle = x(static_cast<double>(k) + 0.5);
    const double top = std::min(y(share * 100.0), y(0.0) - 1.0);
    fmt::format_to(std::back_inserter(svg),
                   "<path class=\"bar\" d=\"M{:.1f} {:.1f}h{:.1f}V{:.1f}h-{:.1f}z\"><title>{}</title></path>",
                   middle - bar / 2, top, bar, y(0.0), bar, plural(histogram.bins[k], "iteration"));
    if (bins <= 16)
      fmt::format_to(std::back_inserter(svg),
                     "<text class=\"note\" x=\"{:.1f}\" y=\"{:.1f}\" text-anchor=\"middle\">{}</text>\n", middle,
                     top - 5.0, percent(share));
  }
  return svg + "</svg>\n";
}

}  // namespace

Histogram staleness_histogram(const Run& run, Index most_bins) {
  Histogram histogram;
  if (run.trace.empty()) return histogram;
  const std::vector<double> values = observed(run);
  histogram.first = std::min(0.0, std::floor(values.front()));
  const double span = std::floor(values.back()) - histogram.first + 1.0;
  histogram.width = std::max(1.0, std::ceil(span / static_cast<double>(most_bins)));
  histogram.bins.assign(static_cast<std::size_t>(std::ceil(span / histogram.width)), 0);
  for (const double value : values)
    ++histogram.bins[static_cast<std::size_t>((std::floor(value) - histogram.first) / histogram.width)];
  return histogram;
}

std::string staleness_section(const Run& run) {
  if (run.trace.empty()) return "";
  return "<section>\n<h2>Staleness that reads really saw</h2>\n" + summary(run, observed(run)) + "<figure>\n" +
         draw(run, staleness_histogram(run, kMostBins)) + "</figure>\n</section>\n";
}

}  // namespace wolfpack::report
