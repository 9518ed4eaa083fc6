// A thread that a simulator can run in virtual time: std::thread where there is none.
//
//     Thread thread([&] { work(); });
//     thread.join();
//
// `main` must not throw. Joined before it is destroyed or assigned to.
#pragma once

#include <cstdint>
#include <functional>
#include <thread>
#include <utility>

#include "base/execution.hpp"

namespace wolfpack {

class Thread {
 public:
  Thread() = default;
  explicit Thread(std::function<void()> main) : simulator_(Execution::simulated()) {
    if (simulator_ == nullptr) {
      thread_ = std::thread(std::move(main));
      return;
    }
    number_ = simulator_->announce_thread();
    thread_ = std::thread(
        [simulator = simulator_, number = number_, main = std::move(main)] { simulator->run_thread(number, main); });
  }
  Thread(Thread&&) = default;
  Thread& operator=(Thread&&) = default;

  [[nodiscard]] bool joinable() const { return thread_.joinable(); }
  void join() {
    if (simulator_ != nullptr) simulator_->await_thread(number_);
    thread_.join();
  }

 private:
  Execution* simulator_ = nullptr;
  std::uint64_t number_ = 0;
  std::thread thread_;
};

}  // namespace wolfpack
