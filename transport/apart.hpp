// Work in a process of its own: what it asks of a library or a device may hang, abort or crash, and this process goes
// on.
//
//     Apart apart([&] { return encode(ask_device("mlx5_0")); });   // starts at once; several go on at a time
//     const Bytes answer = apart.result(10.0);                     // or RuntimeFailure, with what it said last
//
// The child is forked: start it while this process has no other threads. Only the work's Bytes come back; the child
// destroys nothing, so that nothing can hang in that either. What libraries print there goes to no stream of this
// process. One thread at a time.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <sys/types.h>

#include "base/file_descriptor.hpp"
#include "base/types.hpp"

namespace wolfpack::transport {

class Apart {
 public:
  /// Throws RuntimeFailure where no process can be had.
  explicit Apart(const std::function<Bytes()>& work);
  Apart(Apart&& other) noexcept;
  Apart& operator=(Apart&&) = delete;
  Apart(const Apart&) = delete;
  Apart& operator=(const Apart&) = delete;
  /// Kills the child.
  ~Apart();

  /// What `work` returned. Throws RuntimeFailure with what `work` threw, with the signal that ended it, or where it is
  /// not done within `seconds` of its start, or a moment after a held signal (held_signals.hpp) has come: then it is
  /// killed. To be called once.
  [[nodiscard]] Bytes result(double seconds);

 private:
  /// False where the child lives on after all.
  bool ended_within(double seconds);
  bool ended_in_time(double seconds);
  void kill_child();

  FileDescriptor answer_, said_;  // files in memory: a child never waits for somebody to read
  double started_at_;
  pid_t child_;  // -1: none any more
  int state_ = 0;
};

/// The last line of what a program printed that holds words: mostly the reason why it failed. Without control
/// characters.
[[nodiscard]] std::string last_words(std::string_view printed);

}  // namespace wolfpack::transport
