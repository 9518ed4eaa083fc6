#include "base/words.hpp"

#include <cstdlib>
#include <cstring>

#include "base/instruction_set.hpp"

namespace wolfpack {
namespace {

void store_byte(std::byte* address, std::byte value) {
  std::atomic_ref<std::byte>(*address).store(value, std::memory_order_release);
}

std::byte load_byte(const std::byte* address) {
  return std::atomic_ref<std::byte>(*const_cast<std::byte*>(address)).load(std::memory_order_acquire);
}

bool is_aligned(const std::byte* address, std::size_t to) {
  return reinterpret_cast<std::uintptr_t>(address) % to == 0;
}

// As many words at a time as the CPU's registers hold, which is what makes copies between processes quick. On x86-64 an
// aligned access of 16 bytes is one, or one for each word (Intel SDM 3A 9.1.1, AMD APM 2 7.3.2); wider ones, aligned
// too, are cut by processors in parts of at least 16 bytes, if at all. All loads acquire and all stores release, in
// order, but within one long copy; `volatile` keeps the compiler from changing their number or order. The thread
// sanitizer is shown single words.
#if defined(__x86_64__) && !defined(__SANITIZE_THREAD__)

template <std::size_t kBytes>
struct Block {
  using Type [[gnu::vector_size(kBytes), gnu::may_alias]] = long long;
};

// Bodies of functions for one instruction set each, which is why they are always inlined. Both return how far they got.
template <std::size_t kBytes>
[[gnu::always_inline]] inline std::size_t store_blocks(std::byte* to, const std::byte* from, std::size_t size) {
  using Type = typename Block<kBytes>::Type;
  std::size_t i = 0;
  for (; i + kBytes <= size; i += kBytes) {
    Type block;
    __builtin_memcpy(&block, from + i, kBytes);
    *reinterpret_cast<volatile Type*>(to + i) = block;
  }
  return i;
}
template <std::size_t kBytes>
[[gnu::always_inline]] inline std::size_t load_blocks(std::byte* to, const std::byte* from, std::size_t size) {
  using Type = typename Block<kBytes>::Type;
  std::size_t i = 0;
  for (; i + kBytes <= size; i += kBytes) {
    const Type block = *reinterpret_cast<const volatile Type*>(from + i);
    __builtin_memcpy(to + i, &block, kBytes);
  }
  return i;
}

struct BlockCopies {
  std::size_t bytes;  // of a block; what is shared is aligned to it
  std::size_t (*store)(std::byte* to, const std::byte* from, std::size_t size);
  std::size_t (*load)(std::byte* to, const std::byte* from, std::size_t size);
};

std::size_t store_16(std::byte* to, const std::byte* from, std::size_t size) {
  return store_blocks<16>(to, from, size);
}
std::size_t load_16(std::byte* to, const std::byte* from, std::size_t size) { return load_blocks<16>(to, from, size); }
[[gnu::target("avx2")]] std::size_t store_32(std::byte* to, const std::byte* from, std::size_t size) {
  return store_blocks<32>(to, from, size);
}
[[gnu::target("avx2")]] std::size_t load_32(std::byte* to, const std::byte* from, std::size_t size) {
  return load_blocks<32>(to, from, size);
}
[[gnu::target("avx512f")]] std::size_t store_64(std::byte* to, const std::byte* from, std::size_t size) {
  return store_blocks<64>(to, from, size);
}
[[gnu::target("avx512f")]] std::size_t load_64(std::byte* to, const std::byte* from, std::size_t size) {
  return load_blocks<64>(to, from, size);
}

/// From 32 KiB on, where the first cache no longer holds both sides, the processor's own copying is a quarter quicker
/// than any loop, and by words it is as quick as by bytes. Its order within one copy is its own affair (Intel SDM
/// 3A 9.2.4).
constexpr std::size_t kSmallestString = 32 * 1024;
void copy_string(std::byte* to, const std::byte* from, std::size_t words) {
  asm volatile("rep movsq" : "+D"(to), "+S"(from), "+c"(words) : : "memory");
}
std::size_t store_string(std::byte* to, const std::byte* from, std::size_t size) {
  copy_string(to, from, size / 8);
  asm volatile("sfence" : : : "memory");  // what is stored next, a flag say, comes after all of it
  return size / 8 * 8;
}
std::size_t load_string(std::byte* to, const std::byte* from, std::size_t size) {
  copy_string(to, from, size / 8);
  asm volatile("lfence" : : : "memory");  // and what is loaded next is no older
  return size / 8 * 8;
}

/// `are_aligned`: the private side is aligned to words where the shared one is.
const BlockCopies& copies_for(std::size_t size, bool are_aligned) {
  static constexpr BlockCopies kBySet[] = {{16, store_16, load_16}, {32, store_32, load_32}, {64, store_64, load_64}};
  static constexpr BlockCopies kByString{8, store_string, load_string};
  static const BlockCopies& best = kBySet[static_cast<int>(best_instruction_set())];
  return size < kSmallestString || !are_aligned ? best : kByString;
}
constexpr bool kHasBlocks = true;
#else
struct BlockCopies {
  std::size_t bytes = 16;
  static std::size_t store(std::byte*, const std::byte*, std::size_t) { std::abort(); }
  static std::size_t load(std::byte*, const std::byte*, std::size_t) { std::abort(); }
};
BlockCopies copies_for(std::size_t, bool) { return {}; }
constexpr bool kHasBlocks = false;
#endif

/// Below this, words are as quick.
constexpr std::size_t kSmallestBlocks = 128;

void store_one(std::byte* address, const std::byte* source) {
  std::uint64_t word = 0;
  std::memcpy(&word, source, sizeof word);
  store_word(address, word);
}

void load_one(std::byte* destination, const std::byte* address) {
  const std::uint64_t word = load_word(address);
  std::memcpy(destination, &word, sizeof word);
}

}  // namespace

void store_shared(std::byte* destination, std::span<const std::byte> source) {
  const std::byte* from = source.data();
  const std::size_t size = source.size();
  std::size_t i = 0;
  for (; i < size && !is_aligned(destination + i, 8); ++i) store_byte(destination + i, from[i]);
  if (kHasBlocks && size >= kSmallestBlocks && Execution::simulated() == nullptr) {
    const BlockCopies& copies = copies_for(size, is_aligned(from + i, 8));
    for (; !is_aligned(destination + i, copies.bytes); i += 8) store_one(destination + i, from + i);
    i += copies.store(destination + i, from + i, size - i);
  }
  for (; i + 8 <= size; i += 8) store_one(destination + i, from + i);
  for (; i < size; ++i) store_byte(destination + i, from[i]);
}

void load_shared(std::span<std::byte> destination, const std::byte* source) {
  std::byte* const to = destination.data();
  const std::size_t size = destination.size();
  std::size_t i = 0;
  for (; i < size && !is_aligned(source + i, 8); ++i) to[i] = load_byte(source + i);
  if (kHasBlocks && size >= kSmallestBlocks && Execution::simulated() == nullptr) {
    const BlockCopies& copies = copies_for(size, is_aligned(to + i, 8));
    for (; !is_aligned(source + i, copies.bytes); i += 8) load_one(to + i, source + i);
    i += copies.load(to + i, source + i, size - i);
  }
  for (; i + 8 <= size; i += 8) load_one(to + i, source + i);
  for (; i < size; ++i) to[i] = load_byte(source + i);
}

}  // namespace wolfpack
