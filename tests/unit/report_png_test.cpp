#include <numeric>
#include <stdexcept>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <zlib.h>

#include "experiments/report/png.hpp"

namespace wolfpack::report {
namespace {

std::uint32_t big_endian(std::string_view bytes) {
  std::uint32_t value = 0;
  for (const char c : bytes.substr(0, 4)) value = value << 8 | static_cast<unsigned char>(c);
  return value;
}

struct Chunk {
  std::string type;
  std::string content;
};

/// Checks every chunk's checksum on the way.
std::vector<Chunk> chunks_of(std::string_view png) {
  std::vector<Chunk> chunks;
  for (std::size_t at = 8; at < png.size();) {
    const std::size_t size = big_endian(png.substr(at));
    const std::string_view body = png.substr(at + 4, 4 + size);
    EXPECT_EQ(big_endian(png.substr(at + 8 + size)),
              crc32(0, reinterpret_cast<const Bytef*>(body.data()), static_cast<uInt>(body.size())));
    chunks.push_back({std::string(body.substr(0, 4)), std::string(body.substr(4))});
    at += 12 + size;
  }
  return chunks;
}

TEST(ReportPng, InflatesToTheLinesThatWentIn) {
  std::vector<std::uint8_t> pixels(3 * 5);
  std::iota(pixels.begin(), pixels.end(), std::uint8_t{245});  // wraps around: both ends of the scale
  const std::string png = encode_png({.pixels = pixels, .rows = 3, .columns = 5});
  EXPECT_EQ(png.substr(0, 8), "\x89PNG\r\n\x1a\n");
  const std::vector<Chunk> chunks = chunks_of(png);
  ASSERT_EQ(chunks.size(), 3u);
  EXPECT_EQ(chunks[0].type, "IHDR");
  EXPECT_EQ(chunks[0].content, std::string("\0\0\0\5\0\0\0\3\x08\0\0\0\0", 13));
  EXPECT_EQ(chunks[2].type, "IEND");

  std::vector<std::uint8_t> lines(100);
  uLongf size = lines.size();
  ASSERT_EQ(uncompress(lines.data(), &size, reinterpret_cast<const Bytef*>(chunks[1].content.data()),
                       static_cast<uLong>(chunks[1].content.size())),
            Z_OK);
  ASSERT_EQ(size, 3u * (1 + 5));
  for (std::size_t row = 0; row < 3; ++row) {
    EXPECT_EQ(lines[row * 6], 0);
    for (std::size_t column = 0; column < 5; ++column)
      EXPECT_EQ(lines[row * 6 + 1 + column], pixels[row * 5 + column]) << row << ", " << column;
  }
}

TEST(ReportPng, RefusesAShapeThatDoesNotFit) {
  const std::vector<std::uint8_t> pixels(6);
  EXPECT_THROW((void)encode_png({.pixels = pixels, .rows = 2, .columns = 2}), std::invalid_argument);
  EXPECT_THROW((void)encode_png({.pixels = {}, .rows = 0, .columns = 4}), std::invalid_argument);
}

TEST(ReportPng, EncodesBase64AsTheStandardSays) {
  // RFC 4648, section 10.
  EXPECT_EQ(base64(""), "");
  EXPECT_EQ(base64("f"), "Zg==");
  EXPECT_EQ(base64("fo"), "Zm8=");
  EXPECT_EQ(base64("foo"), "Zm9v");
  EXPECT_EQ(base64("foobar"), "Zm9vYmFy");
  EXPECT_EQ(base64("\xff\xfe\xfb"), "//77");
}

}  // namespace
}  // namespace wolfpack::report
