#include "runtime/threads_launcher.hpp"

#include <cstdint>
#include <exception>
#include <mutex>
#include <thread>
#include <vector>

#include "base/status.hpp"
#include "transport/threads_bootstrap.hpp"

namespace wolfpack::runtime {
namespace {

/// Keeps the cause of a job's failure among what its threads throw.
class FirstFailure {
 public:
  /// From a catch block.
  void take(bool is_consequence) {
    const std::lock_guard lock(mutex_);
    if (failure_ && (is_consequence || !is_consequence_)) return;
    failure_ = std::current_exception();
    is_consequence_ = is_consequence;
  }
  void rethrow() const {
    if (failure_) std::rethrow_exception(failure_);
  }

 private:
  std::mutex mutex_;
  std::exception_ptr failure_;
  bool is_consequence_ = false;
};

}  // namespace

void run_threads(std::size_t workers, const std::function<void(transport::Bootstrap&)>& worker) {
  transport::ThreadsGroup group(workers);
  FirstFailure failure;
  const auto run = [&](std::uint32_t rank) {
    try {
      transport::ThreadsBootstrap bootstrap(group, {rank});
      worker(bootstrap);
      return;
    } catch (const PeerFailure&) {
      failure.take(true);
    } catch (...) {
      failure.take(false);
    }
    group.abandon();
  };
  {
    std::vector<std::jthread> threads;
    try {
      for (std::uint32_t i = 1; i < workers; ++i) threads.emplace_back(run, i);
    } catch (...) {  // no more threads to be had: those that run wait for them
      failure.take(false);
      group.abandon();
    }
    run(0);
  }
  failure.rethrow();
}

}  // namespace wolfpack::runtime
