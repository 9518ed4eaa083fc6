#include "transport/threads_bootstrap.hpp"

#include <random>

#include "base/status.hpp"

namespace wolfpack::transport {

ThreadsGroup::ThreadsGroup(std::size_t size)
    : job_id_((std::uint64_t{std::random_device{}()} << 32) | std::random_device{}()), messages_(size) {}

std::vector<Bytes> ThreadsGroup::allgather(WorkerId rank, std::span<const std::byte> mine) {
  std::unique_lock lock(mutex_);
  if (abandoned_) throw PeerFailure(why_abandoned_);
  messages_[rank.value].assign(mine.begin(), mine.end());
  const std::uint64_t round = round_;
  if (++arrived_ == messages_.size()) {
    gathered_ = messages_;
    arrived_ = 0;
    ++round_;
    changed_.notify_all();
  }
  changed_.wait(lock, [&] { return abandoned_ || round_ != round; });
  if (round_ == round) throw PeerFailure(why_abandoned_);
  return gathered_;  // stays until the next round, which this thread has to join first
}

void ThreadsGroup::abandon(const std::string& why) {
  const std::lock_guard lock(mutex_);
  if (abandoned_) return;
  why_abandoned_ = why;
  abandoned_ = true;
  changed_.notify_all();
}

}  // namespace wolfpack::transport
