#include "base/words.hpp"

#include <cstdlib>
#include <cstring>

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

// Two words at a time, which is what makes copies between processes quick. On x86-64 an aligned access of 16 bytes is
// one, or one for each word (Intel SDM 3A 9.1.1, AMD APM 2 7.3.2), and all loads acquire and all stores release;
// `volatile` keeps the compiler from changing their number or order. The thread sanitizer is shown single words.
#if defined(__x86_64__) && !defined(__SANITIZE_THREAD__)
constexpr bool kHasPairs = true;
using Pair [[gnu::vector_size(16), gnu::may_alias]] = long long;
void store_pair(std::byte* address, const std::byte* source) {
  Pair pair;
  std::memcpy(&pair, source, sizeof pair);
  *reinterpret_cast<volatile Pair*>(address) = pair;
}
void load_pair(std::byte* destination, const std::byte* address) {
  const Pair pair = *reinterpret_cast<const volatile Pair*>(address);
  std::memcpy(destination, &pair, sizeof pair);
}
#else
constexpr bool kHasPairs = false;
void store_pair(std::byte*, const std::byte*) { std::abort(); }
void load_pair(std::byte*, const std::byte*) { std::abort(); }
#endif

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
  const bool by_pairs = kHasPairs && Execution::simulated() == nullptr;
  std::size_t i = 0;
  for (; i < size && !is_aligned(destination + i, 8); ++i) store_byte(destination + i, from[i]);
  for (; i + 8 <= size && !(by_pairs && is_aligned(destination + i, 16)); i += 8) store_one(destination + i, from + i);
  for (; i + 16 <= size; i += 16) store_pair(destination + i, from + i);
  for (; i + 8 <= size; i += 8) store_one(destination + i, from + i);
  for (; i < size; ++i) store_byte(destination + i, from[i]);
}

void load_shared(std::span<std::byte> destination, const std::byte* source) {
  std::byte* const to = destination.data();
  const std::size_t size = destination.size();
  const bool by_pairs = kHasPairs && Execution::simulated() == nullptr;
  std::size_t i = 0;
  for (; i < size && !is_aligned(source + i, 8); ++i) to[i] = load_byte(source + i);
  for (; i + 8 <= size && !(by_pairs && is_aligned(source + i, 16)); i += 8) load_one(to + i, source + i);
  for (; i + 16 <= size; i += 16) load_pair(to + i, source + i);
  for (; i + 8 <= size; i += 8) load_one(to + i, source + i);
  for (; i < size; ++i) to[i] = load_byte(source + i);
}

}  // namespace wolfpack
