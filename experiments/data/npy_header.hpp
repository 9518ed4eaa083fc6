// The header of a .npy file, versions 1.0 to 3.0: a Python dict literal with exactly the keys descr, fortran_order and
// shape.
//
// Parsed as what it is, never searched for substrings. Source: numpy.lib.format, "Format Version 1.0" to "3.0".
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/types.hpp"
#include "experiments/data/input_file.hpp"

namespace wolfpack::data {

struct NpyHeader {
  std::string descr;  ///< as in "<f4": byte order, kind, bytes
  bool fortran_order = false;
  std::vector<Index> shape;
  std::uint64_t data_offset = 0;  ///< where the values begin
};

/// Reads the header at the start of `file`, which then stands at the values. Throws InputError.
[[nodiscard]] NpyHeader read_npy_header(InputFile& file);

/// The bytes that all values of `header.shape` take at `value_bytes` each. Refuses a shape beyond 64 bits, and a plain
/// file whose length does not match. How long gzipped data is comes out on reading only; here a shape is refused that
/// no deflate stream of this size can hold, so that a damaged one is not allocated.
[[nodiscard]] std::uint64_t check_npy_length(const InputFile& file, const NpyHeader& header, std::uint64_t value_bytes);

/// A version 1.0 header whose length is a multiple of 64, magic included.
[[nodiscard]] std::string npy_header(std::string_view descr, bool fortran_order, const std::vector<Index>& shape);

}  // namespace wolfpack::data
