#include "cpu/thread_pool.hpp"

#include <utility>

#include "base/execution.hpp"

namespace wolfpack::cpu {
namespace {

// About as long as it takes to fall asleep and be woken up.
constexpr int kLooks = 2000;

void relax() {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#endif
}

}  // namespace

ThreadPool::~ThreadPool() {
  {
    const std::lock_guard lock(mutex_);
    ending_ = true;
    runs_.fetch_add(1, std::memory_order_release);
  }
  called_.notify_all();
  for (Thread& thread : started_) thread.join();
}

void ThreadPool::run(const std::function<void(std::size_t)>& work) {
  if (threads_ == 1 || Execution::simulated() != nullptr) return work(0);
  if (started_.empty()) start();
  {
    const std::lock_guard lock(mutex_);
    work_ = &work;
    runs_.fetch_add(1, std::memory_order_release);
  }
  called_.notify_all();
  std::exception_ptr failure;
  try {
    work(0);
  } catch (...) {
    failure = std::current_exception();
  }
  std::unique_lock lock(mutex_);
  work_ = nullptr;
  finished_.wait(lock, [&] { return inside_ == 0; });
  if (!failure) failure = failure_;
  failure_ = nullptr;
  if (failure) std::rethrow_exception(failure);
}

void ThreadPool::start() {
  for (std::size_t thread = 1; thread < threads_; ++thread) started_.emplace_back([this, thread] { serve(thread); });
}

void ThreadPool::serve(std::size_t thread) {
  std::uint64_t seen = 0;
  std::unique_lock lock(mutex_);
  while (!ending_) {
    const std::uint64_t runs = runs_.load(std::memory_order_acquire);
    if (runs != seen) {
      seen = runs;
      if (const auto* work = work_) {
        ++inside_;
        lock.unlock();
        std::exception_ptr failure;
        try {
          (*work)(thread);
        } catch (...) {
          failure = std::current_exception();
        }
        lock.lock();
        if (failure) failure_ = failure;
        if (--inside_ == 0) finished_.notify_one();
      }
      continue;
    }
    lock.unlock();
    for (int look = 0; look < kLooks && runs_.load(std::memory_order_acquire) == seen; ++look) relax();
    lock.lock();
    called_.wait(lock, [&] { return runs_.load(std::memory_order_acquire) != seen; });
  }
}

}  // namespace wolfpack::cpu
