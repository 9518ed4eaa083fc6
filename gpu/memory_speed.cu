#include <algorithm>
#include <cuda_runtime.h>
#include <vector>

#include "gpu/device_buffer.cuh"
#include "gpu/memory_speed.hpp"

namespace wolfpack::gpu {
namespace {

constexpr int kReaders = 512;  // threads of a block

__global__ void __launch_bounds__(kReaders) add_up(const uint4* memory, std::uint64_t count, unsigned* sum) {
  constexpr int kTogether = 4;  // reads that are under way in a thread
  const std::uint64_t step = static_cast<std::uint64_t>(gridDim.x) * kReaders;
  std::uint64_t at = static_cast<std::uint64_t>(blockIdx.x) * kReaders + threadIdx.x;
  unsigned own = 0;
  for (; at + (kTogether - 1) * step < count; at += kTogether * step) {
    uint4 values[kTogether];
    for (int k = 0; k < kTogether; ++k) values[k] = __ldcs(memory + at + k * step);
    for (int k = 0; k < kTogether; ++k) own += values[k].x ^ values[k].y ^ values[k].z ^ values[k].w;
  }
  for (; at < count; at += step) own += __ldcs(memory + at).x;
  if (own == 0x9e3779b9U) atomicAdd(sum, own);  // so that the reads are not for nothing
}

class Event {
 public:
  Event() { check(cudaEventCreate(&event_), "cudaEventCreate"); }
  ~Event() { (void)cudaEventDestroy(event_); }
  Event(const Event&) = delete;
  Event& operator=(const Event&) = delete;
  void record(cudaStream_t stream) { check(cudaEventRecord(event_, stream), "cudaEventRecord"); }
  [[nodiscard]] double seconds_since(const Event& start) const {
    float milliseconds = 0.0F;
    check(cudaEventSynchronize(event_), "cudaEventSynchronize");
    check(cudaEventElapsedTime(&milliseconds, start.event_, event_), "cudaEventElapsedTime");
    return 1e-3 * static_cast<double>(milliseconds);
  }

 private:
  cudaEvent_t event_ = nullptr;
};

template <class Work>
double median_seconds(int repeats, const Stream& stream, Work&& work) {
  std::vector<double> seconds;
  Event start, end;
  work();  // warm
  for (int k = 0; k < repeats; ++k) {
    start.record(stream.get());
    work();
    end.record(stream.get());
    seconds.push_back(end.seconds_since(start));
  }
  std::nth_element(seconds.begin(), seconds.begin() + repeats / 2, seconds.end());
  return seconds[static_cast<std::size_t>(repeats / 2)];
}

}  // namespace

MemorySpeed measure_memory_speed(int device, std::uint64_t bytes, int repeats) {
  check(cudaSetDevice(device), "cudaSetDevice");
  int processors = 0, blocks = 0;
  check(cudaDeviceGetAttribute(&processors, cudaDevAttrMultiProcessorCount, device), "cudaDeviceGetAttribute");
  check(cudaOccupancyMaxActiveBlocksPerMultiprocessor(&blocks, add_up, kReaders, 0),
        "cudaOccupancyMaxActiveBlocksPerMultiprocessor");
  const std::size_t count = bytes / sizeof(uint4);
  const Stream stream;
  const DeviceArray<uint4> from(count), to(count);
  const DeviceArray<unsigned> sum(1);
  from.fill_bytes(1, stream.get());
  MemorySpeed speed;
  const double read = median_seconds(repeats, stream, [&] {
    launch(add_up, processors * blocks, kReaders, stream.get(), from.data(), count, sum.data());
  });
  const double copy = median_seconds(repeats, stream, [&] {
    check(cudaMemcpyAsync(to.data(), from.data(), from.bytes(), cudaMemcpyDeviceToDevice, stream.get()),
          "cudaMemcpyAsync");
  });
  speed.read_gigabytes_per_second = 1e-9 * static_cast<double>(from.bytes()) / read;
  speed.copy_gigabytes_per_second = 2e-9 * static_cast<double>(from.bytes()) / copy;
  return speed;
}

}  // namespace wolfpack::gpu
