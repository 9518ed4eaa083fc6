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
#include <span>

#include "base/execution.hpp"

namespace wolfpack {

static_assert(std::atomic_ref<std::uint64_t>::is_always_lock_free);

namespace detail {
inline void before_shared_access() {
  if (Execution* simulator = Execution::simulated()) [[unlikely]]
    simulator->before_shared_access();
}
}  // namespace detail

[[nodiscard]] inline std::uint64_t load_word(const std::byte* address) {
  assert(reinterpret_cast<std::uintptr_t>(address) % 8 == 0);
  detail::before_shared_access();
  auto* word = reinterpret_cast<std::uint64_t*>(const_cast<std::byte*>(address));
  return std::atomic_ref<std::uint64_t>(*word).load(std::memory_order_acquire);
}

inline void store_word(std::byte* address, std::uint64_t value) {
  assert(reinterpret_cast<std::uintptr_t>(address) % 8 == 0);
  detail::before_shared_access();
  std::atomic_ref<std::uint64_t>(*reinterpret_cast<std::uint64_t*>(address)).store(value, std::memory_order_release);
}

/// Adds to a word that others of this host change likewise; returns what it held.
[[nodiscard]] inline std::uint64_t add_to_word(std::byte* address, std::uint64_t value) {
  assert(reinterpret_cast<std::uintptr_t>(address) % 8 == 0);
  detail::before_shared_access();
  return std::atomic_ref<std::uint64_t>(*reinterpret_cast<std::uint64_t*>(address))
      .fetch_add(value, std::memory_order_acq_rel);
}

/// Copies private bytes into shared memory, aligned words whole and single bytes at the ends. Below 32 KiB in
/// increasing address order but for the words of an aligned block of 16, 32 or 64 bytes; from there on in any order.
void store_shared(std::byte* destination, std::span<const std::byte> source);

/// Copies shared memory into private bytes. What comes back may mix several writes: the caller validates it.
void load_shared(std::span<std::byte> destination, const std::byte* source);

}  // namespace wolfpack
