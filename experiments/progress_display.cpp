#include "experiments/progress_display.hpp"

#include <chrono>
#include <cstdio>
#include <unistd.h>

#include <fmt/format.h>

#include "base/time.hpp"

namespace wolfpack::experiments {
namespace {

constexpr std::chrono::milliseconds kLiveInterval{100};
constexpr std::chrono::milliseconds kLineInterval{5000};

}  // namespace

ProgressPrinter::ProgressPrinter(std::function<std::string()> line)
    : line_(std::move(line)), on_terminal_(isatty(STDERR_FILENO) != 0) {
  thread_ = std::thread([this] { run(); });
}

ProgressPrinter::~ProgressPrinter() {
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
  }
  stopped_.notify_all();
  thread_.join();
  if (on_terminal_) std::fputs("\r\033[K", stderr);
}

void ProgressPrinter::run() {
  const double start = monotonic_seconds();
  const auto interval = on_terminal_ ? kLiveInterval : kLineInterval;
  std::unique_lock lock(mutex_);
  while (!stopped_.wait_for(lock, interval, [this] { return stop_; }))
    if (const std::string line = line_(); !line.empty()) print(line, monotonic_seconds() - start);
}

void ProgressPrinter::print(const std::string& line, double seconds) const {
  const std::string text =
      fmt::format("{}{:7.1f} s  {}{}", on_terminal_ ? "\r" : "", seconds, line, on_terminal_ ? "\033[K" : "\n");
  // fputs and not fmt::print: a terminal that has gone must not end the run.
  std::fputs(text.c_str(), stderr);
  std::fflush(stderr);
}

}  // namespace wolfpack::experiments
