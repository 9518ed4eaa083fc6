// That the emulated device notices what it says it does, and what the GPU backend does where memory runs out.
#include <cuda_runtime.h>
#include <vector>

#include <gtest/gtest.h>

#include "gpu/atom_selector.hpp"

namespace wolfpack::gpu {
namespace {

void half_waits() {
  if (threadIdx.x < 16) __syncthreads();
}
void half_of_a_warp_votes(unsigned* votes) {
  if (threadIdx.x < 16) *votes = __ballot_sync(0xffffffffU, true);
}
void reverse(const int* from, int* to) {
  __shared__ int values[64];
  values[threadIdx.x] = from[threadIdx.x];
  __syncthreads();
  to[threadIdx.x] = values[63 - threadIdx.x];
}
void sum_of_lanes(int* sum) {
  int value = static_cast<int>(threadIdx.x % 32);
  for (int distance = 16; distance > 0; distance /= 2) value += __shfl_xor_sync(0xffffffffU, value, distance);
  sum[threadIdx.x] = value;
}

class EmulatedCuda : public testing::Test {
 protected:
  void SetUp() override { ASSERT_EQ(cudaStreamCreateWithFlags(&stream_, cudaStreamNonBlocking), cudaSuccess); }
  void TearDown() override { (void)cudaStreamDestroy(stream_); }

  template <class... Parameters, class... Arguments>
  void launch(void (*kernel)(Parameters...), unsigned threads, Arguments... arguments) {
    cudaLaunchConfig_t config{};
    config.blockDim.x = threads;
    config.stream = stream_;
    ASSERT_EQ(cudaLaunchKernelEx(&config, kernel, arguments...), cudaSuccess);
  }
  int* on_device(std::size_t count) {
    void* memory = nullptr;
    EXPECT_EQ(cudaMalloc(&memory, count * sizeof(int)), cudaSuccess);
    return static_cast<int*>(memory);
  }
  std::vector<int> read(const int* memory, std::size_t count) {
    std::vector<int> values(count);
    EXPECT_EQ(cudaMemcpyAsync(values.data(), memory, count * sizeof(int), cudaMemcpyDeviceToHost, stream_),
              cudaSuccess);
    EXPECT_EQ(cudaStreamSynchronize(stream_), cudaSuccess);
    return values;
  }

  cudaStream_t stream_ = nullptr;
};

TEST_F(EmulatedCuda, ThreadsOfABlockMeetAtBarriersAndShareMemory) {
  std::vector<int> numbers(64);
  for (int k = 0; k < 64; ++k) numbers[static_cast<std::size_t>(k)] = k;
  int* from = on_device(64);
  int* to = on_device(64);
  ASSERT_EQ(cudaMemcpyAsync(from, numbers.data(), 64 * sizeof(int), cudaMemcpyHostToDevice, stream_), cudaSuccess);
  launch(reverse, 64, from, to);
  const std::vector<int> reversed = read(to, 64);
  for (int k = 0; k < 64; ++k) EXPECT_EQ(reversed[static_cast<std::size_t>(k)], 63 - k);
  (void)cudaFree(from);
  (void)cudaFree(to);
}

TEST_F(EmulatedCuda, ShufflesReachEveryLane) {
  int* sums = on_device(64);
  launch(sum_of_lanes, 64, sums);
  EXPECT_EQ(read(sums, 64), std::vector<int>(64, 31 * 32 / 2));
  (void)cudaFree(sums);
}

TEST_F(EmulatedCuda, WorkIsDoneWhenItIsWaitedForAndNotBefore) {
  std::vector<int> numbers(64, 1);
  int* memory = on_device(64);
  ASSERT_EQ(cudaMemcpyAsync(memory, numbers.data(), 64 * sizeof(int), cudaMemcpyHostToDevice, stream_), cudaSuccess);
  numbers[0] = 2;  // too early
  EXPECT_EQ(read(memory, 64)[0], 2);
  (void)cudaFree(memory);
}

TEST_F(EmulatedCuda, CopiesTellHostAndDeviceMemoryApart) {
  int host = 0;
  int* device = on_device(1);
  EXPECT_EQ(cudaMemcpyAsync(&host, device, sizeof(int), cudaMemcpyHostToDevice, stream_), cudaErrorInvalidValue);
  EXPECT_EQ(cudaMemcpyAsync(device, &host, 2 * sizeof(int), cudaMemcpyHostToDevice, stream_), cudaErrorInvalidValue);
  EXPECT_EQ(cudaMemcpyAsync(device, device, sizeof(int), cudaMemcpyDeviceToHost, stream_), cudaErrorInvalidValue);
  (void)cudaFree(device);
}

TEST_F(EmulatedCuda, ABarrierThatSomeNeverReachEndsTheProgram) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_DEATH(
      {
        launch(half_waits, 32);
        (void)cudaStreamSynchronize(stream_);
      },
      "a barrier that others never reach");
  unsigned votes = 0;
  EXPECT_DEATH(
      {
        launch(half_of_a_warp_votes, 32, &votes);
        (void)cudaStreamSynchronize(stream_);
      },
      "a barrier that others never reach");
}

[[maybe_unused]] void writes_one_too_many(int* memory) { memory[5] = 1; }

TEST_F(EmulatedCuda, TheAddressSanitizerSeesWhatIsOutOfBoundsOrTheDevices) {
#if defined(__SANITIZE_ADDRESS__)
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  int* memory = on_device(5);
  EXPECT_DEATH(
      {
        launch(writes_one_too_many, 32, memory);
        (void)cudaStreamSynchronize(stream_);
      },
      "AddressSanitizer");
  EXPECT_DEATH(*static_cast<volatile int*>(memory) = 1, "AddressSanitizer");  // by the host
  (void)cudaFree(memory);
#else
  GTEST_SKIP() << "built without the address sanitizer";
#endif
}

TEST(GpuMemory, TooLittleIsToldAndGivenBack) {
  const std::size_t in_use = emulated_cuda::bytes_in_use();
  const DenseMatrix<float> matrix{100, 1000, LargeArray<float>(100'000, 0.1F)};
  constexpr std::size_t kSpared = std::size_t{64} << 20;
  for (std::size_t room = 1; room < 1'000'000; room += 50'000) {
    emulated_cuda::set_memory_bytes(in_use + kSpared + room);
    try {
      const GpuSelector made = make_gpu_atom_selector(matrix.view());
      EXPECT_GE(room, made.device_bytes);
      EXPECT_LT(made.device_bytes, 480'000U);  // the matrix is 400,000
    } catch (const OutOfDeviceMemory& lack) {
      EXPECT_STREQ(
          lack.what(),
          "the partition (dense float32, 100 x 1000) does not fit on GPU 0, of whose 64 MiB 64 MiB are to be had");
      EXPECT_LT(room, 500'000U);
    }
    EXPECT_EQ(emulated_cuda::bytes_in_use(), in_use);
  }
  emulated_cuda::set_memory_bytes(std::size_t{1} << 30);
}

}  // namespace
}  // namespace wolfpack::gpu
