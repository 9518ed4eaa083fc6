// Flat encoding of plain values: native byte order, no padding added. Little-endian hosts only, checked here once for
// every wire format.
#pragma once

#include <bit>
#include <cstddef>
#include <cstring>
#include <span>
#include <string>
#include <type_traits>

#include "base/status.hpp"
#include "base/types.hpp"

namespace wolfpack {

static_assert(std::endian::native == std::endian::little, "Wolfpack's wire formats are little-endian");

/// Appends values to a byte string.
///
///     ByteWriter writer(out);  writer.value(std::uint64_t{3});  writer.array(std::span(doubles));
class ByteWriter {
 public:
  explicit ByteWriter(Bytes& out) : out_(out) {}

  template <class T>
  requires std::is_trivially_copyable_v<T>
  void value(const T& x) { append(&x, sizeof x); }
  /// Only the elements; write their number yourself.
  template <class T>
  requires std::is_trivially_copyable_v<T>
  void array(std::span<const T> xs) { append(xs.data(), xs.size_bytes()); }
  /// A length, then the bytes.
  void blob(std::span<const std::byte> bytes) {
    value<std::uint64_t>(bytes.size());
    array(bytes);
  }
  void text(const std::string& s) { blob(std::as_bytes(std::span(s))); }

 private:
  void append(const void* data, std::size_t size) {
    if (size == 0) return;
    const std::size_t end = out_.size();
    out_.resize(end + size);
    std::memcpy(out_.data() + end, data, size);
  }
  Bytes& out_;
};

/// Takes values off a byte string in the order they were written. Throws RuntimeFailure past the end.
class ByteReader {
 public:
  explicit ByteReader(std::span<const std::byte> in) : in_(in) {}

  template <class T>
  requires std::is_trivially_copyable_v<T>
  [[nodiscard]] T value() {
    T x;
    std::memcpy(&x, take(sizeof x).data(), sizeof x);
    return x;
  }
  template <class T>
  requires std::is_trivially_copyable_v<T>
  [[nodiscard]] std::vector<T> array(std::size_t count) {
    if (count > in_.size() / sizeof(T)) throw RuntimeFailure("a message is shorter than it says");
    std::vector<T> xs(count);
    if (count != 0) std::memcpy(xs.data(), take(count * sizeof(T)).data(), count * sizeof(T));
    return xs;
  }
  [[nodiscard]] std::span<const std::byte> bytes(std::size_t count) { return take(count); }
  [[nodiscard]] std::span<const std::byte> blob() { return take(value<std::uint64_t>()); }
  [[nodiscard]] std::string text() {
    const auto bytes = blob();
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
  }
  [[nodiscard]] std::span<const std::byte> rest() const { return in_; }

 private:
  std::span<const std::byte> take(std::size_t size) {
    if (size > in_.size()) throw RuntimeFailure("a message is shorter than it says");
    const auto taken = in_.first(size);
    in_ = in_.subspan(size);
    return taken;
  }
  std::span<const std::byte> in_;
};

}  // namespace wolfpack
