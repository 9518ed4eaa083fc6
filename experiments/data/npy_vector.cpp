#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include "base/in_quotes.hpp"
#include "experiments/data/input_file.hpp"
#include "experiments/data/npy.hpp"
#include "experiments/data/npy_header.hpp"

namespace wolfpack::data {
namespace {

/// IEEE 754 binary16, by its definition.
double half_to_double(std::uint16_t bits) {
  const int exponent = bits >> 10 & 0x1f, fraction = bits & 0x3ff;
  const double magnitude = exponent == 31  ? (fraction == 0 ? HUGE_VAL : NAN)
                           : exponent == 0 ? std::ldexp(fraction, -24)
                                           : std::ldexp(fraction + 1024, exponent - 25);
  return bits & 0x8000 ? -magnitude : magnitude;
}

template <class Number>
double decode(const std::byte* bytes) {
  Number number;
  std::memcpy(&number, bytes, sizeof number);
  return static_cast<double>(number);
}

double decode_half(const std::byte* bytes) {
  std::uint16_t bits = 0;
  std::memcpy(&bits, bytes, sizeof bits);
  return half_to_double(bits);
}

/// What reads a value of a vector.
struct Decoder {
  std::string_view kind_and_size;
  std::size_t bytes;
  double (*decode)(const std::byte*);
};

constexpr std::array<Decoder, 13> kDecoders{{{"f2", 2, decode_half},
                                             {"f4", 4, decode<float>},
                                             {"f8", 8, decode<double>},
                                             {"f16", sizeof(long double), decode<long double>},
                                             {"i1", 1, decode<std::int8_t>},
                                             {"i2", 2, decode<std::int16_t>},
                                             {"i4", 4, decode<std::int32_t>},
                                             {"i8", 8, decode<std::int64_t>},
                                             {"u1", 1, decode<std::uint8_t>},
                                             {"u2", 2, decode<std::uint16_t>},
                                             {"u4", 4, decode<std::uint32_t>},
                                             {"u8", 8, decode<std::uint64_t>},
                                             {"b1", 1, decode<std::uint8_t>}}};

const Decoder& decoder_of(const std::string& path, const std::string& descr) {
  const bool ordered = !descr.empty() && std::string_view("<>|=").find(descr.front()) != std::string_view::npos;
  const auto found =
      std::ranges::find(kDecoders, ordered ? std::string_view(descr).substr(1) : "", &Decoder::kind_and_size);
  if (found == kDecoders.end()) {
    refuse(path, fmt::format("its dtype is {}; expected floats or integers", in_quotes(descr)));
  }
  return *found;
}

}  // namespace

std::vector<double> read_npy_vector(const std::string& path) {
  InputFile file(path);
  const NpyHeader header = read_npy_header(file);
  const bool vector = header.shape.size() == 1 || (header.shape.size() == 2 && header.shape[1] == 1);
  if (!vector || header.shape[0] == 0) {
    refuse(path, fmt::format("its shape is ({}); expected (n,) or (n, 1) for a target", fmt::join(header.shape, ", ")));
  }
  const Decoder& decoder = decoder_of(path, header.descr);
  const auto count = static_cast<std::size_t>(header.shape[0]);
  const std::uint64_t value_bytes = check_npy_length(file, header, decoder.bytes);

  std::vector<std::byte> bytes(value_bytes + 1);  // one more, to see whether the file ends
  if (file.read(bytes.data(), bytes.size()) != value_bytes) {
    refuse(path, fmt::format("has not the {} values of its shape; expected a whole .npy file", count));
  }
  std::vector<double> values(count);
  for (std::size_t i = 0; i < count; ++i) {
    std::byte* at = bytes.data() + i * decoder.bytes;
    if (header.descr.front() == '>') std::reverse(at, at + decoder.bytes);
    values[i] = decoder.decode(at);
    if (!std::isfinite(values[i])) {
      refuse(path, fmt::format("value {} (from 0) is {}; expected finite numbers", i, values[i]));
    }
  }
  return values;
}

}  // namespace wolfpack::data
