// The memory that a run took, for its record: what every worker counted, added up.
#pragma once

#include <cstdint>
#include <string>

#include "runtime/job.hpp"

namespace wolfpack::experiments {

/// Over all workers.
struct MemoryUse {
  std::uint64_t matrix_bytes = 0;      ///< the stored partitions
  std::uint64_t device_bytes = 0;      ///< what GPUs hold
  std::uint64_t copy_bytes = 0;        ///< their quantized copies (cpu/quantized_columns.hpp)
  std::uint64_t peak_bytes = 0;        ///< the sum of the workers' own peaks; see base/process_memory.hpp
  std::uint64_t huge_pages_bytes = 0;  ///< how much of their memory lies in huge pages
};

/// Collective, while the partitions are in memory: adds up what the workers hold. The bytes are this worker's.
[[nodiscard]] MemoryUse gather_memory_use(runtime::Job& job, std::uint64_t partition_bytes, std::uint64_t copy_bytes,
                                          std::uint64_t device_bytes = 0);

/// For people: "1.33 GB at most over all workers, matrix 1.00 GB, quantized copy 0.25 GB, huge pages 98%", the last of
/// matrix and copy.
[[nodiscard]] std::string to_string(const MemoryUse& use);

}  // namespace wolfpack::experiments
