// Where the columns are pictures: the target, what the coefficients make of it, and the pictures they chose.
//
// load_pictures() opens the run's data set and keeps a copy of what is drawn; the rest is pure. Safe from any thread.
//
//     Pictures pictures = load_pictures(run, parse_picture_shape("28x28"));
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "experiments/data/dataset.hpp"
#include "experiments/report/run.hpp"

namespace wolfpack::report {

/// Pixels; row by row from the top left in a column of the data set.
struct PictureShape {
  Index rows = 0;
  Index columns = 0;
};

struct ChosenPicture {
  Index column = 0;
  double weight = 0.0;
  std::vector<double> pixels;
};

struct Pictures {
  PictureShape shape;
  std::string
      unavailable;  ///< why there is nothing to draw; empty where there is, and then the vectors below are filled
  std::vector<double> target;
  std::vector<double> reconstruction;  ///< A alpha, not clipped
  std::vector<ChosenPicture> chosen;   ///< largest |weight| first, the first so many
  Index left_out = 0;                  ///< chosen pictures beyond those
  double left_out_weight = 0.0;        ///< sum of their |weight|
};

/// "28x28": rows x columns, both at least 1. Throws InputError.
[[nodiscard]] PictureShape parse_picture_shape(std::string_view text);

/// Throws InputError where columns of so many rows are no pictures of that shape.
void check_picture_shape(PictureShape shape, Index rows);

/// Reads the chosen columns. Throws InputError where the data set cannot be read, or its rows are not
/// shape's pixels.
[[nodiscard]] Pictures load_pictures(const Run& run, PictureShape shape);
[[nodiscard]] Pictures load_pictures(const Run& run, PictureShape shape, const data::Dataset& dataset);

/// The section's HTML.
[[nodiscard]] std::string pictures_section(const Pictures& pictures);

}  // namespace wolfpack::report
