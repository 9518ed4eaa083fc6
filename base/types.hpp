// The numbers that must not be mixed up, as types of their own.
//
//     Clock clock{3};  WorkerId worker{0};  if (clock < Clock{4}) ...
//
// All are plain values, safe from any thread.
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

namespace wolfpack {

/// An index or a count of rows, columns or non-zeros. Signed, as in Eigen.
using Index = std::int64_t;

/// Bytes that travel: an address, a remote key, a record.
using Bytes = std::vector<std::byte>;

/// How many iterations a worker has finished. Never falls.
struct Clock {
  std::uint64_t value = 0;
  constexpr auto operator<=>(const Clock&) const = default;
  [[nodiscard]] constexpr Clock next() const { return {value + 1}; }
};

/// A worker's place in the job, counted from 0. Worker 0's process hosts the shard.
struct WorkerId {
  std::uint32_t value = 0;
  constexpr auto operator<=>(const WorkerId&) const = default;
};

/// A row's version. 0 means: nothing was published yet.
struct Version {
  std::uint64_t value = 0;
  constexpr auto operator<=>(const Version&) const = default;
  [[nodiscard]] constexpr Version next() const { return {value + 1}; }
};

/// How many clocks a read may lag or a worker may lead. 0 is BSP, kAsynchronous is ASP.
struct Staleness {
  std::uint64_t value = 0;
  constexpr auto operator<=>(const Staleness&) const = default;
  [[nodiscard]] constexpr bool is_asynchronous() const { return value == std::numeric_limits<std::uint64_t>::max(); }
  [[nodiscard]] constexpr bool is_bulk_synchronous() const { return value == 0; }
};
inline constexpr Staleness kBulkSynchronous{0};
inline constexpr Staleness kAsynchronous{std::numeric_limits<std::uint64_t>::max()};

}  // namespace wolfpack
