// Where the ranks' threads run: each rank's is bound to one core of those it may use, so that what is measured is not
// the scheduler, and is unbound afterwards.
#pragma once

#include <cstddef>
#include <optional>
#include <sched.h>

namespace wolfpack::latency {

/// Binds the calling thread while it lives.
class BoundToCore {
 public:
  /// The `index`-th core of its affinity mask, from the first again after the last.
  explicit BoundToCore(std::size_t index);
  BoundToCore(const BoundToCore&) = delete;
  BoundToCore& operator=(const BoundToCore&) = delete;
  ~BoundToCore();

  /// The system's number of it; none where the thread could not be bound.
  [[nodiscard]] std::optional<int> core() const { return core_; }

 private:
  cpu_set_t before_{};
  std::optional<int> core_;
};

}  // namespace wolfpack::latency
