// What --device makes of what there is: on the emulated device, whose memory the tests set.
#include "experiments/worker_selector.hpp"

#include <cuda_runtime.h>
#include <mutex>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/status.hpp"
#include "runtime/threads_launcher.hpp"

namespace wolfpack::experiments {
namespace {

using testing::HasSubstr;

/// Of whole numbers, 4 `columns` KB here and half of that as bfloat16.
Matrix whole_numbers(Index columns) {
  return DenseMatrix<float>{1000, columns, LargeArray<float>(static_cast<std::size_t>(1000 * columns), 3.0F)};
}

WorkerDevice device_with(std::size_t mebibytes, DeviceWish wish) {
  emulated_cuda::set_memory_bytes(mebibytes << 20);
  WorkerDevice device{.wish = wish, .gpu = gpu::list_devices().front(), .sharers = 1, .why_none = {}};
  device.gpu->memory_bytes = mebibytes << 20;
  return device;
}

TEST(WorkerSelector, IsOnTheGpuWhereThePartitionFitsAndIsWorthIt) {
  const WorkerSelector chosen = make_worker_selector(whole_numbers(300), device_with(512, DeviceWish::automatic), {});
  EXPECT_EQ(chosen.device, "gpu");
  EXPECT_EQ(chosen.description, "emulated on the CPU (GPU 0), dense bfloat16, atoms' columns through pinned memory");
  EXPECT_EQ(chosen.host_bytes, 0U);
  EXPECT_GE(chosen.device_bytes, 600'000U);
  EXPECT_EQ(chosen.selector->columns(), 300);
}

TEST(WorkerSelector, StaysOnTheCpuWhereNobodyMinds) {
  const WorkerSelector small = make_worker_selector(whole_numbers(10), device_with(512, DeviceWish::automatic), {});
  EXPECT_EQ(small.device, "cpu");
  EXPECT_EQ(small.description, "cpu: 40000 bytes are read as quickly there");
  EXPECT_EQ(small.host_bytes, 40'000U);
  const WorkerSelector wished = make_worker_selector(whole_numbers(10), device_with(512, DeviceWish::gpu), {});
  EXPECT_EQ(wished.device, "gpu");
  const WorkerSelector none =
      make_worker_selector(whole_numbers(300), WorkerDevice{DeviceWish::automatic, {}, 1, "none"}, {});
  EXPECT_EQ(none.description, "cpu: none");
}

TEST(WorkerSelector, WithTooLittleMemoryStaysOrReadsFromTheHost) {
  const WorkerSelector stays = make_worker_selector(whole_numbers(1000), device_with(75, DeviceWish::automatic), {});
  EXPECT_EQ(stays.device, "cpu");
  EXPECT_THAT(stays.description, HasSubstr("does not fit on GPU 0, of whose 75 MiB 65 MiB are to be had"));
  const WorkerSelector reads = make_worker_selector(whole_numbers(1000), device_with(75, DeviceWish::gpu), {});
  EXPECT_EQ(reads.device, "gpu");
  EXPECT_THAT(reads.description, HasSubstr("MiB read from the host"));
  EXPECT_GT(reads.host_bytes, 300'000U);
  EXPECT_LT(reads.host_bytes, 2'000'000U);
}

TEST(WorkerSelector, StaysWhereCudaFails) {
  WorkerDevice device = device_with(512, DeviceWish::automatic);
  device.gpu->ordinal = 1;  // there is but one
  const WorkerSelector stays = make_worker_selector(whole_numbers(300), device, {});
  EXPECT_EQ(stays.device, "cpu");
  EXPECT_EQ(stays.description, "cpu: cudaSetDevice: invalid argument (cudaErrorInvalidValue)");
  device.wish = DeviceWish::gpu;
  EXPECT_THROW((void)make_worker_selector(whole_numbers(300), device, {}), RuntimeFailure);
}

TEST(WorkerDevice, IsSharedByTheWorkersOfAMachine) {
  std::mutex mutex;
  std::vector<std::pair<int, std::size_t>> found;
  runtime::run_threads(3, [&](transport::Bootstrap& bootstrap) {
    const WorkerDevice device = worker_device(DeviceWish::automatic, bootstrap);
    const WorkerDevice none = worker_device(DeviceWish::cpu, bootstrap);
    const std::lock_guard lock(mutex);
    found.emplace_back(device.gpu ? device.gpu->ordinal : -1, device.sharers);
    EXPECT_FALSE(none.gpu.has_value());
  });
  EXPECT_EQ(found, (std::vector<std::pair<int, std::size_t>>(3, {0, 3})));
}

}  // namespace
}  // namespace wolfpack::experiments
