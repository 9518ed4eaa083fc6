#include "base/bytes.hpp"

#include <gtest/gtest.h>

namespace wolfpack {
namespace {

TEST(Bytes, ComeBackInTheOrderInWhichTheyWereWritten) {
  const std::vector<double> doubles{1.5, -2.0, 0.0};
  const Bytes blob{std::byte{1}, std::byte{2}};
  Bytes out;
  ByteWriter writer(out);
  writer.value(std::uint64_t{7});
  writer.value('x');
  writer.array(std::span(doubles));
  writer.text("wolf");
  writer.blob(blob);
  writer.text("");
  ByteReader reader(out);
  EXPECT_EQ(reader.value<std::uint64_t>(), 7u);
  EXPECT_EQ(reader.value<char>(), 'x');
  EXPECT_EQ(reader.array<double>(3), doubles);
  EXPECT_EQ(reader.text(), "wolf");
  const auto got = reader.blob();
  EXPECT_EQ(Bytes(got.begin(), got.end()), blob);
  EXPECT_EQ(reader.text(), "");
  EXPECT_TRUE(reader.rest().empty());
}

TEST(Bytes, AreWrittenWithoutPaddingAndLittleEndian) {
  Bytes out;
  ByteWriter writer(out);
  writer.value(char{1});
  writer.value(std::uint32_t{0x04030201});
  EXPECT_EQ(out, (Bytes{std::byte{1}, std::byte{1}, std::byte{2}, std::byte{3}, std::byte{4}}));
}

TEST(Bytes, AnAppendingWriterKeepsWhatIsThere) {
  Bytes out{std::byte{9}};
  ByteWriter(out).value(std::uint8_t{8});
  EXPECT_EQ(out, (Bytes{std::byte{9}, std::byte{8}}));
}

TEST(Bytes, ReadingPastTheEndThrows) {
  const Bytes seven(7, std::byte{1});
  EXPECT_THROW((void)ByteReader(seven).value<std::uint64_t>(), RuntimeFailure);
  EXPECT_THROW((void)ByteReader(seven).array<std::uint32_t>(2), RuntimeFailure);
  EXPECT_THROW((void)ByteReader(seven).blob(), RuntimeFailure);
  ByteReader reader(seven);
  (void)reader.array<char>(7);
  EXPECT_THROW((void)reader.value<char>(), RuntimeFailure);
}

TEST(Bytes, AnAbsurdLengthIsRefusedAndNotAllocated) {
  Bytes out;
  ByteWriter(out).value(~std::uint64_t{0});
  EXPECT_THROW((void)ByteReader(out).blob(), RuntimeFailure);
  EXPECT_THROW((void)ByteReader(out).text(), RuntimeFailure);
  EXPECT_THROW((void)ByteReader(out).array<double>(~std::size_t{0} / 4), RuntimeFailure);
}

TEST(Bytes, NothingIsAValidArray) {
  EXPECT_TRUE(ByteReader({}).array<double>(0).empty());
  EXPECT_TRUE(ByteReader({}).rest().empty());
}

}  // namespace
}  // namespace wolfpack
