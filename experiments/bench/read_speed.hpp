// How fast threads read memory at all: the yardstick of a pass. Several ways to read are tried, since no one is the
// fastest on every machine; the fastest by its median counts.
//
//     bench::ReadSpeed read(memory, threads);
//     for (...) read.measure();               // between the measurements that it is put beside
//     double speed = read.gigabytes_per_second();
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <time.h>
#include <vector>

#include "cpu/thread_pool.hpp"

namespace wolfpack::bench {

/// How long work by so many threads takes. One thread alone is timed by its processor time, which leaves out what
/// others took of its core; on an idle machine that is the same.
template <class Work>
[[nodiscard]] double seconds_of(std::size_t threads, Work&& work) {
  const clockid_t clock = threads == 1 ? CLOCK_THREAD_CPUTIME_ID : CLOCK_MONOTONIC;
  timespec start{};
  timespec end{};
  clock_gettime(clock, &start);
  work();
  clock_gettime(clock, &end);
  return static_cast<double>(end.tv_sec - start.tv_sec) + 1e-9 * static_cast<double>(end.tv_nsec - start.tv_nsec);
}

class ReadSpeed {
 public:
  ReadSpeed(std::vector<std::span<const std::byte>> memory, std::size_t threads);

  /// Reads all of the memory once in every way.
  void measure();
  /// Reads as much as a cache may hold of other memory.
  void wash();

  [[nodiscard]] double gigabytes_per_second() const;
  /// Of the one fastest read.
  [[nodiscard]] double best_gigabytes_per_second() const;
  [[nodiscard]] std::string fastest_way() const;

 private:
  [[nodiscard]] std::size_t fastest() const;
  void read(std::size_t way);

  std::vector<std::span<const std::byte>> memory_;
  std::uint64_t bytes_ = 0;
  cpu::ThreadPool pool_;
  std::vector<std::vector<double>> seconds_;  // by way
  std::vector<std::byte> other_memory_;
  std::uint64_t sum_ = 0;
};

}  // namespace wolfpack::bench
