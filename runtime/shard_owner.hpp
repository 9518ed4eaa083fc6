// The owner's thread of a shard: steps it until the job has stopped and everybody knows.
#pragma once

#include <atomic>
#include <exception>
#include <functional>
#include <memory>
#include <optional>

#include "base/status.hpp"
#include "base/thread.hpp"
#include "ps/shard.hpp"

namespace wolfpack::runtime {

class ShardOwner {
 public:
  /// Asked now and then: a reason to stop from outside the shard (a signal, a time limit, a lost worker).
  using StopQuestion = std::function<std::optional<ps::StopReason>()>;

  /// The shard's channel belongs to the thread until this is destroyed.
  ShardOwner(std::unique_ptr<ps::Shard> shard, StopQuestion question);
  ShardOwner(const ShardOwner&) = delete;
  ShardOwner& operator=(const ShardOwner&) = delete;
  /// Ends the thread, whatever it is doing.
  ~ShardOwner();

  /// ok, or why the thread has failed. Any thread.
  [[nodiscard]] Status check() const;
  /// Waits for the thread to have told everybody of the stop; then rethrows what ended it, if anything did.
  void join();
  /// Ends the thread where it has not ended by itself: its channel is free then.
  void end();
  /// The monotonic time at which the stop was decided; after join().
  [[nodiscard]] double stopped_at_seconds() const { return stopped_at_seconds_; }
  /// After join().
  [[nodiscard]] ps::Shard& shard() { return *shard_; }

 private:
  void run();
  [[nodiscard]] bool has_waited_long_enough() const;

  std::unique_ptr<ps::Shard> shard_;
  StopQuestion question_;
  double stopped_at_seconds_ = 0.0;
  std::exception_ptr failure_;
  std::atomic<bool> failed_ = false;
  std::atomic<bool> abandon_ = false;
  Thread thread_;
};

}  // namespace wolfpack::runtime
