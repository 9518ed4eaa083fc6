// How slow this build and this machine are, and so how long tests wait and how much they try.
#pragma once

#include <algorithm>
#include <cstdlib>

namespace wolfpack::testing {

#if defined(__SANITIZE_THREAD__)
inline constexpr bool kThreadSanitizer = true;
#else
inline constexpr bool kThreadSanitizer = false;
#endif
#if defined(__SANITIZE_ADDRESS__)
inline constexpr bool kAddressSanitizer = true;
#else
inline constexpr bool kAddressSanitizer = false;
#endif

/// By how much less is tried than usual, on a machine of an emulated processor: WOLFPACK_TEST_STRESS_DIVISOR.
[[nodiscard]] inline std::size_t asked_divisor() {
  const char* text = std::getenv("WOLFPACK_TEST_STRESS_DIVISOR");
  return text == nullptr ? 1 : std::max<std::size_t>(1, static_cast<std::size_t>(std::atoi(text)));
}

/// By how much less of a stress test's full length is run: a sanitizer makes everything some ten times slower, a debug
/// build three times.
[[nodiscard]] inline std::size_t stress_divisor() {
#if defined(NDEBUG)
  constexpr std::size_t kSlowBuild = 1;
#else
  constexpr std::size_t kSlowBuild = 3;
#endif
  return asked_divisor() * (kThreadSanitizer || kAddressSanitizer ? 10 : kSlowBuild);
}

/// By how much more time everything takes than on a usual machine: WOLFPACK_TEST_SLOWNESS.
[[nodiscard]] inline double slowness() {
  const char* text = std::getenv("WOLFPACK_TEST_SLOWNESS");
  return text == nullptr ? 1.0 : std::max(1.0, std::atof(text));
}

}  // namespace wolfpack::testing
