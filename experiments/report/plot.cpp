#include "experiments/report/plot.hpp"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <numeric>

#include <fmt/format.h>

#include "experiments/report/text.hpp"

namespace wolfpack::report {
namespace {

Range widened(Range range) {
  if (range.high > range.low) return range;
  const double margin = range.low == 0.0 ? 1.0 : std::abs(range.low) / 2;
  return {range.low - margin, range.low + margin};
}

}  // namespace

Scale Scale::linear(Range values, Range pixels) { return {widened(values), pixels, false}; }

Scale Scale::logarithmic(Range values, Range pixels) {
  return {widened({std::log10(values.low), std::log10(values.high)}), pixels, true};
}

double Scale::operator()(double value) const {
  if (by_logarithm_) value = value > 0.0 ? std::max(std::log10(value), values_.low) : values_.low;
  return pixels_.low + (value - values_.low) / (values_.high - values_.low) * (pixels_.high - pixels_.low);
}

std::vector<double> linear_ticks(Range range, int about) {
  range = widened(range);
  const double rough = (range.high - range.low) / about;
  const double power = std::pow(10.0, std::floor(std::log10(rough)));
  const double lead = rough / power;
  const double step = power * (lead <= 1.0 ? 1.0 : lead <= 2.0 ? 2.0 : lead <= 5.0 ? 5.0 : 10.0);
  std::vector<double> ticks;
  const double slack = step * 1e-9;
  const auto first = std::ceil((range.low - slack) / step);
  const auto last = std::floor((range.high + slack) / step);
  for (double k = first; k <= last; ++k) ticks.push_back(k * step);
  return ticks;
}

std::vector<int> decade_ticks(Range range, int at_most) {
  const int low = static_cast<int>(std::ceil(std::log10(range.low) - 1e-9));
  const int high = static_cast<int>(std::floor(std::log10(range.high) + 1e-9));
  const int stride = std::max(1, (high - low + at_most) / at_most);
  std::vector<int> exponents;
  for (int exponent = low; exponent <= high; ++exponent) {
    if (exponent % stride == 0) exponents.push_back(exponent);
  }
  return exponents;
}

std::vector<Tick> labelled(std::span<const double> ticks) {
  const double step = ticks.size() > 1 ? ticks[1] - ticks[0] : 1.0;
  const int decimals = std::max(0, static_cast<int>(-std::floor(std::log10(step) + 1e-9)));
  std::vector<Tick> out;
  for (const double value : ticks) {
    if (decimals > 5 || std::abs(value) >= 1e7)
      out.push_back({value, number(value, 3)});
    else if (decimals == 0)
      out.push_back({value, count(std::llround(value))});
    else
      out.push_back({value, (value < 0 ? "\u2212" : "") + fmt::format("{:.{}f}", std::abs(value), decimals)});
  }
  return out;
}

std::vector<Tick> labelled_decades(std::span<const int> exponents) {
  std::vector<Tick> out;
  for (const int exponent : exponents)
    out.push_back({std::pow(10.0, exponent), exponent == 0 ? "1" : power_of_ten(exponent)});
  return out;
}

Range rounded_outwards(Range values) {
  const auto round = [](double value, bool up) {
    const double power = std::pow(10.0, std::floor(std::log10(value) + 1e-9));
    const double lead = value / power;
    if (up) return power * (lead <= 1.0 + 1e-9 ? 1.0 : lead <= 2.0 ? 2.0 : lead <= 5.0 ? 5.0 : 10.0);
    return power * (lead >= 5.0 ? 5.0 : lead >= 2.0 ? 2.0 : 1.0);
  };
  return {round(values.low, false), round(values.high, true)};
}

std::vector<Tick> logarithmic_ticks(Range range, int at_most) {
  const double decades = std::log10(range.high / range.low);
  std::vector<Tick> out;
  const auto add = [&](double value) {
    if (value < range.low * (1 - 1e-9) || value > range.high * (1 + 1e-9)) return;
    out.push_back({value, value >= 1e4 && value < 1e7 ? count(std::llround(value)) : trimmed(value, 1)});
  };
  if (3 * decades > at_most) {
    for (const int exponent : decade_ticks(range, at_most)) add(std::pow(10.0, exponent));
    return out;
  }
  const int last = static_cast<int>(std::floor(std::log10(range.high) + 1e-9));
  for (int exponent = static_cast<int>(std::floor(std::log10(range.low) + 1e-9)); exponent <= last; ++exponent)
    for (const double lead : {1.0, 2.0, 5.0}) add(lead * std::pow(10.0, exponent));
  return out;
}

std::vector<double> spread(std::span<const double> wanted, double distance, Range range) {
  std::vector<std::size_t> order(wanted.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return wanted[a] < wanted[b]; });
  // Neighbours that touch become one group, which sits where its members want to be on average.
  struct Group {
    double first;  ///< the place of its first member
    std::vector<std::size_t> members;
  };
  const auto last_of = [&](const Group& group) {
    return group.first + distance * static_cast<double>(group.members.size() - 1);
  };
  const auto settle = [&](Group& group) {
    double sum = 0.0;
    for (std::size_t k = 0; k < group.members.size(); ++k)
      sum += wanted[group.members[k]] - distance * static_cast<double>(k);
    const double length = distance * static_cast<double>(group.members.size() - 1);
    group.first = std::max(range.low, std::min(sum / static_cast<double>(group.members.size()), range.high - length));
  };
  std::vector<Group> groups;
  for (const std::size_t member : order) {
    groups.push_back({0.0, {member}});
    settle(groups.back());
    while (groups.size() > 1 && groups.back().first < last_of(groups[groups.size() - 2]) + distance) {
      const Group merged = std::move(groups.back());
      groups.pop_back();
      groups.back().members.insert(groups.back().members.end(), merged.members.begin(), merged.members.end());
      settle(groups.back());
    }
  }
  std::vector<double> out(wanted.size());
  for (const Group& group : groups)
    for (std::size_t k = 0; k < group.members.size(); ++k)
      out[group.members[k]] = group.first + distance * static_cast<double>(k);
  return out;
}

TimeUnit time_unit(double seconds) {
  if (seconds >= 1.0 || seconds <= 0.0) return {1.0, "seconds"};
  if (seconds >= 1e-3) return {1e3, "milliseconds"};
  return {1e6, "microseconds"};
}

std::vector<Point> thin(std::span<const Point> points, const Scale& x) {
  std::vector<Point> out;
  for (std::size_t first = 0; first < points.size();) {
    const double pixel = std::floor(x(points[first].x));
    std::size_t last = first;
    while (last + 1 < points.size() && std::floor(x(points[last + 1].x)) == pixel) ++last;
    const auto begin = points.begin() + static_cast<std::ptrdiff_t>(first);
    const auto [lowest, highest] = std::minmax_element(begin, points.begin() + static_cast<std::ptrdiff_t>(last) + 1,
                                                       [](const Point& a, const Point& b) { return a.y < b.y; });
    std::vector<std::size_t> kept{first, static_cast<std::size_t>(lowest - points.begin()),
                                  static_cast<std::size_t>(highest - points.begin()), last};
    std::sort(kept.begin(), kept.end());
    kept.erase(std::unique(kept.begin(), kept.end()), kept.end());
    for (const std::size_t at : kept) out.push_back(points[at]);
    first = last + 1;
  }
  return out;
}

std::string open_svg(const Frame& frame, std::string_view id, std::string_view title, std::string_view description) {
  return fmt::format(
      "<svg viewBox=\"0 0 {:g} {:g}\" style=\"max-width:{:g}px\" role=\"img\" aria-labelledby=\"{}-title "
      "{}-description\">"
      "<title id=\"{}-title\">{}</title><desc id=\"{}-description\">{}</desc>\n",
      frame.width, frame.height, frame.width, id, id, id, title, id, description);
}

std::string x_axis(const Frame& frame, const Scale& scale, std::span<const Tick> ticks, std::string_view title) {
  const double bottom = frame.height - frame.bottom;
  std::string out = "<g class=\"axis\" aria-hidden=\"true\">";
  for (const Tick& tick : ticks)
    fmt::format_to(std::back_inserter(out),
                   "<path d=\"M{0:.1f} {1:g}v5\"/><text x=\"{0:.1f}\" y=\"{2:g}\" text-anchor=\"middle\">{3}</text>",
                   scale(tick.value), bottom, bottom + 19, tick.label);
  fmt::format_to(std::back_inserter(out),
                 "<path d=\"M{:g} {:g}H{:g}\"/><text class=\"axis-title\" x=\"{:g}\" y=\"{:g}\" "
                 "text-anchor=\"middle\">{}</text></g>\n",
                 frame.left, bottom, frame.width - frame.right, (frame.left + frame.width - frame.right) / 2,
                 bottom + 39, title);
  return out;
}

std::string y_axis(const Frame& frame, const Scale& scale, std::span<const Tick> ticks, std::string_view title) {
  std::string out = "<g class=\"axis\" aria-hidden=\"true\">";
  for (const Tick& tick : ticks)
    fmt::format_to(std::back_inserter(out),
                   "<path class=\"grid\" d=\"M{0:g} {1:.1f}H{2:g}\"/><text x=\"{3:g}\" y=\"{1:.1f}\" dy=\".33em\" "
                   "text-anchor=\"end\">{4}</text>",
                   frame.left, scale(tick.value), frame.width - frame.right, frame.left - 8, tick.label);
  fmt::format_to(
      std::back_inserter(out),
      "<text class=\"axis-title\" transform=\"translate(13 {:g}) rotate(-90)\" text-anchor=\"middle\">{}</text></g>\n",
      (frame.top + frame.height - frame.bottom) / 2, title);
  return out;
}

}  // namespace wolfpack::report
