// Bootstrap of threads of one process.
//
//     ThreadsGroup group(4);
//     // in thread i:  ThreadsBootstrap bootstrap(group, WorkerId{i});
#pragma once

#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <string>
#include <vector>

#include "transport/bootstrap.hpp"

namespace wolfpack::transport {

/// What the threads of a job share. Thread-safe; outlives its ThreadsBootstraps.
class ThreadsGroup {
 public:
  explicit ThreadsGroup(std::size_t size);

  [[nodiscard]] std::size_t size() const { return messages_.size(); }
  [[nodiscard]] std::uint64_t job_id() const { return job_id_; }
  std::vector<Bytes> allgather(WorkerId rank, std::span<const std::byte> mine);
  /// Every present and future allgather throws PeerFailure: a thread has failed and will not come.
  void abandon(const std::string& why = "another thread of the job has failed");

 private:
  std::uint64_t job_id_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<Bytes> messages_;
  std::vector<Bytes> gathered_;
  std::size_t arrived_ = 0;
  std::uint64_t round_ = 0;
  bool abandoned_ = false;
  std::string why_abandoned_;
};

class ThreadsBootstrap final : public Bootstrap {
 public:
  ThreadsBootstrap(ThreadsGroup& group, WorkerId rank) : group_(group), rank_(rank) {}

  [[nodiscard]] WorkerId rank() const override { return rank_; }
  [[nodiscard]] std::size_t size() const override { return group_.size(); }
  [[nodiscard]] std::uint64_t job_id() const override { return group_.job_id(); }
  [[nodiscard]] std::vector<Bytes> allgather(std::span<const std::byte> mine) override {
    return group_.allgather(rank_, mine);
  }
  void abandon(const std::string& why) override { group_.abandon(why); }

 private:
  ThreadsGroup& group_;
  WorkerId rank_;
};

}  // namespace wolfpack::transport
