// What a selector owns on a device: memory there, memory of the host that the device reaches, and streams; and how it
// asks the device for something. Each belongs to the device that was current when it was made.
//
// Errors: check() throws RuntimeFailure with the CUDA call, its error and its name; lack of device memory is
// OutOfDeviceMemory.
#pragma once

#include <cstddef>
#include <cuda_runtime.h>
#include <string>
#include <utility>

#include "base/status.hpp"
#include "gpu/atom_selector.hpp"

namespace wolfpack::gpu {

inline void check(cudaError_t error, const char* call) {
  if (error == cudaSuccess) return;
  (void)cudaGetLastError();  // an error that is not fetched comes back from a later, innocent call
  throw RuntimeFailure(std::string(call) + ": " + cudaGetErrorString(error) + " (" + cudaGetErrorName(error) + ")");
}

class Stream {
 public:
  Stream() { check(cudaStreamCreateWithFlags(&stream_, cudaStreamNonBlocking), "cudaStreamCreateWithFlags"); }
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;
  ~Stream() { (void)cudaStreamDestroy(stream_); }

  [[nodiscard]] cudaStream_t get() const { return stream_; }
  void wait() const { check(cudaStreamSynchronize(stream_), "cudaStreamSynchronize"); }

 private:
  cudaStream_t stream_ = nullptr;
};

inline void fill_bytes(void* memory, int value, std::size_t bytes, cudaStream_t stream) {
  if (bytes > 0) check(cudaMemsetAsync(memory, value, bytes, stream), "cudaMemsetAsync");
}

/// Device memory, not initialised.
template <class T>
class DeviceArray {
 public:
  explicit DeviceArray(std::size_t count) : count_(count) {
    if (count == 0) return;
    const cudaError_t error = cudaMalloc(reinterpret_cast<void**>(&data_), bytes());
    if (error == cudaErrorMemoryAllocation) {
      (void)cudaGetLastError();
      throw OutOfDeviceMemory("the GPU has no " + std::to_string(bytes()) + " bytes left");
    }
    check(error, "cudaMalloc");
  }
  DeviceArray(DeviceArray&& other) noexcept
      : data_(std::exchange(other.data_, nullptr)), count_(std::exchange(other.count_, 0)) {}
  DeviceArray& operator=(DeviceArray&&) = delete;
  ~DeviceArray() { (void)cudaFree(data_); }

  [[nodiscard]] T* data() const { return data_; }
  [[nodiscard]] std::size_t size() const { return count_; }
  [[nodiscard]] std::size_t bytes() const { return count_ * sizeof(T); }

  void fill_bytes(int value, cudaStream_t stream) const { gpu::fill_bytes(data_, value, bytes(), stream); }

 private:
  T* data_ = nullptr;
  std::size_t count_ = 0;
};

/// Pinned memory of the host, not initialised: copies from and to it overlap, and kernels may use it as it is.
template <class T>
class PinnedArray {
 public:
  explicit PinnedArray(std::size_t count) : count_(count) {
    if (count == 0) return;
    check(cudaHostAlloc(reinterpret_cast<void**>(&data_), bytes(), cudaHostAllocDefault), "cudaHostAlloc");
  }
  PinnedArray(PinnedArray&& other) noexcept
      : data_(std::exchange(other.data_, nullptr)), count_(std::exchange(other.count_, 0)) {}
  PinnedArray& operator=(PinnedArray&&) = delete;
  ~PinnedArray() { (void)cudaFreeHost(data_); }

  [[nodiscard]] T* data() const { return data_; }
  [[nodiscard]] std::size_t size() const { return count_; }
  [[nodiscard]] std::size_t bytes() const { return count_ * sizeof(T); }
  [[nodiscard]] T& operator[](std::size_t k) const { return data_[k]; }

 private:
  T* data_ = nullptr;
  std::size_t count_ = 0;
};

/// The host may overwrite or free what is copied only after the stream has been waited for.
template <class T>
void copy_to_device(T* to, const T* from, std::size_t count, cudaStream_t stream) {
  if (count > 0) check(cudaMemcpyAsync(to, from, count * sizeof(T), cudaMemcpyHostToDevice, stream), "cudaMemcpyAsync");
}
template <class T>
void copy_to_host(T* to, const T* from, std::size_t count, cudaStream_t stream) {
  if (count > 0) check(cudaMemcpyAsync(to, from, count * sizeof(T), cudaMemcpyDeviceToHost, stream), "cudaMemcpyAsync");
}

template <class... Parameters, class... Arguments>
void launch(void (*kernel)(Parameters...), int blocks, int threads, cudaStream_t stream,
            const Arguments&... arguments) {
  cudaLaunchConfig_t config{};
  config.gridDim.x = static_cast<unsigned>(blocks);
  config.blockDim.x = static_cast<unsigned>(threads);
  config.stream = stream;
  check(cudaLaunchKernelEx(&config, kernel, static_cast<Parameters>(arguments)...), "cudaLaunchKernelEx");
}

}  // namespace wolfpack::gpu
