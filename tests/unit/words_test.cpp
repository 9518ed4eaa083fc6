#include "base/words.hpp"

#include <atomic>
#include <numeric>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "base/types.hpp"

namespace wolfpack {
namespace {

alignas(64) std::byte memory[256];

Bytes numbered(std::size_t size) {
  Bytes bytes(size);
  for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<std::byte>(i + 1);
  return bytes;
}

TEST(Words, AStoredWordIsLoaded) {
  store_word(memory + 16, 0x0123456789abcdef);
  EXPECT_EQ(load_word(memory + 16), 0x0123456789abcdefu);
  EXPECT_EQ(memory[16], std::byte{0xef});
}

TEST(Words, CopiesOfAnySizeAndAlignmentTouchNothingElse) {
  for (std::size_t offset = 32; offset < 50; ++offset)
    for (std::size_t size = 0; size < 60; ++size) {
      std::fill(std::begin(memory), std::end(memory), std::byte{0xaa});
      const Bytes source = numbered(size);
      store_shared(memory + offset, source);
      for (std::size_t i = 0; i < sizeof memory; ++i) {
        const bool inside = i >= offset && i < offset + size;
        ASSERT_EQ(memory[i], inside ? source[i - offset] : std::byte{0xaa}) << offset << " " << size << " " << i;
      }
      Bytes back(size + 1, std::byte{0x55});
      load_shared(std::span(back).first(size), memory + offset);
      ASSERT_TRUE(std::equal(source.begin(), source.end(), back.begin()));
      ASSERT_EQ(back.back(), std::byte{0x55});
    }
}

TEST(Words, WhatWasStoredBeforeAFlagIsSeenAfterIt) {
  std::fill(std::begin(memory), std::end(memory), std::byte{0});
  constexpr std::uint64_t kRounds = 20'000;
  std::uint64_t wrong = 0;
  std::jthread reader([&] {
    for (std::uint64_t seen = 0; seen < kRounds;) {
      const std::uint64_t flag = load_word(memory);
      if (flag == seen) continue;
      std::uint64_t data[4];
      load_shared(std::as_writable_bytes(std::span(data)), memory + 64);
      for (const std::uint64_t word : data) wrong += word < flag;
      seen = flag;
    }
  });
  for (std::uint64_t round = 1; round <= kRounds; ++round) {
    const std::uint64_t data[4] = {round, round, round, round};
    store_shared(memory + 64, std::as_bytes(std::span(data)));
    store_word(memory, round);
    if (round % 64 == 0) std::this_thread::yield();
  }
  reader.join();
  EXPECT_EQ(wrong, 0u);
}

}  // namespace
}  // namespace wolfpack
