// The owner's thread of a shard: steps it until the job has stopped and everybody knows.
//
// Where it has no core to itself (job.hpp), the worker of the same process steps the shard too, by help(), while it
// waits: it has nothing better to do, and a second thread on its core would answer only when the scheduler gets round
// to it. The thread then looks in now and then, and takes over when the worker computes. One of both steps at a time.
#pragma once

#include <atomic>
#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
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
  /// `is_helped`: whether to leave the first steps to the worker.
  ShardOwner(std::unique_ptr<ps::Shard> shard, StopQuestion question, bool is_helped);
  ShardOwner(const ShardOwner&) = delete;
  ShardOwner& operator=(const ShardOwner&) = delete;
  /// Ends the thread, whatever it is doing.
  ~ShardOwner();

  /// One step, where nobody else is at it. Returns whether there was anything to do. A failure is the owner's: see
  /// check(). From the worker's thread of the process.
  bool help();

  /// ok; peer_unreachable where that is why the owner has failed, else transport_error. Any thread.
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
  [[nodiscard]] bool step();
  void ask();
  void fail();
  [[nodiscard]] bool is_over() const;
  [[nodiscard]] bool has_waited_long_enough() const;

  std::unique_ptr<ps::Shard> shard_;
  std::mutex stepping_;  // held while shard_ is used; only ever tried
  std::atomic<std::uint64_t> helps_ = 0;
  std::atomic<std::uint64_t> useful_helps_ = 0;  // those that had something to do
  StopQuestion question_;
  bool is_helped_;
  double asked_at_seconds_ = 0.0;
  double stopped_at_seconds_ = 0.0;
  std::exception_ptr failure_;
  StatusCode code_ = StatusCode::ok;  // written before failed_, as failure_ is
  std::atomic<bool> failed_ = false;
  std::atomic<bool> abandon_ = false;
  Thread thread_;
};

}  // namespace wolfpack::runtime
