#include "experiments/memory_use.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "base/bytes.hpp"
#include "base/process_memory.hpp"

namespace wolfpack::experiments {
namespace {

std::string size_text(std::uint64_t bytes) {
  const auto size = static_cast<double>(bytes);
  return size >= 1e9 ? fmt::format("{:.2f} GB", size * 1e-9) : fmt::format("{:.1f} MB", size * 1e-6);
}

}  // namespace

MemoryUse gather_memory_use(runtime::Job& job, std::uint64_t partition_bytes, std::uint64_t copy_bytes,
                            std::uint64_t device_bytes) {
  const ProcessMemory process = process_memory();
  Bytes mine;
  ByteWriter(mine).value(
      MemoryUse{partition_bytes, device_bytes, copy_bytes, process.peak_bytes, process.huge_page_bytes});
  MemoryUse sum;
  for (const Bytes& message : job.allgather(mine)) {
    const auto worker = ByteReader(message).value<MemoryUse>();
    sum.matrix_bytes += worker.matrix_bytes;
    sum.device_bytes += worker.device_bytes;
    sum.copy_bytes += worker.copy_bytes;
    sum.peak_bytes += worker.peak_bytes;
    sum.huge_pages_bytes += worker.huge_pages_bytes;
  }
  return sum;
}

std::string to_string(const MemoryUse& use) {
  const std::uint64_t kept = use.matrix_bytes + use.copy_bytes;
  std::string text = fmt::format("{} at most over all workers", size_text(use.peak_bytes));
  if (use.device_bytes > 0) text += fmt::format(", {} on GPUs", size_text(use.device_bytes));
  if (kept == 0) return text;
  const double share = std::min(1.0, static_cast<double>(use.huge_pages_bytes) / static_cast<double>(kept));
  const std::string copy = use.copy_bytes == 0 ? "" : fmt::format(", quantized copy {}", size_text(use.copy_bytes));
  return text + fmt::format(", matrix {}{}, huge pages {:.0f}%", size_text(use.matrix_bytes), copy, 100 * share);
}

}  // namespace wolfpack::experiments
