// Bootstrap of processes that one launcher started on this machine: a socket pair between the launcher and each of
// them.
//
// The launcher owns a LocalBootstrapServer and drives it from its poll loop; each child joins as
// Membership::from_environment() says. The socket is also how a child learns, within milliseconds and whatever it is
// doing, that its launcher is gone.
#pragma once

#include <atomic>
#include <functional>
#include <limits>
#include <memory>
#include <optional>
#include <poll.h>
#include <string>
#include <thread>
#include <vector>

#include "base/file_descriptor.hpp"
#include "transport/bootstrap.hpp"

namespace wolfpack::transport {

class LocalBootstrap final : public Bootstrap {
 public:
  /// The environment variable by which the launcher tells a child its socket, rank, the job's size and its id.
  static constexpr const char* kEnvironment = "WOLFPACK_LOCAL_JOB";

  struct Membership {
    int socket = -1;
    WorkerId rank;
    std::size_t size = 1;
    std::uint64_t job_id = 0;
    [[nodiscard]] std::string to_environment() const;
    /// Empty where no launcher of ours started this process. Throws RuntimeFailure where the variable is garbled.
    [[nodiscard]] static std::optional<Membership> from_environment();
  };

  /// `on_launcher_lost` is called once with this process's rank, from a thread of its own, when the launcher has died;
  /// it should not return.
  LocalBootstrap(const Membership& membership, std::function<void(WorkerId)> on_launcher_lost);
  LocalBootstrap(const LocalBootstrap&) = delete;
  LocalBootstrap& operator=(const LocalBootstrap&) = delete;
  ~LocalBootstrap() override;

  [[nodiscard]] WorkerId rank() const override { return membership_.rank; }
  [[nodiscard]] std::size_t size() const override { return membership_.size; }
  [[nodiscard]] std::uint64_t job_id() const override { return membership_.job_id; }
  [[nodiscard]] std::vector<Bytes> allgather(std::span<const std::byte> mine) override;
  [[nodiscard]] std::vector<Bytes> gather(std::span<const std::byte> mine) override;
  void abandon(const std::string& why) override;

 private:
  [[nodiscard]] std::vector<Bytes> exchange(std::span<const std::byte> mine, std::uint64_t flags);
  void watch(const std::function<void(WorkerId)>& on_launcher_lost) const;

  Membership membership_;
  FileDescriptor socket_;
  FileDescriptor stop_watching_;
  std::string why_abandoned_;  // written once, before abandoned_
  std::atomic<bool> abandoned_ = false;
  std::thread watcher_;
};

/// The launcher's end: gathers one message from every child, then sends all of them to every child, or to rank 0. No
/// call blocks: who drives it polls watched() of every child and hands what happened to handle().
class LocalBootstrapServer {
 public:
  /// Makes the socket pairs; the children's ends are inherited across exec and closed here by close_child_end().
  explicit LocalBootstrapServer(std::size_t size);
  /// Over connected sockets, by rank. Who takes nothing in for `patience_seconds` is given up, by handle().
  LocalBootstrapServer(std::vector<FileDescriptor> sockets, std::uint64_t job_id, double patience_seconds);

  [[nodiscard]] std::size_t size() const { return peers_.size(); }
  [[nodiscard]] std::uint64_t job_id() const { return job_id_; }
  [[nodiscard]] LocalBootstrap::Membership membership(WorkerId rank) const;
  void close_child_end(WorkerId rank);
  /// For poll(); its fd is -1 once the child has hung up.
  [[nodiscard]] pollfd watched(WorkerId rank) const;
  /// What poll() said of watched(): reads what is there, sends what fits, answers when the last message is complete.
  void handle(WorkerId rank, short events);
  /// Somebody has hung up and somebody else waits for an answer that needs all: it will not come.
  [[nodiscard]] bool waits_for_the_dead() const;
  /// Where it is so, those who wait are told: their allgather() throws PeerFailure, which names who hung up first.
  void refuse_to_wait_for_the_dead();

 private:
  struct Peer {
    FileDescriptor ours;
    FileDescriptor theirs;
    Bytes received;
    std::shared_ptr<const Bytes> answer;  // under way; nobody asks again before it is there
    std::size_t sent_bytes = 0;           // of it
    double sent_at = 0.0;
    [[nodiscard]] bool has_message() const;
  };
  void receive(WorkerId from);
  void answer_if_complete();
  void send(WorkerId to, std::shared_ptr<const Bytes> answer);
  void send_more(WorkerId to);
  void hang_up(WorkerId on);

  std::uint64_t job_id_;
  std::vector<Peer> peers_;
  std::optional<WorkerId> first_gone_;
  double patience_seconds_ = std::numeric_limits<double>::infinity();
};

}  // namespace wolfpack::transport
