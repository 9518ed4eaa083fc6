// What gpu/devices.hpp promises on a machine with a GPU; skipped, with the reason, on one without.
#include "gpu/devices.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace wolfpack::gpu {
namespace {

TEST(GpuDevices, AreDescribedWhereThereAreAny) {
  const auto devices = list_devices();
  if (devices.empty()) GTEST_SKIP() << why_no_device();
  for (std::size_t k = 0; k < devices.size(); ++k) {
    const GpuDevice& device = devices[k];
    SCOPED_TRACE(device.name);
    EXPECT_EQ(device.ordinal, static_cast<int>(k));
    EXPECT_FALSE(device.name.empty());
    EXPECT_GE(device.compute_major, 5);
    EXPECT_GT(device.memory_bytes, std::uint64_t{1} << 30);
    EXPECT_GE(device.driver.major, 11);
    EXPECT_GE(device.runtime.major, 11);
  }
}

TEST(GpuDevices, OneOfThemRunsTheKernelsOfThisProgram) {
  if (list_devices().empty()) GTEST_SKIP() << why_no_device();
  EXPECT_EQ(why_no_device(), "");
}

}  // namespace
}  // namespace wolfpack::gpu
