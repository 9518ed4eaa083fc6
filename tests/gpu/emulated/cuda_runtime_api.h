// A CUDA device that is none: enough of the CUDA runtime and of the device language to compile gpu/*.cu with an ordinary
// C++ compiler and to run its kernels on the CPU, so that they are tested where there is no GPU and under the address
// and undefined-behaviour sanitizers.
//
// What is emulated, and what of it is stricter than a GPU:
//
//   - the threads of a block are fibers; they change only at barriers, shuffles and ballots, which have to be reached by
//     all threads of the block or warp. Where some never do, the program ends with a message;
//   - blocks run one after another, in order. So no race between blocks is ever seen here, nor a missing fence;
//   - device memory is filled with a pattern when it is allocated. The address sanitizer sees a read or write beyond it,
//     and any by the host: host and device memory are told apart;
//   - work in a stream is done when it is waited for, and not before: the host must not touch what it handed over.
//
// Free of CUDA's own text. Names follow CUDA's. Any thread of the host may call it.
#pragma once

#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>
#include <tuple>
#include <utility>

#define __global__
#define __device__
#define __host__
#define __forceinline__ inline
// One for all threads of a block, since the fibers of a block share a thread of the host and blocks follow one another.
#define __shared__ static
#define __restrict__ __restrict
#define __launch_bounds__(...)

// ---- the host's side ------------------------------------------------------------------------------------------------

enum cudaError_t { cudaSuccess = 0, cudaErrorInvalidValue = 1, cudaErrorMemoryAllocation = 2 };
enum cudaMemcpyKind { cudaMemcpyHostToDevice = 1, cudaMemcpyDeviceToHost = 2 };
enum cudaDeviceAttr { cudaDevAttrMultiProcessorCount = 16 };
struct cudaFuncAttributes {};
struct emulated_stream;
using cudaStream_t = emulated_stream*;
inline constexpr unsigned cudaStreamNonBlocking = 1;
inline constexpr unsigned cudaHostAllocDefault = 0;

const char* cudaGetErrorName(cudaError_t error);
const char* cudaGetErrorString(cudaError_t error);
cudaError_t cudaGetLastError();
cudaError_t cudaSetDevice(int ordinal);
cudaError_t cudaDeviceGetAttribute(int* value, cudaDeviceAttr attribute, int ordinal);
cudaError_t cudaMemGetInfo(std::size_t* free, std::size_t* total);
cudaError_t cudaMalloc(void** memory, std::size_t bytes);
cudaError_t cudaFree(void* memory);
cudaError_t cudaHostAlloc(void** memory, std::size_t bytes, unsigned flags);
cudaError_t cudaFreeHost(void* memory);
cudaError_t cudaStreamCreateWithFlags(cudaStream_t* stream, unsigned flags);
cudaError_t cudaStreamDestroy(cudaStream_t stream);
cudaError_t cudaStreamSynchronize(cudaStream_t stream);
cudaError_t cudaMemcpyAsync(void* to, const void* from, std::size_t bytes, cudaMemcpyKind kind, cudaStream_t stream);
cudaError_t cudaMemcpy2DAsync(void* to, std::size_t to_pitch, const void* from, std::size_t from_pitch,
                              std::size_t width, std::size_t height, cudaMemcpyKind kind, cudaStream_t stream);
cudaError_t cudaMemsetAsync(void* memory, int value, std::size_t bytes, cudaStream_t stream);

struct dim3 {
  unsigned x = 1, y = 1, z = 1;
};
struct cudaLaunchConfig_t {
  dim3 gridDim, blockDim;
  std::size_t dynamicSmemBytes = 0;
  cudaStream_t stream = nullptr;
};

namespace wolfpack::emulated_cuda {

/// How much memory the device has: allocations beyond it fail. Set before it is used.
void set_memory_bytes(std::size_t bytes);
/// What is allocated on the device now: 0 after all is freed.
std::size_t bytes_in_use();

cudaError_t launch(const cudaLaunchConfig_t& config, std::function<void()> thread);

}  // namespace wolfpack::emulated_cuda

template <class... Parameters, class... Arguments>
cudaError_t cudaLaunchKernelEx(const cudaLaunchConfig_t* config, void (*kernel)(Parameters...),
                               Arguments&&... arguments) {
  return wolfpack::emulated_cuda::launch(
      *config, [kernel, copies = std::tuple<std::decay_t<Parameters>...>(std::forward<Arguments>(arguments)...)] {
        std::apply(kernel, copies);
      });
}
inline cudaError_t cudaFuncGetAttributes(cudaFuncAttributes*, const void*) { return cudaSuccess; }
template <class Kernel>
cudaError_t cudaOccupancyMaxActiveBlocksPerMultiprocessor(int* blocks, Kernel, int, std::size_t) {
  *blocks = 2;
  return cudaSuccess;
}

// ---- the device's side ----------------------------------------------------------------------------------------------

struct alignas(16) float4 {
  float x, y, z, w;
};
struct alignas(16) double2 {
  double x, y;
};
struct alignas(16) uint4 {
  unsigned x, y, z, w;
};

extern dim3 threadIdx, blockIdx, blockDim, gridDim;  // of the thread that runs

namespace wolfpack::emulated_cuda {

void wait_for_block();
/// Every thread of the warp hands in a word; what all handed in, by lane, until the next exchange but one.
const std::uint64_t* exchange_in_warp(std::uint64_t word);

template <class T>
T shuffled(T value, unsigned from) {
  static_assert(sizeof(T) <= sizeof(std::uint64_t));
  std::uint64_t word = 0;
  std::memcpy(&word, &value, sizeof(T));
  const std::uint64_t got = exchange_in_warp(word)[from];
  std::memcpy(&value, &got, sizeof(T));
  return value;
}

}  // namespace wolfpack::emulated_cuda

inline void __syncthreads() { wolfpack::emulated_cuda::wait_for_block(); }
template <class T>
T __shfl_xor_sync(unsigned /*mask*/, T value, int lanes) {
  const unsigned lane = threadIdx.x % 32;
  return wolfpack::emulated_cuda::shuffled(value, lane ^ static_cast<unsigned>(lanes));
}
template <class T>
T __shfl_sync(unsigned /*mask*/, T value, int from) {
  return wolfpack::emulated_cuda::shuffled(value, static_cast<unsigned>(from) % 32);
}
inline unsigned __ballot_sync(unsigned /*mask*/, bool vote) {
  const std::uint64_t* votes = wolfpack::emulated_cuda::exchange_in_warp(vote ? 1 : 0);
  unsigned ballot = 0;
  for (unsigned lane = 0; lane < 32; ++lane)
    if (votes[lane] != 0) ballot |= 1U << lane;
  return ballot;
}
inline int __ffs(int bits) { return bits == 0 ? 0 : std::countr_zero(static_cast<unsigned>(bits)) + 1; }
inline int __popc(unsigned bits) { return std::popcount(bits); }
template <class T>
T atomicAdd(T* at, T value) {
  return std::exchange(*at, static_cast<T>(*at + value));
}
template <class T>
T atomicMax(T* at, T value) {
  return std::exchange(*at, *at < value ? value : *at);
}
template <class T>
T __ldg(const T* at) {
  return *at;
}
template <class T>
T __ldcs(const T* at) {
  return *at;
}
inline unsigned __float_as_uint(float value) { return std::bit_cast<unsigned>(value); }
inline float __uint_as_float(unsigned bits) { return std::bit_cast<float>(bits); }
inline long long __double_as_longlong(double value) { return std::bit_cast<long long>(value); }
inline double __longlong_as_double(long long bits) { return std::bit_cast<double>(bits); }
inline double __hiloint2double(int high, int low) {
  return std::bit_cast<double>(static_cast<std::uint64_t>(static_cast<unsigned>(high)) << 32 |
                               static_cast<unsigned>(low));
}
inline float __double2float_ru(double value) {
  const auto nearest = static_cast<float>(value);
  return nearest < value ? std::nextafter(nearest, INFINITY) : nearest;
}
inline float __double2float_rd(double value) {
  const auto nearest = static_cast<float>(value);
  return nearest > value ? std::nextafter(nearest, -INFINITY) : nearest;
}
