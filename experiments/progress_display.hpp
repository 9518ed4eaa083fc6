// What a person sees while a run goes on: on a terminal one live line, else a line now and then; on standard error.
//
//     ProgressDisplay<Progress> display([](const Progress& p) { return fmt::format("objective {}", p.objective); });
//     display.update(progress);  // any thread, quick: never waits for the terminal, which a person may have paused
//
// A thread of the display's own words and prints the newest progress until the display is destroyed, which clears the
// live line.
#pragma once

#include <condition_variable>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <utility>

namespace wolfpack::experiments {

/// Prints what `line` returns, with the seconds since the start before it, at intervals; nothing while it is empty.
class ProgressPrinter {
 public:
  /// `line` is called from the printer's thread.
  explicit ProgressPrinter(std::function<std::string()> line);
  ProgressPrinter(const ProgressPrinter&) = delete;
  ProgressPrinter& operator=(const ProgressPrinter&) = delete;
  ~ProgressPrinter();

 private:
  void run();
  void print(const std::string& line, double seconds) const;

  std::function<std::string()> line_;
  bool on_terminal_;
  std::mutex mutex_;
  std::condition_variable stopped_;
  bool stop_ = false;
  std::thread thread_;
};

template <class Progress>
class ProgressDisplay {
 public:
  /// `format` words a progress, without a line break; called from the display's thread.
  explicit ProgressDisplay(std::function<std::string(const Progress&)> format)
      : format_(std::move(format)), printer_([this] { return line(); }) {}

  void update(const Progress& progress) {
    const std::lock_guard lock(mutex_);
    latest_ = progress;
  }

 private:
  [[nodiscard]] std::string line() {
    std::optional<Progress> latest;
    {
      const std::lock_guard lock(mutex_);
      latest = latest_;
    }
    return latest ? format_(*latest) : std::string();
  }

  std::function<std::string(const Progress&)> format_;
  std::mutex mutex_;
  std::optional<Progress> latest_;
  ProgressPrinter printer_;  // last: its thread uses the others
};

}  // namespace wolfpack::experiments
