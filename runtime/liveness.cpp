#include "runtime/liveness.hpp"

#include <algorithm>
#include <unistd.h>
#include <utility>

#include <fmt/format.h>

#include "base/backoff.hpp"
#include "base/time.hpp"
#include "base/words.hpp"
#include "runtime/signals.hpp"

namespace wolfpack::runtime {
namespace {

constexpr double kBeatSeconds = 0.1;
constexpr std::uint64_t kHasFailed = ~std::uint64_t{0};
constexpr std::uint64_t kAsksToStop = std::uint64_t{1} << 62;  // beside the count
constexpr double kNapSeconds = 0.02;
constexpr double kPausedNapSeconds = 0.001;
constexpr int kMostLooks = 64;  // at requests, before heartbeats come again

}  // namespace

Liveness::Liveness(transport::Transport& transport, const ps::JobLayout& layout, WorkerId self,
                   std::span<const std::byte> own_board, double timeout_seconds,
                   std::function<void(const std::string&)> on_lost)
    : transport_(transport),
      layout_(layout),
      self_(self),
      board_(own_board),
      timeout_seconds_(timeout_seconds),
      on_lost_(std::move(on_lost)) {
  thread_ = Thread([this] { run(); });
}

Liveness::~Liveness() {
  stop_ = true;
  thread_.join();
}

Status Liveness::check() const {
  return lost_.load(std::memory_order_acquire) ? Status(StatusCode::peer_lost, message_) : Status();
}

void Liveness::beat(std::unique_ptr<transport::Channel> channel, std::vector<Peer> peers) {
  const auto lock = pause_serving();
  channel_ = std::move(channel);
  for (auto& peer : peers) {
    watched_.push_back(std::make_unique<Watched>());
    watched_.back()->peer = std::move(peer);
  }
}

std::unique_lock<std::mutex> Liveness::pause_serving() {
  std::unique_lock lock(mutex_, std::defer_lock);
  for (Backoff backoff; !lock.try_lock(); backoff.pause()) {
  }
  return lock;
}

void Liveness::run() {
  double beaten_at = 0.0;
  while (!stop_) {
    bool paused = true;
    if (const std::unique_lock lock(mutex_, std::try_to_lock); lock) {
      if (stop_) return;  // announce_failure() had the lock
      paused = false;
      for (int i = 0; i < kMostLooks && transport_.serve(); ++i) {
      }
      if (channel_) channel_->progress();
      const double now = monotonic_seconds();
      if (now - beaten_at >= kBeatSeconds) {
        beaten_at = now;
        put_word(++beats_ | (interrupt_requested() ? kAsksToStop : 0));
        if (watching_) look(now);
      }
    }
    if (paused)
      sleep_seconds(kPausedNapSeconds);
    else
      transport_.wait_for_requests(kNapSeconds);
  }
}

void Liveness::put_word(std::uint64_t word) {
  for (auto& watched : watched_) {
    if (!watched->in_flight.done()) continue;  // at most one under way a peer
    watched->word = word;
    const auto source = std::as_bytes(std::span(&watched->word, 1));
    Status status = channel_->put(watched->peer.board, layout_.heartbeat_offset(self_), source, watched->in_flight);
    if (status.ok()) status = channel_->flush(watched->peer.board.peer, watched->in_flight);  // or words may fall
    if (!status.ok() && status.code() != StatusCode::peer_unreachable)  // else its silence says whether it is lost
      give_up(status.message());                                        // which names the peer
  }
}

void Liveness::look(double now) {
  // A gap in our own looking is no fault of the peers: it is taken out of their account.
  const double own_gap = looked_at_ == 0.0 ? now : now - looked_at_;
  const double usual = std::max(3 * kBeatSeconds, std::min(1.0, timeout_seconds_ / 2));
  const double excused = own_gap > usual ? own_gap : 0.0;
  const bool stood_still = looked_at_ != 0.0 && own_gap > timeout_seconds_;
  looked_at_ = now;
  for (auto& watched : watched_) {
    const std::uint64_t word = load_word(board_.data() + layout_.heartbeat_offset(watched->peer.worker));
    watched->seen_at += excused;
    if (word == kHasFailed && stood_still) {
      give_up(fmt::format("worker {} (pid {}) did nothing for {:.1f} s, and the others gave it up", self_.value,
                          getpid(), own_gap));
      continue;
    }
    if (word == kHasFailed) {
      give_up(fmt::format("{} failed", watched->peer.name));
      continue;
    }
    if ((word & kAsksToStop) != 0) asked_to_stop_ = true;
    if (word != watched->last_seen) {
      watched->last_seen = word;
      watched->seen_at = now;
    } else if (now - watched->seen_at > timeout_seconds_) {
      give_up(fmt::format("{} was lost: no heartbeat for {:.1f} s", watched->peer.name, timeout_seconds_));
    }
  }
}

void Liveness::give_up(const std::string& message) {
  if (lost_) return;
  message_ = message;
  lost_.store(true, std::memory_order_release);
  if (on_lost_) on_lost_(message);
}

void Liveness::announce_failure() {
  const auto lock = pause_serving();
  const auto wait_for_all = [this] {  // for all together: the launcher has no more than a second's patience
    constexpr double kPatienceSeconds = 0.2;
    const double deadline = monotonic_seconds() + kPatienceSeconds;
    for (auto& watched : watched_)
      (void)wait(*channel_, watched->in_flight, std::max(0.0, deadline - monotonic_seconds()));
  };
  wait_for_all();
  put_word(kHasFailed);
  wait_for_all();
  stop_ = true;  // or the next beat would take it back
}

}  // namespace wolfpack::runtime
