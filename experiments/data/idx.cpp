#include "experiments/data/idx.hpp"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "experiments/data/input_file.hpp"

namespace wolfpack::data {
namespace {

IdxShape read_shape(InputFile& file) {
  std::array<unsigned char, 16> bytes{};
  const bool whole = file.read(bytes.data(), bytes.size()) == bytes.size();
  const auto word = [&](std::size_t i) {
    return Index{bytes[4 * i]} << 24 | Index{bytes[4 * i + 1]} << 16 | Index{bytes[4 * i + 2]} << 8 |
           Index{bytes[4 * i + 3]};
  };
  if (!whole || word(0) != 0x0803) {
    refuse(file.path(), "does not begin like IDX pictures; expected 00 00 08 03 and three lengths");
  }
  const IdxShape shape{word(1), word(2), word(3)};
  constexpr Index kLargestSide = 1 << 14;
  const bool sane = shape.count >= 1 && shape.count <= kLargestDimension && shape.rows >= 1 &&
                    shape.rows <= kLargestSide && shape.columns >= 1 && shape.columns <= kLargestSide;
  const auto fits = [&] {
    return shape.count * shape.pixels() / 1032 <= static_cast<Index>(file.stored_bytes());
  };  // deflate's best
  if (!sane || !fits()) {
    refuse(file.path(), fmt::format("promises {} pictures of {} x {}; expected a shape that fits the file", shape.count,
                                    shape.rows, shape.columns));
  }
  return shape;
}

}  // namespace

IdxShape read_idx_shape(const std::string& path) {
  InputFile file(path);
  return read_shape(file);
}

IdxPictures read_idx_pictures(const std::string& path) {
  InputFile file(path);
  IdxPictures pictures{read_shape(file), {}};
  const auto bytes = static_cast<std::size_t>(pictures.shape.count * pictures.shape.pixels());
  pictures.pixels.resize(bytes + 1);  // one more, to see whether the file ends
  if (const std::size_t got = file.read(pictures.pixels.data(), bytes + 1); got != bytes) {
    refuse(path, fmt::format("has {} bytes of pixels{}; expected {}", std::min(got, bytes),
                             got > bytes ? " and more" : "", bytes));
  }
  pictures.pixels.resize(bytes);
  return pictures;
}

}  // namespace wolfpack::data
