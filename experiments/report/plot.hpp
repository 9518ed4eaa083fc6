// What the page's charts share: scales, ticks, axes, thinning. Inline SVG text; colours come from the page's style
// sheet by class name.
//
// Pure functions and plain values, safe from any thread. Pixels are the units of the SVG's view box; y grows downwards.
//
//     Frame frame{.height = 300};
//     Scale x = Scale::linear({0, 2.5}, frame.x_pixels());
//     out += open_svg(frame, "gap", "Convergence", "...") + x_axis(frame, x, labelled(linear_ticks({0, 2.5}, 8)),
//     "seconds");
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace wolfpack::report {

struct Range {
  double low = 0.0;
  double high = 1.0;
};

struct Point {
  double x = 0.0;
  double y = 0.0;
};

/// From values to pixels.
class Scale {
 public:
  /// An empty range of values is widened, so that its one value lies in the middle.
  [[nodiscard]] static Scale linear(Range values, Range pixels);
  /// Values > 0, by their decimal logarithm. What is not positive lands on the low end.
  [[nodiscard]] static Scale logarithmic(Range values, Range pixels);

  [[nodiscard]] double operator()(double value) const;

 private:
  Scale(Range values, Range pixels, bool by_logarithm)
      : values_(values), pixels_(pixels), by_logarithm_(by_logarithm) {}

  Range values_;  ///< logarithms where by_logarithm_
  Range pixels_;
  bool by_logarithm_;
};

/// Multiples of 1, 2 or 5 times a power of ten within `range`, about so many. At least one for a non-empty range.
[[nodiscard]] std::vector<double> linear_ticks(Range range, int about);

/// Exponents of the powers of ten within `range` (positive values), every one or, where they are more than `at_most`,
/// those divisible by 2, 3 and so on.
[[nodiscard]] std::vector<int> decade_ticks(Range range, int at_most);

struct Tick {
  double value = 0.0;
  std::string label;
};

/// Evenly spaced ticks with as many decimals as their distance needs.
[[nodiscard]] std::vector<Tick> labelled(std::span<const double> ticks);
[[nodiscard]] std::vector<Tick> labelled_decades(std::span<const int> exponents);

/// `values` (positive), widened to 1, 2 or 5 times a power of ten on either side.
[[nodiscard]] Range rounded_outwards(Range values);
/// Labelled powers of ten within `range`; where they are few, 2 and 5 times them too.
[[nodiscard]] std::vector<Tick> logarithmic_ticks(Range range, int at_most);

/// Moves places apart until they are at least `distance` from each other, as little as may be, within `range` if they
/// have room there. In the order they were given.
[[nodiscard]] std::vector<double> spread(std::span<const double> wanted, double distance, Range range);

/// The unit for a time axis that reaches `seconds`.
struct TimeUnit {
  double per_second = 1.0;
  std::string_view name = "seconds";
};
[[nodiscard]] TimeUnit time_unit(double seconds);

/// Of points with increasing x, the first, lowest, highest and last in each pixel column: the drawn line stays the
/// same.
[[nodiscard]] std::vector<Point> thin(std::span<const Point> points, const Scale& x);

/// The drawing area and its margins, in pixels.
struct Frame {
  double width = 960.0;
  double height = 300.0;
  double left = 64.0;
  double right = 20.0;
  double top = 14.0;
  double bottom = 46.0;

  [[nodiscard]] Range x_pixels() const { return {left, width - right}; }
  [[nodiscard]] Range y_pixels() const { return {height - bottom, top}; }
};

/// `title` and `description` are read aloud in place of the drawing; `id` is unique in the page. Close with </svg>.
[[nodiscard]] std::string open_svg(const Frame& frame, std::string_view id, std::string_view title,
                                   std::string_view description);
[[nodiscard]] std::string x_axis(const Frame& frame, const Scale& scale, std::span<const Tick> ticks,
                                 std::string_view title);
[[nodiscard]] std::string y_axis(const Frame& frame, const Scale& scale, std::span<const Tick> ticks,
                                 std::string_view title);

}  // namespace wolfpack::report
