#include "experiments/progress_display.hpp"

#include <chrono>
#include <cmath>
#include <cstdio>
#include <unistd.h>

#include <fmt/format.h>

#include "base/time.hpp"

namespace wolfpack::experiments {
namespace {

constexpr std::chrono::milliseconds kLiveInterval{100};
constexpr std::chrono::milliseconds kLineInterval{5000};

}  // namespace

ProgressDisplay::ProgressDisplay(double null_objective)
    : null_objective_(null_objective), on_terminal_(isatty(STDERR_FILENO) != 0) {
  thread_ = std::thread([this] { run(); });
}

ProgressDisplay::~ProgressDisplay() {
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
  }
  stopped_.notify_all();
  thread_.join();
  if (on_terminal_) std::fputs("\r\033[K", stderr);
}

void ProgressDisplay::update(const frank_wolfe::Progress& progress) {
  const std::lock_guard lock(mutex_);
  latest_ = progress;
  has_news_ = true;
}

void ProgressDisplay::run() {
  const double start = monotonic_seconds();
  const auto interval = on_terminal_ ? kLiveInterval : kLineInterval;
  std::unique_lock lock(mutex_);
  while (!stopped_.wait_for(lock, interval, [this] { return stop_; }))
    if (has_news_) print(latest_, monotonic_seconds() - start);
}

void ProgressDisplay::print(const frank_wolfe::Progress& progress, double seconds) const {
  const std::string gap =
      std::isfinite(progress.gap) && null_objective_ > 0 ? fmt::format("{:.2e}", progress.gap / null_objective_) : "-";
  // fputs and not fmt::print: a terminal that has gone must not end the run.
  const std::string line =
      fmt::format("{}{:7.1f} s  clocks {}..{}  objective {:.9g}  certified gap {}  non-zeros {}  waiting {:.0f}%{}",
                  on_terminal_ ? "\r" : "", seconds, progress.slowest.value, progress.fastest.value, progress.objective,
                  gap, progress.nonzeros, 100 * progress.wait_share, on_terminal_ ? "\033[K" : "\n");
  std::fputs(line.c_str(), stderr);
  std::fflush(stderr);
}

}  // namespace wolfpack::experiments
