#include "runtime/shard_owner.hpp"

#include <algorithm>
#include <utility>

#include "base/backoff.hpp"
#include "base/time.hpp"

namespace wolfpack::runtime {
namespace {

constexpr double kQuestionSeconds = 0.002;
constexpr double kStopPatienceSeconds = 10.0;
constexpr double kFailedPatienceSeconds = 0.5;
// While the worker helps. So late the thread notices that it does no more. At staleness 0 that holds nobody up, for
// nothing can be folded before that worker's own clock; else what others send meanwhile waits for so long, once in each
// of its iterations. To wake takes some µs of a core that the worker wants.
constexpr double kShortestNapSeconds = 1e-3;
constexpr double kLongestNapSeconds = 2.5e-3;
constexpr double kNapGrowth = 1.1;

bool is_news(const std::atomic<std::uint64_t>& number, std::uint64_t& known) {
  return std::exchange(known, number.load(std::memory_order_relaxed)) != known;
}

}  // namespace

ShardOwner::ShardOwner(std::unique_ptr<ps::Shard> shard, StopQuestion question, bool is_helped)
    : shard_(std::move(shard)), question_(std::move(question)), is_helped_(is_helped) {
  thread_ = Thread([this] { run(); });
}

ShardOwner::~ShardOwner() { end(); }

void ShardOwner::end() {
  abandon_ = true;
  if (thread_.joinable()) thread_.join();
}

Status ShardOwner::check() const {
  if (!failed_.load(std::memory_order_acquire)) return {};
  return {code_, code_ == StatusCode::peer_unreachable ? "the owner of the shard cannot reach a worker"
                                                       : "the owner of the shard failed"};
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

void ShardOwner::fail() {
  failure_ = std::current_exception();
  try {
    throw;
  } catch (const PeerUnreachable&) {
    code_ = StatusCode::peer_unreachable;
  } catch (...) {
    code_ = StatusCode::transport_error;
  }
  failed_.store(true, std::memory_order_release);
}

bool ShardOwner::step() {
  if (failed_.load(std::memory_order_relaxed)) return false;
  const bool any = shard_->step();
  if (stopped_at_seconds_ == 0.0 && shard_->stop().reason != ps::StopReason::running)
    stopped_at_seconds_ = monotonic_seconds();
  return any;
}

bool ShardOwner::help() {
  const std::unique_lock lock(stepping_, std::try_to_lock);
  if (!lock) return false;
  const auto count = [](std::atomic<std::uint64_t>& number) {  // written by one thread alone
    number.store(number.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
  };
  try {
    const bool any = step();
    count(helps_);
    if (any) count(useful_helps_);
    return any;
  } catch (...) {
    fail();
    return false;
  }
}

bool ShardOwner::is_over() const { return failed_ || shard_->stop_is_known_everywhere() || has_waited_long_enough(); }

void ShardOwner::ask() {
  const double now = monotonic_seconds();
  if (now - asked_at_seconds_ <= kQuestionSeconds) return;
  asked_at_seconds_ = now;
  if (const auto reason = question_()) shard_->request_stop(*reason);
}

void ShardOwner::run() {
  std::uint64_t helps = 0, useful_helps = 0;
  double nap = kShortestNapSeconds;
  for (Backoff backoff; !abandon_;) {
    const bool is_helped = is_news(helps_, helps) || std::exchange(is_helped_, false);
    if (is_news(useful_helps_, useful_helps)) {  // else all wait, the helper too, and so may this thread
      nap = kShortestNapSeconds;
      backoff = Backoff();
    }
    if (is_helped) {  // by one who is quicker than this thread, and wants the core
      sleep_seconds(nap);
      nap = std::min(nap * kNapGrowth, kLongestNapSeconds);
    }
    bool any = false;
    if (const std::unique_lock lock(stepping_, std::try_to_lock); lock) {
      if (is_over()) return;
      try {
        any = step();
        ask();
      } catch (...) {
        fail();
        return;
      }
    }
    if (any) {
      nap = kShortestNapSeconds;
      backoff = Backoff();
    } else if (!is_helped) {
      backoff.pause();
    }
  }
}

}  // namespace wolfpack::runtime
