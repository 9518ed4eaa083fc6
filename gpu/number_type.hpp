// In which type the numbers of a partition are kept on a device.
//
// Reading them is what a pass costs, so the narrowest type is taken that holds each of them exactly: whole numbers up
// to 256 (pixels, counts) are bfloat16 numbers, and float32 data that was read as float64 is float32 again. Pure
// functions.
#pragma once

#include <string>

#include "base/matrix.hpp"

namespace wolfpack::gpu {

enum class NumberType { bfloat16, float32, float64 };

/// The narrowest type that holds all of the partition's numbers; for CSC float32 or float64. Costs a read of the
/// partition where they are all narrow, and little where the first ones are not.
[[nodiscard]] NumberType narrowest_type(const MatrixView& partition);

/// For records and messages: "dense bfloat16", "sparse float32".
[[nodiscard]] std::string storage_text(const MatrixView& partition, NumberType type);

}  // namespace wolfpack::gpu
