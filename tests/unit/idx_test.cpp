#include "experiments/data/idx.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/matrices.hpp"
#include "tests/support/scratch_directory.hpp"

namespace wolfpack::data {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using namespace wolfpack::testing;

/// Three pictures of 1 x 2.
const std::string kPictures("\0\0\x08\x03\0\0\0\3\0\0\0\1\0\0\0\2\x01\x02\x03\x04\xff\x00", 22);

TEST(Idx, ReadsPicturesPlainAndGzipped) {
  const ScratchDirectory scratch;
  for (const std::string& path : {scratch.write("i", kPictures), scratch.write_gzipped("i.gz", kPictures)}) {
    const IdxShape shape = read_idx_shape(path);
    EXPECT_EQ(shape.count, 3);
    EXPECT_EQ(shape.pixels(), 2);
    const IdxPictures pictures = read_idx_pictures(path);
    EXPECT_THAT(pictures.picture(0), ElementsAre(1, 2));
    EXPECT_THAT(pictures.picture(2), ElementsAre(255, 0));
  }
}

TEST(Idx, RefusesOtherFiles) {
  const ScratchDirectory scratch;
  const auto refusal = [&](std::string_view bytes) {
    return input_error([&] { static_cast<void>(read_idx_pictures(scratch.write("i", bytes))); });
  };
  EXPECT_THAT(refusal(kPictures.substr(0, 21)), HasSubstr("/i: has 5 bytes of pixels; expected 6"));
  EXPECT_THAT(refusal(kPictures + "x"), HasSubstr("/i: has 6 bytes of pixels and more; expected 6"));
  EXPECT_THAT(refusal(kPictures.substr(0, 15)),
              HasSubstr("/i: does not begin like IDX pictures; expected 00 00 08 03"));
  std::string labels = kPictures;
  labels[3] = 1;
  EXPECT_THAT(refusal(labels), HasSubstr("/i: does not begin like IDX pictures"));
  std::string huge = kPictures;
  huge[4] = '\x7f';
  EXPECT_THAT(refusal(huge),
              HasSubstr("/i: promises 2130706435 pictures of 1 x 2; expected a shape that fits the file"));
  std::string none = kPictures;
  none[7] = 0;
  EXPECT_THAT(refusal(none), HasSubstr("/i: promises 0 pictures"));
}

}  // namespace
}  // namespace wolfpack::data
