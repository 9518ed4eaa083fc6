#include "experiments/report/pictures.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <iterator>
#include <variant>

#include <fmt/format.h>

#include "base/partition.hpp"
#include "base/status.hpp"
#include "experiments/report/plot.hpp"
#include "experiments/report/png.hpp"
#include "experiments/report/text.hpp"

namespace wolfpack::report {
namespace {

constexpr Index kMostPictures = 60;
/// Bounds the page: large pictures are shown in smaller numbers.
constexpr Index kMostPixels = 1'000'000;
/// Values read at a time from a file that cannot be entered in the middle: 128 MiB of float64.
constexpr Index kBlockValues = Index{1} << 24;

template <class Scalar>
std::vector<double> column_of(const DenseView<Scalar>& view, Index j) {
  const auto column = view.column(j);
  return {column.begin(), column.end()};
}

template <class Scalar>
std::vector<double> column_of(const SparseView<Scalar>& view, Index j) {
  std::vector<double> out(static_cast<std::size_t>(view.rows), 0.0);
  const auto at = static_cast<std::size_t>(j);
  const auto last = static_cast<std::size_t>(view.column_starts[at + 1]);
  for (auto k = static_cast<std::size_t>(view.column_starts[at]); k < last; ++k)
    out[static_cast<std::size_t>(view.row_indices[k])] = static_cast<double>(view.values[k]);
  return out;
}

/// The chosen columns in the order of the file. A plain .npy gives any column at once; text and gzipped files are read
/// from the start for every range, so there a range takes in as many columns as memory comfortably holds.
std::vector<ChosenPicture> load_chosen(const Run& run, const data::Dataset& dataset) {
  const bool random_access = run.data.ends_with(".npy");
  const Index most_columns = random_access ? 1 : std::max<Index>(1, kBlockValues / std::max<Index>(1, dataset.rows()));
  std::vector<ChosenPicture> chosen;
  chosen.reserve(run.coefficients.size());
  ColumnRange range;
  Matrix block;
  for (const Coefficient& coefficient : run.coefficients) {
    if (coefficient.column >= range.first + range.count) {
      range = {coefficient.column, std::min(most_columns, run.coefficients.back().column - coefficient.column + 1)};
      block = dataset.load(range);
    }
    const auto pixels = [&](const auto& matrix) { return column_of(matrix.view(), coefficient.column - range.first); };
    chosen.push_back({coefficient.column, coefficient.value, std::visit(pixels, block)});
  }
  return chosen;
}

std::uint8_t grey(double value, double black, double white) {
  const double share = white > black ? (value - black) / (white - black) : 0.0;
  return static_cast<std::uint8_t>(std::lround(255.0 * std::clamp(share, 0.0, 1.0)));
}

double largest(const std::vector<double>& values) {
  return values.empty() ? 0.0 : std::max(0.0, *std::max_element(values.begin(), values.end()));
}

/// `width` is on the page, in pixels; a picture's pixels stay squares.
std::string draw(const std::vector<double>& pixels, PictureShape shape, Range shades, double width,
                 std::string_view description) {
  std::vector<std::uint8_t> bytes;
  bytes.reserve(pixels.size());
  for (const double value : pixels) bytes.push_back(grey(value, shades.low, shades.high));
  const double height = width * static_cast<double>(shape.rows) / static_cast<double>(shape.columns);
  return fmt::format("<img src=\"{}\" width=\"{:.0f}\" height=\"{:.0f}\" alt=\"{}\" title=\"{}\"/>",
                     data_uri(encode_png({.pixels = bytes, .rows = shape.rows, .columns = shape.columns})), width,
                     std::max(1.0, std::round(height)), description, description);
}

std::string overview(const Pictures& pictures) {
  // One scale for target and reconstruction, so that they can be compared by eye; a difference of zero is the middle
  // grey of that scale.
  const double white = std::max(largest(pictures.target), largest(pictures.reconstruction));
  std::vector<double> difference = pictures.target;
  double squared = 0.0;
  double target_squared = 0.0;
  for (std::size_t k = 0; k < difference.size(); ++k) {
    difference[k] -= pictures.reconstruction[k];
    squared += difference[k] * difference[k];
    target_squared += pictures.target[k] * pictures.target[k];
  }
  const std::string error = target_squared > 0.0 ? percent(std::sqrt(squared / target_squared)) : "–";
  const auto cell = [&](const std::vector<double>& pixels, Range shades, std::string_view name, std::string_view note) {
    return fmt::format("<figure>{}<figcaption><b>{}</b><br/>{}</figcaption></figure>\n",
                       draw(pixels, pictures.shape, shades, 196, name), name, note);
  };
  return "<div class=\"overview\">\n" + cell(pictures.target, {0.0, white}, "Target", "the picture to explain") +
         cell(pictures.reconstruction, {0.0, white}, "Reconstruction", "the weighted sum below") +
         cell(difference, {-white, white}, "Difference", fmt::format("‖y − Aα‖ / ‖y‖ = {}", error)) + "</div>\n";
}

std::string terms(const Pictures& pictures) {
  std::string out = "<div class=\"terms\">\n<span class=\"lead\">reconstruction =</span>\n";
  for (std::size_t k = 0; k < pictures.chosen.size(); ++k) {
    const ChosenPicture& picture = pictures.chosen[k];
    const std::string_view sign = picture.weight < 0.0 ? "−" : k > 0 ? "+" : "";
    const std::string description = fmt::format("column {}, weight {}", picture.column, number(picture.weight, 4));
    fmt::format_to(std::back_inserter(out),
                   "<span class=\"term{}\"><span class=\"weight\">{} {} ×<small>column {}</small></span>{}</span>\n",
                   picture.weight < 0.0 ? " negative" : "", sign, number(std::abs(picture.weight), 3), picture.column,
                   draw(picture.pixels, pictures.shape, {0.0, largest(picture.pixels)}, 56, description));
  }
  if (pictures.left_out > 0)
    out += fmt::format("<span class=\"rest\">+ {} more, weights summing to {} in absolute value</span>\n",
                       count(pictures.left_out), number(pictures.left_out_weight, 3));
  if (pictures.chosen.empty()) out += "<span class=\"rest\">0: no picture was chosen</span>\n";
  return out + "</div>\n";
}

}  // namespace

PictureShape parse_picture_shape(std::string_view text) {
  const auto parse = [](std::string_view digits, Index& value) {
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
    return error == std::errc{} && end == digits.data() + digits.size() && value >= 1 && value <= 1 << 20;
  };
  const std::size_t cross = text.find('x');
  PictureShape shape;
  if (cross == std::string_view::npos || !parse(text.substr(0, cross), shape.rows) ||
      !parse(text.substr(cross + 1), shape.columns))
    throw InputError(fmt::format("--picture-shape {}: accepted: ROWSxCOLUMNS, for example 28x28", text));
  return shape;
}

void check_picture_shape(PictureShape shape, Index rows) {
  const Index pixels = shape.rows * shape.columns;
  if (pixels == rows) return;
  throw InputError(
      fmt::format("--picture-shape {}x{}: {} pixels, and the columns have {} rows; accepted: ROWSxCOLUMNS of {} pixels",
                  shape.rows, shape.columns, pixels, rows, rows));
}

Pictures load_pictures(const Run& run, PictureShape shape) {
  if (run.data.empty()) throw InputError("result.json does not say which data the run had");
  return load_pictures(run, shape, data::Dataset::open({.data = run.data, .target = run.target}));
}

Pictures load_pictures(const Run& run, PictureShape shape, const data::Dataset& dataset) {
  const Index pixels = shape.rows * shape.columns;
  if (pixels != dataset.rows())
    throw InputError(fmt::format("{}: {} rows are no pictures of {} x {} pixels", run.data, dataset.rows(), shape.rows,
                                 shape.columns));
  if (!run.coefficients.empty() && run.coefficients.back().column >= dataset.columns())
    throw InputError(fmt::format("{}: has {} columns, but the run chose column {}", run.data, dataset.columns(),
                                 run.coefficients.back().column));
  Pictures pictures;
  pictures.shape = shape;
  pictures.target = dataset.target();
  pictures.reconstruction.assign(pictures.target.size(), 0.0);
  pictures.chosen = load_chosen(run, dataset);
  for (const ChosenPicture& picture : pictures.chosen) {
    for (std::size_t k = 0; k < picture.pixels.size(); ++k)
      pictures.reconstruction[k] += picture.weight * picture.pixels[k];
  }
  std::stable_sort(pictures.chosen.begin(), pictures.chosen.end(), [](const ChosenPicture& a, const ChosenPicture& b) {
    return std::abs(a.weight) > std::abs(b.weight);
  });
  const auto shown = static_cast<std::size_t>(std::clamp<Index>(kMostPixels / pixels, 4, kMostPictures));
  for (std::size_t k = shown; k < pictures.chosen.size(); ++k) {
    ++pictures.left_out;
    pictures.left_out_weight += std::abs(pictures.chosen[k].weight);
  }
  if (pictures.chosen.size() > shown) pictures.chosen.resize(shown);
  return pictures;
}

std::string pictures_section(const Pictures& pictures) {
  std::string out = "<section>\n<h2>Pictures</h2>\n";
  if (!pictures.unavailable.empty())
    return out + fmt::format("<p>The pictures could not be drawn: {}.</p>\n</section>\n", escape(pictures.unavailable));
  return out + overview(pictures) + terms(pictures) + "</section>\n";
}

}  // namespace wolfpack::report
