#include <array>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <setjmp.h>
#include <ucontext.h>
#include <vector>

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
#endif

#include "cuda_runtime_api.h"

struct emulated_stream {
  std::deque<std::function<void()>> work;
};

dim3 threadIdx, blockIdx, blockDim, gridDim;

namespace wolfpack::emulated_cuda {
namespace {

constexpr unsigned kWarp = 32;
constexpr unsigned kMostThreads = 1024;
constexpr std::size_t kStackBytes = std::size_t{128} << 10;
constexpr int kPattern = 0xa5;

[[noreturn]] void fail(const char* what) {
  std::fprintf(stderr, "emulated CUDA: %s (thread %u of block %u)\n", what, threadIdx.x, blockIdx.x);
  std::abort();
}

// ---- device memory

struct Device {
  std::recursive_mutex mutex;  // one thing at a time, whichever thread of the host asks
  std::map<std::uintptr_t, std::size_t> allocations;
  std::size_t memory_bytes = std::size_t{1} << 30;
  std::size_t in_use = 0;
  std::set<cudaStream_t> streams;
};
Device& device() {
  static Device only;
  return only;
}

bool on_device(const void* memory, std::size_t bytes) {
  const auto begin = reinterpret_cast<std::uintptr_t>(memory);
  auto after = device().allocations.upper_bound(begin);
  if (after == device().allocations.begin()) return false;
  --after;
  return begin + bytes <= after->first + after->second;
}

void let_host_see([[maybe_unused]] bool seen) {
#if defined(__SANITIZE_ADDRESS__)
  for (const auto& [begin, bytes] : device().allocations) {
    const auto* memory = reinterpret_cast<const void*>(begin);
    if (seen) {
      ASAN_UNPOISON_MEMORY_REGION(memory, bytes);
    } else {
      ASAN_POISON_MEMORY_REGION(memory, bytes);
    }
  }
#endif
}

void drain(emulated_stream& stream) {
  const std::lock_guard lock(device().mutex);
  let_host_see(true);
  while (!stream.work.empty()) {
    stream.work.front()();
    stream.work.pop_front();
  }
  let_host_see(false);
}

// ---- the threads of a block

struct Place {
  ucontext_t context;
  jmp_buf jump;
  bool is_new = false;  // context has not been entered
};
struct Fiber {
  Place place;
  std::unique_ptr<char[]> stack;
  bool ended = false;
  std::uint64_t block_barriers = 0;  // that it has come to
  std::uint64_t exchanges = 0;
};
struct Warp {
  unsigned arrived = 0;
  std::uint64_t exchanges = 0;  // that are complete
  std::array<std::array<std::uint64_t, kWarp>, 2> words;
};

// Blocks run one at a time, so that one set of fibers serves them all.
struct Block {
  std::vector<Fiber> fibers = std::vector<Fiber>(kMostThreads);
  std::array<Warp, kMostThreads / kWarp> warps;
  unsigned threads = 0;
  unsigned current = 0;
  unsigned arrived = 0;
  std::uint64_t barriers = 0;
  Place scheduler;
  const void* scheduler_stack = nullptr;
  std::size_t scheduler_bytes = 0;
  const std::function<void()>* thread = nullptr;
};
Block& block() {
  static Block only;
  return only;
}

// Changes to another stack. A stack that runs for the first time is entered by its context, and come back to by a jump,
// which costs no system call; the address sanitizer is told of the change, and wants no jumps.
void change(Place& from, Place& to, [[maybe_unused]] const void* stack, [[maybe_unused]] std::size_t bytes,
            [[maybe_unused]] bool ends) {
#if defined(__SANITIZE_ADDRESS__)
  void* fake = nullptr;
  __sanitizer_start_switch_fiber(ends ? nullptr : &fake, stack, bytes);
  swapcontext(&from.context, &to.context);
  __sanitizer_finish_switch_fiber(fake, nullptr, nullptr);
#else
  if (_setjmp(from.jump) != 0) return;
  if (to.is_new) {
    to.is_new = false;
    setcontext(&to.context);
  }
  _longjmp(to.jump, 1);
#endif
}

void leave(bool ends) {
  Block& all = block();
  change(all.fibers[all.current].place, all.scheduler, all.scheduler_stack, all.scheduler_bytes, ends);
}

void run_thread() {
#if defined(__SANITIZE_ADDRESS__)
  __sanitizer_finish_switch_fiber(nullptr, &block().scheduler_stack, &block().scheduler_bytes);
#endif
  (*block().thread)();
  block().fibers[block().current].ended = true;
  leave(true);
}

bool may_run(const Fiber& fiber, const Warp& warp) {
  return !fiber.ended && fiber.block_barriers <= block().barriers && fiber.exchanges <= warp.exchanges;
}

void run_block(unsigned threads, const std::function<void()>& thread) {
  Block& all = block();
  all.threads = threads;
  all.thread = &thread;
  all.arrived = 0;
  all.barriers = 0;
  all.warps.fill({});
  for (unsigned t = 0; t < threads; ++t) {
    Fiber& fiber = all.fibers[t];
    if (!fiber.stack) fiber.stack = std::make_unique<char[]>(kStackBytes);
    fiber.ended = false;
    fiber.block_barriers = 0;
    fiber.exchanges = 0;
    getcontext(&fiber.place.context);
    fiber.place.context.uc_stack.ss_sp = fiber.stack.get();
    fiber.place.context.uc_stack.ss_size = kStackBytes;
    fiber.place.context.uc_link = nullptr;
    fiber.place.is_new = true;
    makecontext(&fiber.place.context, run_thread, 0);
  }
  for (unsigned ended = 0; ended < threads;) {
    bool somebody_ran = false;
    for (unsigned t = 0; t < threads; ++t) {
      Fiber& fiber = all.fibers[t];
      if (!may_run(fiber, all.warps[t / kWarp])) continue;
      somebody_ran = true;
      all.current = t;
      threadIdx.x = t;
      change(all.scheduler, fiber.place, fiber.stack.get(), kStackBytes, false);
      if (fiber.ended) ++ended;
    }
    if (!somebody_ran) fail("some threads wait at a barrier that others never reach");
  }
}

}  // namespace

void wait_for_block() {
  Block& all = block();
  Fiber& self = all.fibers[all.current];
  ++self.block_barriers;
  if (++all.arrived == all.threads) {
    all.arrived = 0;
    ++all.barriers;
    return;
  }
  leave(false);
}

const std::uint64_t* exchange_in_warp(std::uint64_t word) {
  Block& all = block();
  const unsigned self = all.current;
  Warp& warp = all.warps[self / kWarp];
  auto& words = warp.words[all.fibers[self].exchanges % 2];
  words[self % kWarp] = word;
  ++all.fibers[self].exchanges;
  if (++warp.arrived == kWarp) {
    warp.arrived = 0;
    ++warp.exchanges;
  } else {
    leave(false);
  }
  return words.data();
}

cudaError_t launch(const cudaLaunchConfig_t& config, std::function<void()> thread) {
  const unsigned threads = config.blockDim.x;
  const unsigned blocks = config.gridDim.x;
  if (threads == 0 || threads > kMostThreads || threads % kWarp != 0 || blocks == 0 || config.stream == nullptr)
    return cudaErrorInvalidValue;
  const std::lock_guard lock(device().mutex);
  config.stream->work.push_back([threads, blocks, thread = std::move(thread)] {
    blockDim = {threads, 1, 1};
    gridDim = {blocks, 1, 1};
    for (unsigned b = 0; b < blocks; ++b) {
      blockIdx = {b, 0, 0};
      run_block(threads, thread);
    }
  });
  return cudaSuccess;
}

void set_memory_bytes(std::size_t bytes) { device().memory_bytes = bytes; }
std::size_t bytes_in_use() { return device().in_use; }

}  // namespace wolfpack::emulated_cuda

using wolfpack::emulated_cuda::device;
using wolfpack::emulated_cuda::drain;
using wolfpack::emulated_cuda::let_host_see;
using wolfpack::emulated_cuda::on_device;

const char* cudaGetErrorName(cudaError_t error) {
  return error == cudaSuccess                 ? "cudaSuccess"
         : error == cudaErrorMemoryAllocation ? "cudaErrorMemoryAllocation"
                                              : "cudaErrorInvalidValue";
}
const char* cudaGetErrorString(cudaError_t error) {
  return error == cudaSuccess ? "no error" : error == cudaErrorMemoryAllocation ? "out of memory" : "invalid argument";
}
cudaError_t cudaGetLastError() { return cudaSuccess; }
cudaError_t cudaSetDevice(int ordinal) { return ordinal == 0 ? cudaSuccess : cudaErrorInvalidValue; }
cudaError_t cudaDeviceGetAttribute(int* value, cudaDeviceAttr, int) {
  *value = 2;
  return cudaSuccess;
}
cudaError_t cudaMemGetInfo(std::size_t* free, std::size_t* total) {
  *total = device().memory_bytes;
  *free = device().memory_bytes - device().in_use;
  return cudaSuccess;
}

cudaError_t cudaMalloc(void** memory, std::size_t bytes) {
  const std::lock_guard lock(device().mutex);
  if (bytes > device().memory_bytes - device().in_use) return cudaErrorMemoryAllocation;
  const std::size_t aligned = (bytes + 255) / 256 * 256;  // as CUDA does
  *memory = std::aligned_alloc(256, aligned);
  std::memset(*memory, wolfpack::emulated_cuda::kPattern, bytes);
#if defined(__SANITIZE_ADDRESS__)
  ASAN_POISON_MEMORY_REGION(*memory, aligned);  // of which let_host_see() opens what was asked for
#endif
  device().allocations.emplace(reinterpret_cast<std::uintptr_t>(*memory), bytes);
  device().in_use += bytes;
  let_host_see(false);
  return cudaSuccess;
}
cudaError_t cudaFree(void* memory) {
  const std::lock_guard lock(device().mutex);
  if (memory == nullptr) return cudaSuccess;
  for (const cudaStream_t stream : device().streams) drain(*stream);
  const auto found = device().allocations.find(reinterpret_cast<std::uintptr_t>(memory));
  if (found == device().allocations.end()) return cudaErrorInvalidValue;
#if defined(__SANITIZE_ADDRESS__)
  ASAN_UNPOISON_MEMORY_REGION(memory, (found->second + 255) / 256 * 256);
#endif
  device().in_use -= found->second;
  device().allocations.erase(found);
  std::free(memory);
  return cudaSuccess;
}
cudaError_t cudaHostAlloc(void** memory, std::size_t bytes, unsigned) {
  *memory = std::aligned_alloc(256, (bytes + 255) / 256 * 256);
  std::memset(*memory, wolfpack::emulated_cuda::kPattern, bytes);
  return cudaSuccess;
}
cudaError_t cudaFreeHost(void* memory) {
  std::free(memory);
  return cudaSuccess;
}

cudaError_t cudaStreamCreateWithFlags(cudaStream_t* stream, unsigned) {
  const std::lock_guard lock(device().mutex);
  *stream = new emulated_stream;
  device().streams.insert(*stream);
  return cudaSuccess;
}
cudaError_t cudaStreamDestroy(cudaStream_t stream) {
  const std::lock_guard lock(device().mutex);
  drain(*stream);
  device().streams.erase(stream);
  delete stream;
  return cudaSuccess;
}
cudaError_t cudaStreamSynchronize(cudaStream_t stream) {
  drain(*stream);
  return cudaSuccess;
}
cudaError_t cudaMemcpyAsync(void* to, const void* from, std::size_t bytes, cudaMemcpyKind kind, cudaStream_t stream) {
  return cudaMemcpy2DAsync(to, bytes, from, bytes, bytes, 1, kind, stream);
}
cudaError_t cudaMemcpy2DAsync(void* to, std::size_t to_pitch, const void* from, std::size_t from_pitch,
                              std::size_t width, std::size_t height, cudaMemcpyKind kind, cudaStream_t stream) {
  if (width == 0 || height == 0) return cudaSuccess;
  const std::lock_guard lock(device().mutex);
  const std::size_t to_bytes = (height - 1) * to_pitch + width;
  const std::size_t from_bytes = (height - 1) * from_pitch + width;
  const bool to_device = kind == cudaMemcpyHostToDevice;
  if (width > to_pitch || width > from_pitch || on_device(to, to_bytes) != to_device ||
      on_device(from, from_bytes) == to_device)
    return cudaErrorInvalidValue;
  stream->work.push_back([=] {
    for (std::size_t row = 0; row < height; ++row)
      std::memcpy(static_cast<char*>(to) + row * to_pitch, static_cast<const char*>(from) + row * from_pitch, width);
  });
  return cudaSuccess;
}
cudaError_t cudaMemsetAsync(void* memory, int value, std::size_t bytes, cudaStream_t stream) {
  if (bytes == 0) return cudaSuccess;
  const std::lock_guard lock(device().mutex);
  if (!on_device(memory, bytes)) return cudaErrorInvalidValue;
  stream->work.push_back([=] { std::memset(memory, value, bytes); });
  return cudaSuccess;
}
