// Serves a transport's peers from a thread of its own while it lives: for who sets something up, or takes it down,
// where no job's progress thread does.
#pragma once

#include <atomic>
#include <thread>

#include "transport/transport.hpp"

namespace wolfpack::transport {

class ServingThread {
 public:
  /// `transport` outlives it, and nobody else serves it meanwhile.
  explicit ServingThread(Transport& transport)
      : thread_([this, &transport] {
          while (!ends_) {
            while (transport.serve() && !ends_) {
            }
            transport.wait_for_requests(kNapSeconds);
          }
        }) {}
  ServingThread(const ServingThread&) = delete;
  ServingThread& operator=(const ServingThread&) = delete;
  ~ServingThread() {
    ends_ = true;
    thread_.join();
  }

 private:
  static constexpr double kNapSeconds = 0.001;
  std::atomic<bool> ends_ = false;
  std::thread thread_;
};

}  // namespace wolfpack::transport
