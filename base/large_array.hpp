// Arrays of many megabytes that are filled before they are read: the values of a partition, which are read from end to
// end, pass after pass, and the matrices of a corrective step.
//
// A LargeArray is a std::vector but for two things. From 2 MiB on it is aligned for huge pages, and the kernel is asked
// for them: so it has 512 times fewer pages to fault in and to translate. And elements that are given no value are left
// as they are, not zeroed: the thread that reads the values in is the first to touch them, which also places them in
// the memory next to its core. Where the kernel has no huge pages to give, ordinary ones take their place.
//
//     LargeArray<float> values(count);          // what they hold is not determined
//     LargeArray<double> sums(count, 0.0);      // zeroed, as always
#pragma once

#include <cstddef>
#include <limits>
#include <memory>
#include <new>
#include <sys/mman.h>
#include <type_traits>
#include <utility>
#include <vector>

namespace wolfpack {

/// Of x86-64, and of 64-bit ARM with pages of 4 KiB.
inline constexpr std::size_t kHugePageBytes = std::size_t{2} << 20;

template <class T>
class LargeArrayAllocator {
  static_assert(std::is_trivially_default_constructible_v<T>, "only such elements can be left without a value");

 public:
  using value_type = T;

  LargeArrayAllocator() = default;
  template <class U>
  LargeArrayAllocator(const LargeArrayAllocator<U>& /*other*/) noexcept {}

  [[nodiscard]] T* allocate(std::size_t count) {
    if (count > std::numeric_limits<std::size_t>::max() / sizeof(T)) throw std::bad_array_new_length();
    const std::size_t bytes = count * sizeof(T);
    if (bytes < kHugePageBytes) return static_cast<T*>(::operator new(bytes));
    void* memory = ::operator new (bytes, std::align_val_t{kHugePageBytes});
    (void)::madvise(memory, bytes, MADV_HUGEPAGE);  // a wish: refused where the kernel knows no huge pages
    return static_cast<T*>(memory);
  }

  void deallocate(T* memory, std::size_t count) noexcept {
    if (count * sizeof(T) < kHugePageBytes) return ::operator delete(memory);
    ::operator delete (memory, std::align_val_t{kHugePageBytes});
  }

  /// What makes `LargeArray(count)` and `resize(count)` leave elements as they are.
  void construct(T* /*element*/) noexcept {}
  template <class... Arguments>
  void construct(T* element, Arguments&&... arguments) {
    std::construct_at(element, std::forward<Arguments>(arguments)...);
  }

  bool operator==(const LargeArrayAllocator& /*other*/) const = default;
};

template <class T>
using LargeArray = std::vector<T, LargeArrayAllocator<T>>;

}  // namespace wolfpack
