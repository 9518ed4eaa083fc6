// How the processes of a job find each other, apart from how they then talk: who I am, how many we are, and one
// collective.
//
// Bootstraps: local spawn (transport/local_bootstrap.hpp), threads of one process (transport/threads_bootstrap.hpp),
// the ranks of mpirun or srun by PMIx (transport/pmix_bootstrap.hpp), processes with RANK and WORLD_SIZE in their
// environment (transport/tcp_bootstrap.hpp).
// Set-up and shut-down only, never on the data path. One thread at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/types.hpp"

namespace wolfpack::transport {

class Bootstrap {
 public:
  virtual ~Bootstrap() = default;
  [[nodiscard]] virtual WorkerId rank() const = 0;
  [[nodiscard]] virtual std::size_t size() const = 0;
  /// The same number in every process of the job and in no other job: what lies in shared memory carries it.
  [[nodiscard]] virtual std::uint64_t job_id() const = 0;
  /// Everybody's bytes, by rank. Blocks until every process has called it; throws RuntimeFailure where one cannot any
  /// more.
  [[nodiscard]] virtual std::vector<Bytes> allgather(std::span<const std::byte> mine) = 0;
  /// The same for rank 0 alone; the others get as many empty messages. For what is large.
  [[nodiscard]] virtual std::vector<Bytes> gather(std::span<const std::byte> mine) {
    std::vector<Bytes> all = allgather(mine);
    if (rank().value != 0) all.assign(all.size(), {});
    return all;
  }
  /// From any thread: this process's allgather, the one that blocks or any later one, throws PeerFailure(why). For who
  /// finds out that a process will not come.
  virtual void abandon(const std::string& why) = 0;
  /// Everybody's text, by rank; collective like allgather().
  [[nodiscard]] std::vector<std::string> allgather_text(const std::string& mine) {
    std::vector<std::string> all;
    for (const Bytes& bytes : allgather(std::as_bytes(std::span(mine))))
      all.emplace_back(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    return all;
  }
  /// Blocks until every process is here.
  void barrier() { (void)allgather({}); }
};

}  // namespace wolfpack::transport
