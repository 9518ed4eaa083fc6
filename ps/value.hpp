// Values of `add` rows: what update() and get() carry. A row is dense; an update may be dense or sparse.
//
//     update payload   ValueHeader, then count float64 (dense), or count int64 indices and count float64 (sparse)
//     row payload      the float64 values
#pragma once

#include <cstdint>
#include <cstring>
#include <span>
#include <vector>

#include "base/bytes.hpp"
#include "base/status.hpp"
#include "base/types.hpp"

namespace wolfpack::ps {

struct ValueHeader {
  std::uint64_t is_sparse = 0;
  std::uint64_t count = 0;
};

[[nodiscard]] inline Bytes encode_dense(std::span<const double> values) {
  Bytes out;
  ByteWriter writer(out);
  writer.value(ValueHeader{0, values.size()});
  writer.array(values);
  return out;
}

/// `indices` need no order; an index that comes twice is added twice.
[[nodiscard]] inline Bytes encode_sparse(std::span<const Index> indices, std::span<const double> values) {
  Bytes out;
  ByteWriter writer(out);
  writer.value(ValueHeader{1, values.size()});
  writer.array(indices);
  writer.array(values);
  return out;
}

/// The smaller of both for a row of `size` values: 8 bytes a value, or 16 a value that is there. Indices come once
/// each.
[[nodiscard]] inline Bytes encode_add(std::size_t size, std::span<const Index> indices,
                                      std::span<const double> values) {
  if (2 * indices.size() < size) return encode_sparse(indices, values);
  std::vector<double> dense(size);
  for (std::size_t k = 0; k < indices.size(); ++k) dense[static_cast<std::size_t>(indices[k])] = values[k];
  return encode_dense(dense);
}

/// target += the update's value. Throws RuntimeFailure where the update does not fit the target.
inline void add_to(std::span<double> target, std::span<const std::byte> update) {
  ByteReader reader(update);
  const auto header = reader.value<ValueHeader>();
  if (header.is_sparse == 0) {
    if (header.count != target.size()) throw RuntimeFailure("an update has not as many values as its row");
    const auto values = reader.bytes(header.count * sizeof(double));  // of any alignment
    for (std::size_t i = 0; i < target.size(); ++i) {
      double value = 0.0;
      std::memcpy(&value, values.data() + i * sizeof value, sizeof value);
      target[i] += value;
    }
    return;
  }
  const auto indices = reader.array<Index>(header.count);
  const auto values = reader.array<double>(header.count);
  for (std::size_t k = 0; k < indices.size(); ++k) {
    if (indices[k] < 0 || static_cast<std::size_t>(indices[k]) >= target.size())
      throw RuntimeFailure("an update names an index outside its row");
    target[static_cast<std::size_t>(indices[k])] += values[k];
  }
}

/// The payload of an `add` row as numbers.
[[nodiscard]] inline std::span<const double> as_doubles(std::span<const std::byte> payload) {
  return {reinterpret_cast<const double*>(payload.data()), payload.size() / sizeof(double)};
}

}  // namespace wolfpack::ps
