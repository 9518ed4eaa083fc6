#include <atomic>
#include <chrono>
#include <stdexcept>
#include <sys/resource.h>
#include <thread>

#include <gtest/gtest.h>

#include "cpu/thread_pool.hpp"

namespace wolfpack::cpu {
namespace {

double processor_seconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + 1e-6 * static_cast<double>(time.tv_usec);
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

TEST(CpuThreadPool, SharesEveryRunUntilItsPiecesAreGone) {
  ThreadPool pool(3);
  for (int run = 0; run < 2000; ++run) {
    std::atomic<int> next{0};
    std::atomic<int> done{0};
    pool.run([&](std::size_t thread) {
      EXPECT_LT(thread, 3U);
      while (next.fetch_add(1) < 50) done.fetch_add(1);
    });
    ASSERT_EQ(done.load(), 50);
  }
}

TEST(CpuThreadPool, HasThreadsOfItsOwn) {
  ThreadPool pool(2);
  std::atomic<int> present{0};
  pool.run([&](std::size_t) {  // each waits for the other
    present.fetch_add(1);
    while (present.load() < 2) std::this_thread::yield();
  });
  EXPECT_EQ(present.load(), 2);
}

TEST(CpuThreadPool, OfOneThreadIsTheCaller) {
  ThreadPool pool(1);
  pool.run([caller = std::this_thread::get_id()](std::size_t thread) {
    EXPECT_EQ(thread, 0U);
    EXPECT_EQ(std::this_thread::get_id(), caller);
  });
}

TEST(CpuThreadPool, HandsOnWhatAThreadThrows) {
  ThreadPool pool(2);
  std::atomic<int> present{0};
  for (const std::size_t thrower : {0U, 1U}) {
    present = 0;
    EXPECT_THROW(pool.run([&](std::size_t thread) {
      present.fetch_add(1);
      while (present.load() < 2) std::this_thread::yield();
      if (thread == thrower) throw std::runtime_error("out of luck");
    }),
                 std::runtime_error);
  }
  std::atomic<int> runs{0};
  pool.run([&](std::size_t thread) { runs.fetch_add(thread == 0 ? 1 : 0); });
  EXPECT_EQ(runs.load(), 1);
}

TEST(CpuThreadPool, IdleCostsNoProcessorTime) {
  ThreadPool pool(3);
  pool.run([](std::size_t) {});
  std::this_thread::sleep_for(std::chrono::milliseconds(20));
  const double before = processor_seconds();
  std::this_thread::sleep_for(std::chrono::milliseconds(200));
  EXPECT_LT(processor_seconds() - before, 0.05);
}

}  // namespace
}  // namespace wolfpack::cpu
