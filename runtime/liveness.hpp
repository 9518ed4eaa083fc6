// The progress thread of a process: serves peers where one-sided operations are emulated, and finds out who is no
// longer there.
//
// Heartbeats form a star around worker 0: it puts a counting word into every board, every other worker puts one into
// worker 0's. A peer whose word stands still for the timeout is lost, and so is one that says it has failed; the word
// also says whether a signal has told the process to stop, which any of the job's may be told for all. The
// deadline applies to the progress threads alone, never to how long a worker computes. A process that was itself
// stopped for a while (SIGSTOP, a laptop lid) does not blame the others.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <vector>

#include "base/status.hpp"
#include "base/thread.hpp"
#include "ps/wire_layout.hpp"
#include "transport/transport.hpp"

namespace wolfpack::runtime {

class Liveness {
 public:
  struct Peer {
    WorkerId worker;
    std::string name;               ///< for messages: "worker 2 (pid 123 on node7)"
    transport::RemoteRegion board;  ///< opened on `channel`
  };

  /// Starts the thread, which serves peers from now on. `on_lost`, where not empty, is called once with the message
  /// when a peer is lost, from that thread.
  Liveness(transport::Transport& transport, const ps::JobLayout& layout, WorkerId self,
           std::span<const std::byte> own_board, double timeout_seconds,
           std::function<void(const std::string&)> on_lost = {});
  Liveness(const Liveness&) = delete;
  Liveness& operator=(const Liveness&) = delete;
  ~Liveness();

  /// A peer's process has been told to stop (signals.hpp). Any thread, cheap. Of worker 0, which hears of all.
  [[nodiscard]] bool is_asked_to_stop() const { return asked_to_stop_; }

  /// ok, or peer_lost with a message that names who. Any thread, cheap.
  [[nodiscard]] Status check() const;

  /// Starts heartbeats. `peers`: whom this worker sends them to and expects them from; their boards are opened on
  /// `channel`.
  void beat(std::unique_ptr<transport::Channel> channel, std::vector<Peer> peers);
  /// From now on silence counts: every peer has started its heartbeats.
  void watch() { watching_ = true; }
  /// Stops serving peers while the lock is held: for probing whether they can do without.
  [[nodiscard]] std::unique_lock<std::mutex> pause_serving();
  /// Tells the peers, before this process gives up, that it does.
  void announce_failure();

 private:
  struct Watched {
    Peer peer;
    std::uint64_t last_seen = 0;
    double seen_at = 0.0;
    std::uint64_t word = 0;  // the source of the put under way
    transport::Completion in_flight;
  };

  void run();
  void put_word(std::uint64_t word);
  void look(double now);
  void give_up(const std::string& message);

  transport::Transport& transport_;
  const ps::JobLayout& layout_;
  WorkerId self_;
  std::span<const std::byte> board_;
  double timeout_seconds_;
  std::function<void(const std::string&)> on_lost_;
  std::vector<std::unique_ptr<Watched>> watched_;
  std::unique_ptr<transport::Channel> channel_;  // after watched_, whose words its puts may still read
  std::uint64_t beats_ = 0;
  double looked_at_ = 0.0;
  std::atomic<bool> watching_ = false;
  std::atomic<bool> stop_ = false;
  std::atomic<bool> lost_ = false;
  std::atomic<bool> asked_to_stop_ = false;
  std::string message_;  // written once, before lost_
  std::mutex mutex_;     // held while channel_ is used and while peers are served; only ever tried
  Thread thread_;
};

}  // namespace wolfpack::runtime
