// The threads of one selector: they share each pass with the thread that calls it.
//
//     ThreadPool pool(3);                                   // two more threads, started by the first run()
//     pool.run([&](std::size_t thread) { ... });            // thread 0 is the caller's
//
// The work must divide itself (a shared counter of pieces): a thread that wakes up late, once the caller is through,
// takes no part. So the answer may not depend on who did what. A run belongs to one calling thread. An idle pool looks
// for work for some microseconds, then sleeps.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <mutex>
#include <vector>

#include "base/thread.hpp"

namespace wolfpack::cpu {

class ThreadPool {
 public:
  /// `threads` counts the caller. Under a simulator all work is the caller's.
  explicit ThreadPool(std::size_t threads) : threads_(threads == 0 ? 1 : threads) {}
  ~ThreadPool();
  ThreadPool(const ThreadPool&) = delete;
  ThreadPool& operator=(const ThreadPool&) = delete;

  [[nodiscard]] std::size_t size() const { return threads_; }

  /// Calls work(0) here, and work(1), work(2), ... on those threads that come in time; returns when all have returned.
  /// What one of them throws is thrown here.
  void run(const std::function<void(std::size_t thread)>& work);

 private:
  void start();
  void serve(std::size_t thread);

  std::size_t threads_;
  std::vector<Thread> started_;
  std::mutex mutex_;
  std::condition_variable called_;                          // a run began, or the end
  std::condition_variable finished_;                        // nobody is inside any more
  const std::function<void(std::size_t)>* work_ = nullptr;  // null: no run is open to newcomers
  std::size_t inside_ = 0;
  std::exception_ptr failure_;
  std::atomic<std::uint64_t> runs_{0};
  bool ending_ = false;
};

}  // namespace wolfpack::cpu
