// FNV-1a over 64-bit words: tells layouts and data apart, and is no protection against anybody.
#pragma once

#include <cstdint>

namespace wolfpack {

class Fnv1a {
 public:
  void add(std::uint64_t word) { value_ = (value_ ^ word) * 1099511628211u; }
  [[nodiscard]] std::uint64_t value() const { return value_; }

 private:
  std::uint64_t value_ = 14695981039346656037u;
};

}  // namespace wolfpack
