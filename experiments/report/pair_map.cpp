#include "experiments/report/pair_map.hpp"

#include <algorithm>
#include <cmath>
#include <iterator>

#include <fmt/format.h>

#include "experiments/report/plot.hpp"
#include "experiments/report/text.hpp"

namespace wolfpack::report {
namespace {

/// Larger maps have no room for the values, which their cells' titles say.
constexpr Index kMostValues = 16;
/// Larger ones would make the page long: they have no titles either.
constexpr Index kMostTitles = 64;
constexpr std::size_t kLongestHost = 18;
constexpr double kCharacterPixels = 7.0;
constexpr double kMapPixels = 660.0;
constexpr double kLabelPixels = 20.0;
constexpr double kLegendPixels = 54.0;
constexpr double kPalest = 0.06;
/// From here on the colour is strong enough for text in the colour of the paper.
constexpr double kStrong = 0.62;
constexpr int kLegendSteps = 44;
constexpr double kLegendWidth = 220.0;

/// How strong the colour of a time is, by its logarithm. The scale spans a factor of two at least: noise of a few
/// percent shall not look like a difference.
class Strength {
 public:
  explicit Strength(const PairTable& table) {
    double low = INFINITY;
    double high = 0.0;
    for (const std::optional<double>& time : table.p50_us) {
      if (!time || *time <= 0.0) continue;
      low = std::min(low, *time);
      high = std::max(high, *time);
    }
    range_ = high > 0.0 ? Range{low, std::max(high, 2.0 * low)} : Range{1.0, 2.0};
  }
  [[nodiscard]] Range range() const { return range_; }
  [[nodiscard]] double operator()(double time) const {
    return Scale::logarithmic(range_, {kPalest, 1.0})(std::max(time, range_.low));
  }

 private:
  Range range_;
};

std::string shortened(const std::string& host) {
  if (host.size() <= kLongestHost) return host;
  std::size_t end = kLongestHost - 1;
  while (end > 0 && (static_cast<unsigned char>(host[end]) & 0xC0) == 0x80) --end;  // not within a character
  return host.substr(0, end) + "…";
}

struct Layout {
  Frame frame;
  double cell = 0.0;
  Index label_stride = 1;
};

Layout layout_of(const LatencyRun& run) {
  std::size_t longest = 0;
  for (const std::string& host : run.hosts) longest = std::max(longest, shortened(host).size());
  const double label = kCharacterPixels * static_cast<double>(longest + 5) + 8;
  const auto ranks = static_cast<double>(run.ranks);
  Layout layout;
  layout.cell = std::clamp(std::floor(kMapPixels / ranks), 4.0, 58.0);
  layout.label_stride = std::max<Index>(1, static_cast<Index>(std::ceil(kLabelPixels / layout.cell)));
  const double map = layout.cell * ranks;
  layout.frame = {.width = label + 22 + std::max(map, kLegendWidth + 36),
                  .height = 40 + map + kLegendPixels,
                  .left = label + 22,
                  .right = 0,
                  .top = 40,
                  .bottom = kLegendPixels};
  return layout;
}

std::string rank_labels(const LatencyRun& run, const Layout& layout) {
  const Frame& frame = layout.frame;
  const double map = layout.cell * static_cast<double>(run.ranks);
  std::string out = fmt::format(
      "<g aria-hidden=\"true\"><text class=\"axis-title\" transform=\"translate(13 {:g}) rotate(-90)\" "
      "text-anchor=\"middle\">initiator</text><text class=\"axis-title\" x=\"{:g}\" y=\"12\" "
      "text-anchor=\"middle\">target</text>",
      frame.top + map / 2, frame.left + map / 2);
  for (Index rank = 0; rank < run.ranks; rank += layout.label_stride) {
    const double middle = layout.cell * (static_cast<double>(rank) + 0.5);
    const std::string& host = run.hosts[static_cast<std::size_t>(rank)];
    fmt::format_to(std::back_inserter(out),
                   "<text class=\"note\" x=\"{:g}\" y=\"{:.1f}\" dy=\".33em\" text-anchor=\"end\">{} <tspan "
                   "class=\"rank\">{}</tspan></text><text class=\"note rank\" x=\"{:.1f}\" y=\"{:g}\" "
                   "text-anchor=\"middle\">{}</text>",
                   frame.left - 8, frame.top + middle, escape(shortened(host)), rank, frame.left + middle,
                   frame.top - 7, rank);
  }
  return out + "</g>\n";
}

/// Where the host changes from one rank to the next.
std::string host_borders(const LatencyRun& run, const Layout& layout) {
  const double map = layout.cell * static_cast<double>(run.ranks);
  std::string path;
  for (std::size_t rank = 1; rank < run.hosts.size(); ++rank) {
    if (run.hosts[rank] == run.hosts[rank - 1]) continue;
    const double at = layout.cell * static_cast<double>(rank);
    fmt::format_to(std::back_inserter(path), "M{:g} {:g}h{:g}M{:g} {:g}v{:g}", layout.frame.left, layout.frame.top + at,
                   map, layout.frame.left + at, layout.frame.top, map);
  }
  return path.empty() ? "" : fmt::format("<path class=\"border\" d=\"{}\"/>\n", path);
}

std::string cell(const LatencyRun& run, const PairTable& table, const Layout& layout, const Strength& strength,
                 LatencyPair pair) {
  const double side = layout.cell - (layout.cell >= 12 ? 1.0 : 0.0);
  const double left = layout.frame.left + layout.cell * static_cast<double>(pair.target);
  const double top = layout.frame.top + layout.cell * static_cast<double>(pair.initiator);
  const std::optional<double> time = table.at(pair.initiator, pair.target);
  if (!time) return fmt::format("<path class=\"missing\" d=\"M{:g} {:g}l{:g} {:g}\"/>", left, top, side, side);
  const double strong = strength(*time);
  std::string out = fmt::format("<path class=\"heat\" fill-opacity=\"{0:.2f}\" d=\"M{1:g} {2:g}h{3:g}v{3:g}h-{3:g}z\"",
                                strong, left, top, side);
  if (table.ranks > kMostTitles) return out + "/>";
  const auto host = [&](Index rank) { return escape(run.hosts[static_cast<std::size_t>(rank)]); };
  fmt::format_to(std::back_inserter(out), "><title>rank {} on {} to rank {} on {}: {} µs</title></path>",
                 pair.initiator, host(pair.initiator), pair.target, host(pair.target), number(*time, 3));
  if (table.ranks <= kMostValues)
    fmt::format_to(std::back_inserter(out),
                   "<text class=\"value{}\" x=\"{:.1f}\" y=\"{:.1f}\" dy=\".35em\" text-anchor=\"middle\">{}</text>",
                   strong >= kStrong ? " on-strong" : "", left + side / 2, top + side / 2,
                   number(*time, *time >= 100 ? 3 : 2));
  return out;
}

std::string legend(const Layout& layout, const Strength& strength) {
  const double top = layout.frame.height - 36;
  const Range pixels{layout.frame.left, layout.frame.left + kLegendWidth};
  const Scale x = Scale::logarithmic(strength.range(), pixels);
  const double step = kLegendWidth / kLegendSteps;
  std::string out = "<g aria-hidden=\"true\">";
  for (int k = 0; k < kLegendSteps; ++k)
    fmt::format_to(std::back_inserter(out),
                   "<path class=\"heat\" fill-opacity=\"{:.2f}\" d=\"M{:.1f} {:g}h{:.1f}v10h-{:.1f}z\"/>",
                   kPalest + (1.0 - kPalest) * (k + 0.5) / kLegendSteps, pixels.low + k * step, top, step, step);
  const Range range = strength.range();
  for (const double time : {range.low, std::sqrt(range.low * range.high), range.high})
    fmt::format_to(std::back_inserter(out),
                   "<text class=\"note\" x=\"{:.1f}\" y=\"{:g}\" text-anchor=\"middle\">{}</text>", x(time), top + 25,
                   number(time, 2));
  return out + fmt::format("<text class=\"note\" x=\"{:g}\" y=\"{:g}\">µs</text></g>\n", pixels.high + 18, top + 25);
}

std::string draw(const LatencyRun& run, const PairTable& table, std::size_t index) {
  const Layout layout = layout_of(run);
  const Strength strength(table);
  const std::string what = fmt::format("{} of {}", escape(table.operation), byte_size(table.bytes));
  std::string svg = open_svg(layout.frame, fmt::format("pairs-{}", index),
                             fmt::format("Median latency of {} between all pairs", what),
                             "Initiators by row, targets by column. The table of all results has the numbers.");
  svg += rank_labels(run, layout);
  for (Index initiator = 0; initiator < run.ranks; ++initiator) {
    for (Index target = 0; target < run.ranks; ++target)
      if (initiator != target) svg += cell(run, table, layout, strength, {initiator, target});
    svg += '\n';
  }
  return svg + host_borders(run, layout) + legend(layout, strength) + "</svg>\n";
}

}  // namespace

std::vector<PairTable> pair_tables(const LatencyRun& run) {
  std::vector<const LatencyResult*> between_two;
  for (const LatencyResult& result : run.results)
    if (result.target) between_two.push_back(&result);
  if (between_two.empty()) return {};
  const std::vector<std::string_view> operations = operations_of(between_two);
  const bool has_put = std::find(operations.begin(), operations.end(), "put") != operations.end();
  const std::vector<const LatencyResult*> results = by_size(between_two, has_put ? "put" : operations.front());
  std::vector<PairTable> tables;
  for (const LatencyResult* extreme : {results.front(), results.back()}) {
    if (!tables.empty() && tables.front().bytes == extreme->bytes) continue;
    PairTable table{extreme->operation, extreme->bytes, run.ranks, {}};
    table.p50_us.resize(static_cast<std::size_t>(run.ranks * run.ranks));
    for (const LatencyResult* result : results)
      if (result->bytes == extreme->bytes)
        table.p50_us[static_cast<std::size_t>(result->initiator * run.ranks + *result->target)] = result->p50_us;
    tables.push_back(std::move(table));
  }
  return tables;
}

std::string pair_map_section(const LatencyRun& run) {
  if (run.pairs.size() < 2) return "";
  const std::vector<PairTable> tables = pair_tables(run);
  if (tables.empty()) return "";
  std::string out = "<section>\n<h2>Pairs</h2>\n<div class=\"maps\">\n";
  for (std::size_t k = 0; k < tables.size(); ++k)
    out += fmt::format("<figure style=\"flex-basis:{:g}px\">\n<h3>{} of {}</h3>\n{}</figure>\n",
                       layout_of(run).frame.width, escape(tables[k].operation), byte_size(tables[k].bytes),
                       draw(run, tables[k], k));
  const bool is_half = std::any_of(run.results.begin(), run.results.end(), [&](const LatencyResult& result) {
    return result.operation == tables.front().operation && result.is_half_round_trip;
  });
  const bool has_gaps = out.find("class=\"missing\"") != std::string::npos;
  return out +
         fmt::format(
             "</div>\n<p class=\"caption\">Medians in µs, {}, from the initiator (row, with its host) to the target "
             "(column), by rank. The colours follow the logarithm, each map on a scale of its own that spans a factor "
             "of "
             "two at least.{}</p>\n</section>\n",
             is_half ? "half a round trip" : "each the whole operation",
             has_gaps ? " Struck through: not measured." : "");
}

}  // namespace wolfpack::report
