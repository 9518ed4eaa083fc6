#include "experiments/report/png.hpp"

#include <stdexcept>
#include <vector>

#include <zlib.h>

namespace wolfpack::report {
namespace {

void append_big_endian(std::string& out, std::uint32_t value) {
  for (int shift = 24; shift >= 0; shift -= 8) out += static_cast<char>((value >> shift) & 0xffU);
}

/// Length, type, content, and the checksum of type and content.
void append_chunk(std::string& out, std::string_view type, std::string_view content) {
  append_big_endian(out, static_cast<std::uint32_t>(content.size()));
  std::string body(type);
  body += content;
  out += body;
  const uLong checksum = crc32(0, reinterpret_cast<const Bytef*>(body.data()), static_cast<uInt>(body.size()));
  append_big_endian(out, static_cast<std::uint32_t>(checksum));
}

std::string deflated(std::span<const std::uint8_t> raw) {
  uLongf size = compressBound(static_cast<uLong>(raw.size()));
  std::string out(size, '\0');
  if (compress2(reinterpret_cast<Bytef*>(out.data()), &size, raw.data(), static_cast<uLong>(raw.size()),
                Z_BEST_COMPRESSION) != Z_OK)
    throw std::runtime_error("zlib could not compress a picture");
  out.resize(size);
  return out;
}

}  // namespace

std::string encode_png(const GreyImage& image) {
  if (image.rows <= 0 || image.columns <= 0 || image.rows > 1 << 20 || image.columns > 1 << 20 ||
      image.pixels.size() != static_cast<std::size_t>(image.rows * image.columns))
    throw std::invalid_argument("a picture's shape does not fit its pixels");
  const auto width = static_cast<std::size_t>(image.columns);
  std::vector<std::uint8_t> scanlines;
  scanlines.reserve(image.pixels.size() + static_cast<std::size_t>(image.rows));
  for (std::size_t at = 0; at < image.pixels.size(); at += width) {
    scanlines.push_back(0);  // each line names its filter: none
    const auto line = image.pixels.subspan(at, width);
    scanlines.insert(scanlines.end(), line.begin(), line.end());
  }
  std::string header;
  append_big_endian(header, static_cast<std::uint32_t>(image.columns));
  append_big_endian(header, static_cast<std::uint32_t>(image.rows));
  header += std::string("\x08\x00\x00\x00\x00", 5);  // depth 8, grey, deflate, adaptive filters, not interlaced
  std::string png = "\x89PNG\r\n\x1a\n";
  append_chunk(png, "IHDR", header);
  append_chunk(png, "IDAT", deflated(scanlines));
  append_chunk(png, "IEND", "");
  return png;
}

std::string base64(std::string_view bytes) {
  static constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  out.reserve((bytes.size() + 2) / 3 * 4);
  for (std::size_t at = 0; at < bytes.size(); at += 3) {
    const std::size_t left = bytes.size() - at;
    std::uint32_t group = 0;
    for (std::size_t k = 0; k < 3; ++k)
      group = group << 8 | (k < left ? static_cast<unsigned char>(bytes[at + k]) : 0U);
    for (std::size_t k = 0; k < 4; ++k) out += k <= left ? kAlphabet[group >> (18 - 6 * k) & 63U] : '=';
  }
  return out;
}

std::string data_uri(std::string_view png) { return "data:image/png;base64," + base64(png); }

}  // namespace wolfpack::report
