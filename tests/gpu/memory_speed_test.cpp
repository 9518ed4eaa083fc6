#include "gpu/memory_speed.hpp"

#include <string>

#include <gtest/gtest.h>

#include "base/status.hpp"
#include "gpu/devices.hpp"

namespace wolfpack::gpu {
namespace {

TEST(GpuMemorySpeed, IsThatOfAGpu) {
  if (const std::string reason = why_no_device(); !reason.empty()) GTEST_SKIP() << reason;
  const MemorySpeed speed = measure_memory_speed(0, std::uint64_t{256} << 20, 3);
  for (const double measured : {speed.read_gigabytes_per_second, speed.copy_gigabytes_per_second}) {
    EXPECT_GT(measured, 20.0);
    EXPECT_LT(measured, 50'000.0);
  }
}

TEST(GpuMemorySpeed, IsNotMadeUp) {
  if (why_no_device().empty()) GTEST_SKIP() << "there is a GPU";
  EXPECT_THROW((void)measure_memory_speed(0, std::uint64_t{1} << 20, 1), RuntimeFailure);
}

}  // namespace
}  // namespace wolfpack::gpu
