// What a person sees while a run goes on: on a terminal one live line, else a line now and then; on standard error.
#pragma once

#include <condition_variable>
#include <mutex>
#include <thread>

#include "frank_wolfe/model_policy.hpp"

namespace wolfpack::experiments {

/// Prints from a thread of its own until it is destroyed.
class ProgressDisplay {
 public:
  explicit ProgressDisplay(double null_objective);
  ProgressDisplay(const ProgressDisplay&) = delete;
  ProgressDisplay& operator=(const ProgressDisplay&) = delete;
  ~ProgressDisplay();

  /// Any thread, quick.
  void update(const frank_wolfe::Progress& progress);

 private:
  void run();
  void print(const frank_wolfe::Progress& progress, double seconds) const;

  double null_objective_;
  bool on_terminal_;
  std::mutex mutex_;
  std::condition_variable stopped_;
  bool stop_ = false;
  bool has_news_ = false;
  frank_wolfe::Progress latest_;
  std::thread thread_;
};

}  // namespace wolfpack::experiments
