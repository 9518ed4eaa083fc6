// Small grey pictures as text that a page can carry: PNG in memory, base64, data URIs.
//
// Pure functions, safe from any thread.
//
//     page += fmt::format("<img src=\"{}\">", data_uri(encode_png({.pixels = grey, .rows = 28, .columns = 28})));
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "base/types.hpp"

namespace wolfpack::report {

/// 8-bit grey, row by row from the top left; 0 is black. pixels.size() == rows * columns. Does not own.
struct GreyImage {
  std::span<const std::uint8_t> pixels;
  Index rows = 0;
  Index columns = 0;
};

/// The bytes of a PNG file (ISO/IEC 15948: grey, depth 8, no filter, no interlace). Throws std::invalid_argument where
/// the shape is empty or does not fit the pixels.
[[nodiscard]] std::string encode_png(const GreyImage& image);

/// RFC 4648, with padding, without line breaks.
[[nodiscard]] std::string base64(std::string_view bytes);

/// data:image/png;base64,...
[[nodiscard]] std::string data_uri(std::string_view png);

}  // namespace wolfpack::report
