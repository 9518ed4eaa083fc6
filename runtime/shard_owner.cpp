#include "runtime/shard_owner.hpp"

#include "base/backoff.hpp"
#include "base/time.hpp"

namespace wolfpack::runtime {
namespace {
constexpr double kQuestionSeconds = 0.002;
constexpr double kStopPatienceSeconds = 10.0;
constexpr double kFailedPatienceSeconds = 0.5;
}  // namespace

ShardOwner::ShardOwner(std::unique_ptr<ps::Shard> shard, StopQuestion question)
    : shard_(std::move(shard)), question_(std::move(question)) {
  thread_ = Thread([this] { run(); });
}

ShardOwner::~ShardOwner() { end(); }

void ShardOwner::end() {
  abandon_ = true;
  if (thread_.joinable()) thread_.join();
}

Status ShardOwner::check() const {
  return failed_.load(std::memory_order_acquire) ? Status(StatusCode::transport_error, "the owner of the shard failed")
                                                 : Status();
}

void ShardOwner::join() {
  if (thread_.joinable()) thread_.join();
  if (failure_) std::rethrow_exception(failure_);
}

// A worker that is lost will never know.
bool ShardOwner::has_waited_long_enough() const {
  const double patience =
      shard_->stop().reason == ps::StopReason::failed ? kFailedPatienceSeconds : kStopPatienceSeconds;
  return stopped_at_seconds_ != 0.0 && monotonic_seconds() - stopped_at_seconds_ > patience;
}

void ShardOwner::run() {
  try {
    double asked_at = 0.0;
    Backoff backoff;
    while (!abandon_ && !shard_->stop_is_known_everywhere() && !has_waited_long_enough()) {
      if (shard_->step())
        backoff = Backoff();
      else
        backoff.pause();
      const double now = monotonic_seconds();
      if (now - asked_at > kQuestionSeconds) {
        asked_at = now;
        if (const auto reason = question_()) shard_->request_stop(*reason);
      }
      if (stopped_at_seconds_ == 0.0 && shard_->stop().reason != ps::StopReason::running) stopped_at_seconds_ = now;
    }
  } catch (...) {
    failure_ = std::current_exception();
    failed_.store(true, std::memory_order_release);
  }
}

}  // namespace wolfpack::runtime
