// Where there is no GPU, people must learn why: of any machine and any build.
#include <gtest/gtest.h>

#include "gpu/devices.hpp"

namespace wolfpack::gpu {
namespace {

TEST(GpuDevices, AreUsableOrItIsSaidWhy) {
  bool usable = false;
  for (const GpuDevice& device : list_devices()) usable = usable || device.why_not_usable.empty();
  EXPECT_EQ(usable, why_no_device().empty()) << why_no_device();
}

TEST(GpuDevices, AreGivenTheSameTwice) {
  EXPECT_EQ(list_devices().size(), list_devices().size());
  EXPECT_EQ(why_no_device(), why_no_device());
}

}  // namespace
}  // namespace wolfpack::gpu
