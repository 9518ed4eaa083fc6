// Pictures in the IDX format of MNIST and Fashion-MNIST (train-images-idx3-ubyte), plain or gzipped.
//
// Big-endian: the magic 0x00000803, three lengths (pictures, rows, columns), then a byte a pixel, picture after
// picture.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/types.hpp"

namespace wolfpack::data {

struct IdxShape {
  Index count = 0;
  Index rows = 0;
  Index columns = 0;
  [[nodiscard]] Index pixels() const { return rows * columns; }
};

struct IdxPictures {
  IdxShape shape;
  std::vector<std::uint8_t> pixels;  ///< count x rows x columns

  [[nodiscard]] std::span<const std::uint8_t> picture(Index i) const {
    return std::span(pixels).subspan(static_cast<std::size_t>(i * shape.pixels()),
                                     static_cast<std::size_t>(shape.pixels()));
  }
};

/// The first 16 bytes only. Throws InputError.
[[nodiscard]] IdxShape read_idx_shape(const std::string& path);
/// The whole file. Throws InputError.
[[nodiscard]] IdxPictures read_idx_pictures(const std::string& path);

}  // namespace wolfpack::data
