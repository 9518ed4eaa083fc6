// Whole jobs in one process, for tests of the runtime: a thread a worker, each with a transport of its own.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <random>
#include <span>
#include <thread>
#include <vector>

#include "ps/value.hpp"
#include "runtime/job.hpp"
#include "runtime/threads_launcher.hpp"
#include "tests/support/backends.hpp"

namespace wolfpack::testing {

inline constexpr ps::Key kKey{0};

inline Bytes add_one_to(std::size_t index) {
  return ps::encode_sparse(std::vector{static_cast<Index>(index)}, std::vector{1.0});
}

inline std::vector<double> numbers_of(std::span<const std::byte> payload) {
  const auto view = ps::as_doubles(payload);
  return {view.begin(), view.end()};
}

/// What the host of a row holds at the end.
inline std::vector<double> result_of(runtime::Job& job, ps::Key key = kKey) {
  Bytes row;
  job.policy(key).write_row(row);
  return numbers_of(row);
}

/// How much later a random straggler is: mostly nothing, now and then a pause that throws everybody out of step.
inline void straggle(std::mt19937& random) {
  if (random() % 8 == 0) std::this_thread::sleep_for(std::chrono::microseconds(random() % 1500));
}

class JobTest : public BackendTest {
 protected:
  /// Calls `main` in every worker with its job.
  void run(std::size_t workers, const runtime::JobOptions& options,
           const std::function<void(runtime::Job&)>& main) const {
    runtime::run_threads(workers, [&](transport::Bootstrap& bootstrap) {
      const auto transport = GetParam().make();
      runtime::Job job(bootstrap, *transport, options);
      main(job);
      job.close();
    });
  }
};

}  // namespace wolfpack::testing
