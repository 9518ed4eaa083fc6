#include "base/words.hpp"

#include <algorithm>
#include <atomic>
#include <cstring>
#include <numeric>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "base/types.hpp"

namespace wolfpack {
namespace {

/// Copies are by words, by blocks of the widest registers, or by one instruction: a size of each.
constexpr std::size_t kWords = 32, kBlocks = 1000, kString = 64 * 1024;

alignas(64) std::byte memory[kString + 1024];

Bytes numbered(std::size_t size) {
  Bytes bytes(size);
  for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<std::byte>(i % 251 + 1);
  return bytes;
}

TEST(Words, AStoredWordIsLoaded) {
  store_word(memory + 16, 0x0123456789abcdef);
  EXPECT_EQ(load_word(memory + 16), 0x0123456789abcdefu);
  EXPECT_EQ(memory[16], std::byte{0xef});
}

void expect_exact_copies(std::size_t offset, std::size_t size) {
  SCOPED_TRACE(::testing::Message() << size << " bytes at " << offset);
  std::fill(std::begin(memory), std::end(memory), std::byte{0xaa});
  const Bytes source = numbered(size);
  store_shared(memory + offset, source);
  const auto is_untouched = [](std::byte byte) { return byte == std::byte{0xaa}; };
  EXPECT_TRUE(std::all_of(memory, memory + offset, is_untouched));
  EXPECT_TRUE(std::equal(source.begin(), source.end(), memory + offset));
  EXPECT_TRUE(std::all_of(memory + offset + size, std::end(memory), is_untouched));
  Bytes back(size + 2, std::byte{0x55});
  load_shared(std::span(back).subspan(1, size), memory + offset);
  EXPECT_TRUE(std::equal(source.begin(), source.end(), back.begin() + 1));
  EXPECT_EQ(back.front(), std::byte{0x55});
  EXPECT_EQ(back.back(), std::byte{0x55});
}

TEST(Words, CopiesOfAnySizeAndAlignmentTouchNothingElse) {
  for (std::size_t offset = 32; offset < 50; ++offset)
    for (std::size_t size = 0; size < 60; ++size) expect_exact_copies(offset, size);
  for (const std::size_t offset : {64, 65, 72, 79, 127})
    for (const std::size_t size : {127, 128, 129, 191, 200, 1003, 4096, 32767, 32768, 32769, 32775, 65536})
      expect_exact_copies(offset, size);
}

class WordCopies : public ::testing::TestWithParam<std::size_t> {
 protected:
  void SetUp() override { std::fill(std::begin(memory), std::end(memory), std::byte{0}); }
  const std::uint64_t rounds_ = 20'000 / (1 + GetParam() / 4096);
};
INSTANTIATE_TEST_SUITE_P(Bytes, WordCopies, ::testing::Values(kWords, kBlocks, kString));

TEST_P(WordCopies, WhatWasStoredBeforeAFlagIsSeenAfterIt) {
  std::uint64_t wrong = 0;
  std::jthread reader([&] {
    std::vector<std::uint64_t> data(GetParam() / 8);
    for (std::uint64_t seen = 0; seen < rounds_;) {
      const std::uint64_t flag = load_word(memory);
      if (flag == seen) continue;
      load_shared(std::as_writable_bytes(std::span(data)), memory + 64);
      for (const std::uint64_t word : data) wrong += word < flag;
      seen = flag;
    }
  });
  for (std::uint64_t round = 1; round <= rounds_; ++round) {
    const std::vector<std::uint64_t> data(GetParam() / 8, round);
    store_shared(memory + 64, std::as_bytes(std::span(data)));
    store_word(memory, round);
    if (round % 64 == 0) std::this_thread::yield();
  }
  reader.join();
  EXPECT_EQ(wrong, 0u);
}

TEST_P(WordCopies, WordsAreWhole) {
  const std::size_t words = GetParam() / 8;
  constexpr std::uint64_t kLooks = 100;
  std::atomic<bool> done = false;
  std::atomic<std::uint64_t> looks = 0;
  std::uint64_t torn = 0;
  std::jthread reader([&] {
    const auto look = [&torn](std::uint64_t word) { torn += word != 0 && word != ~std::uint64_t{0}; };
    Bytes bytes(8 * words + 8);
    for (; !done; ++looks) {
      for (std::size_t k = 0; k < words; ++k) look(load_word(memory + 64 + 8 * k));
      const std::span private_side = std::span(bytes).subspan(looks % 2, 8 * words);  // aligned or not
      load_shared(private_side, memory + 64);
      for (std::size_t k = 0; k < words; ++k) {
        std::uint64_t word = 0;
        std::memcpy(&word, private_side.data() + 8 * k, sizeof word);
        look(word);
      }
    }
  });
  const std::vector<std::uint64_t> values[2] = {std::vector(words, ~std::uint64_t{0}),
                                                std::vector<std::uint64_t>(words)};
  for (std::uint64_t round = 0; round < rounds_ || looks < kLooks; ++round) {
    store_shared(memory + 64, std::as_bytes(std::span(values[round % 2])));
    if (round % 64 == 0) std::this_thread::yield();
  }
  done = true;
  reader.join();
  EXPECT_EQ(torn, 0u);
}

}  // namespace
}  // namespace wolfpack
