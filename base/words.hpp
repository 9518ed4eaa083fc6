// Memory that is read here while somebody else writes it: 8-byte words, each whole, with release and acquire order.
//
// Other processes and devices write such memory too; for them the words are what they are on the bus. Within one
// process these functions also make the accesses defined for C++ and visible to the thread sanitizer. Addresses are
// 8-byte aligned. A simulator may let others run before every access.
#pragma once

#include <atomic>
#include <cassert>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

#include "base/execution.hpp"

namespace wolfpack {

static_assert(std::atomic_ref<std::uint64_t>::is_always_lock_free);

namespace detail {
inline void before_shared_access() {
  if (Execution* simulator = Execution::simulated()) [[unlikely]]
    simulator->before_shared_access();
}
[[nodiscard]] inline std::uint64_t load_unseen(const std::byte* address) {
  assert(reinterpret_cast<std::uintptr_t>(address) % 8 == 0);
  auto* word = reinterpret_cast<std::uint64_t*>(const_cast<std::byte*>(address));
  return std::atomic_ref<std::uint64_t>(*word).load(std::memory_order_acquire);
}
inline void store_unseen(std::byte* address, std::uint64_t value) {
  assert(reinterpret_cast<std::uintptr_t>(address) % 8 == 0);
  std::atomic_ref<std::uint64_t>(*reinterpret_cast<std::uint64_t*>(address)).store(value, std::memory_order_release);
}
}  // namespace detail

[[nodiscard]] inline std::uint64_t load_word(const std::byte* address) {
  detail::before_shared_access();
  return detail::load_unseen(address);
}

inline void store_word(std::byte* address, std::uint64_t value) {
  detail::before_shared_access();
  detail::store_unseen(address, value);
}

namespace detail {
inline void store_byte(std::byte* address, std::byte value) {
  std::atomic_ref<std::byte>(*address).store(value, std::memory_order_release);
}
[[nodiscard]] inline std::byte load_byte(const std::byte* address) {
  return std::atomic_ref<std::byte>(*const_cast<std::byte*>(address)).load(std::memory_order_acquire);
}
[[nodiscard]] inline bool is_word_aligned(const std::byte* address) {
  return reinterpret_cast<std::uintptr_t>(address) % 8 == 0;
}
}  // namespace detail

/// Copies private bytes into shared memory in increasing address order: whole aligned words where there are any, single
/// bytes at the ends.
inline void store_shared(std::byte* destination, std::span<const std::byte> source) {
  std::size_t i = 0;
  for (; i < source.size() && !detail::is_word_aligned(destination + i); ++i)
    detail::store_byte(destination + i, source[i]);
  const bool simulated = Execution::simulated() != nullptr;
  for (; i + 8 <= source.size(); i += 8) {
    std::uint64_t word = 0;
    std::memcpy(&word, source.data() + i, 8);
    simulated ? store_word(destination + i, word) : detail::store_unseen(destination + i, word);
  }
  for (; i < source.size(); ++i) detail::store_byte(destination + i, source[i]);
}

/// Copies shared memory into private bytes. What comes back may mix several writes: the caller validates it.
inline void load_shared(std::span<std::byte> destination, const std::byte* source) {
  std::size_t i = 0;
  for (; i < destination.size() && !detail::is_word_aligned(source + i); ++i)
    destination[i] = detail::load_byte(source + i);
  const bool simulated = Execution::simulated() != nullptr;
  for (; i + 8 <= destination.size(); i += 8) {
    const std::uint64_t word = simulated ? load_word(source + i) : detail::load_unseen(source + i);
    std::memcpy(destination.data() + i, &word, 8);
  }
  for (; i < destination.size(); ++i) destination[i] = detail::load_byte(source + i);
}

}  // namespace wolfpack
