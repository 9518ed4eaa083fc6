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

/// How much of a stress test's full length is run: a sanitizer makes everything some ten times slower, a debug build
/// three times, a machine of an emulated processor as WOLFPACK_TEST_STRESS_DIVISOR says.
[[nodiscard]] inline std::size_t stress_divisor() {
#if defined(NDEBUG)
  constexpr std::size_t kSlowBuild = 1;
#else
  constexpr std::size_t kSlowBuild = 3;
#endif
  const char* text = std::getenv("WOLFPACK_TEST_STRESS_DIVISOR");
  const std::size_t asked = text == nullptr ? 1 : static_cast<std::size_t>(std::atoi(text));
  return std::max<std::size_t>(1, asked) * (kThreadSanitizer || kAddressSanitizer ? 10 : kSlowBuild);
}

/// By how much more time everything takes than on a usual machine: WOLFPACK_TEST_SLOWNESS.
[[nodiscard]] inline double slowness() {
  const char* text = std::getenv("WOLFPACK_TEST_SLOWNESS");
  return text == nullptr ? 1.0 : std::max(1.0, std::atof(text));
}

}  // namespace wolfpack::testing
