// .npy files written byte by byte, so that the readers are tested against the format and not against our own writer.
#pragma once

#include <cstring>
#include <string>
#include <string_view>
#include <vector>

namespace wolfpack::testing {

template <class Number>
std::string bytes_of(const std::vector<Number>& numbers) {
  std::string bytes(numbers.size() * sizeof(Number), '\0');
  if (!numbers.empty()) std::memcpy(bytes.data(), numbers.data(), bytes.size());
  return bytes;
}

/// Magic, version, header length and `dict` as it is, then `values`.
inline std::string npy_bytes(std::string_view dict, std::string_view values, int version = 1) {
  std::string bytes = "\x93NUMPY";
  bytes += {static_cast<char>(version), '\0'};
  for (int i = 0; i < (version == 1 ? 2 : 4); ++i) bytes += static_cast<char>(dict.size() >> 8 * i & 0xff);
  return bytes.append(dict).append(values);
}

}  // namespace wolfpack::testing
