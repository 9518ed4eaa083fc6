// Sizes that the solver can work with: float64 holds their squares, and quotients of such squares.
//
//     if (norm != 0.0 && !has_a_square(norm)) throw InputError(fmt::format("... {}; accepted: {}", norm,
//     kAcceptedSizes));
#pragma once

namespace wolfpack {

inline constexpr double kSmallestSize = 1e-140;
inline constexpr double kLargestSize = 1e140;
/// kSmallestSize and kLargestSize, for messages about norms.
inline constexpr const char* kAcceptedSizes = "0, or from 1e-140 to 1e140";

/// Not of 0, nor of what is no number.
[[nodiscard]] constexpr bool has_a_square(double size) { return size >= kSmallestSize && size <= kLargestSize; }

}  // namespace wolfpack
