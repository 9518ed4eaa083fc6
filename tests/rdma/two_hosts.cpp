// A job of two workers on two machines, over verbs: the read rule of SSP, whole rows, exact sums. (The lead rule takes
// a clock that both see, which only tests of one process have.)
//
//     two_hosts RANK FOLDER          on each of two machines that share FOLDER, a network for RDMA, and nothing else
//
// Prints a line a staleness; exit status 0 where nothing was wrong.
#include <atomic>
#include <cstdint>
#include <exception>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "base/time.hpp"
#include "ps/value.hpp"
#include "runtime/job.hpp"
#include "runtime/ssp_policy.hpp"
#include "transport/ucx_transport.hpp"

namespace wolfpack {
namespace {

constexpr std::size_t kWorkers = 2;
constexpr std::size_t kValues = 512;  // of each worker, in the row
constexpr std::uint64_t kIterations = 150;
constexpr double kPatienceSeconds = 120.0;
constexpr ps::Key kCounts{0};

/// Workers that share a folder: the n-th message of each is the file "message-N.RANK".
class FolderBootstrap final : public transport::Bootstrap {
 public:
  FolderBootstrap(WorkerId rank, std::filesystem::path folder) : rank_(rank), folder_(std::move(folder)) {}
  [[nodiscard]] WorkerId rank() const override { return rank_; }
  [[nodiscard]] std::size_t size() const override { return kWorkers; }
  [[nodiscard]] std::uint64_t job_id() const override { return 1; }
  [[nodiscard]] std::vector<Bytes> allgather(std::span<const std::byte> mine) override {
    const auto file = [&](std::uint32_t rank) { return folder_ / fmt::format("message-{}.{}", round_, rank); };
    const std::filesystem::path draft = file(rank_.value).string() + ".draft";
    std::ofstream(draft, std::ios::binary).write(reinterpret_cast<const char*>(mine.data()), std::ssize(mine));
    std::filesystem::rename(draft, file(rank_.value));
    std::vector<Bytes> all;
    for (std::uint32_t i = 0; i < kWorkers; ++i) {
      for (const double start = monotonic_seconds(); !std::filesystem::exists(file(i)); sleep_seconds(0.002)) {
        if (abandoned_) throw PeerFailure("the other machine is lost");
        if (monotonic_seconds() - start > kPatienceSeconds) throw RuntimeFailure("the other machine does not come");
      }
      std::ifstream stream(file(i), std::ios::binary);
      const std::string text(std::istreambuf_iterator<char>(stream), {});
      const auto bytes = std::as_bytes(std::span(text));
      all.emplace_back(bytes.begin(), bytes.end());
    }
    ++round_;
    return all;
  }
  void abandon(const std::string&) override { abandoned_ = true; }

 private:
  WorkerId rank_;
  std::filesystem::path folder_;
  std::uint64_t round_ = 0;
  std::atomic<bool> abandoned_ = false;
};

void require(bool holds, const char* what, std::uint64_t clock) {
  if (!holds) throw RuntimeFailure(fmt::format("iteration {}: {}", clock, what));
}

/// Each worker adds 1 to all values of its own half of the row in every iteration.
void run(runtime::Job& job, Staleness staleness) {
  const std::size_t self = job.worker().value;
  const runtime::SspPolicy policy(staleness);
  std::vector<double> ones(kWorkers * kValues, 0.0);
  std::fill_n(ones.begin() + static_cast<std::ptrdiff_t>(self * kValues), kValues, 1.0);
  const Bytes update = ps::encode_dense(ones);
  double other = 0.0;
  job.iterate({.iterations = kIterations, .staleness = staleness}, [&](runtime::Iteration& it) {
    const std::uint64_t clock = it.clock().value;
    const auto row = ps::as_doubles(it.get(kCounts).payload);
    for (std::size_t j = 0; j < kWorkers; ++j)
      for (std::size_t k = 0; k < kValues; ++k) require(row[j * kValues + k] == row[j * kValues], "a torn row", clock);
    const double mine = row[self * kValues], theirs = row[(1 - self) * kValues];
    require(mine == static_cast<double>(clock), "the own updates are not all there", clock);
    require(theirs >= static_cast<double>(policy.required_by_reads(it.clock()).value), "a read is too stale", clock);
    require(theirs >= other, "the row went back", clock);
    other = theirs;
    it.update(kCounts, update);
  });
  if (!job.hosts_shard()) return;
  Bytes folded;
  job.policy(kCounts).write_row(folded);
  for (const double value : ps::as_doubles(folded))
    require(value == static_cast<double>(kIterations), "the sum is wrong", kIterations);
}

int work(WorkerId rank, const std::string& folder) {
  FolderBootstrap bootstrap(rank, folder);
  const auto transport = transport::make_ucx_transport("rdma", transport::Span::several_machines);
  for (const auto& [name, staleness] :
       {std::pair{"0", kBulkSynchronous}, std::pair{"3", Staleness{3}}, std::pair{"asp", kAsynchronous}}) {
    runtime::Job job(bootstrap, *transport, {.rows = {ps::add_row(std::vector<double>(kWorkers * kValues))}});
    require(job.transport_record().native, "operations are emulated", 0);
    run(job, staleness);
    if (rank.value == 0)
      fmt::print("two hosts, staleness {}: {} iterations each, over {}\n", name, kIterations,
                 job.transport_record().lanes);
    job.close();
  }
  return 0;
}

}  // namespace
}  // namespace wolfpack

int main(int argc, char** argv) {
  if (argc != 3) {
    fmt::print(stderr, "usage: two_hosts RANK FOLDER\n");
    return 2;
  }
  try {
    return wolfpack::work({static_cast<std::uint32_t>(std::stoul(argv[1]))}, argv[2]);
  } catch (const std::exception& failure) {
    fmt::print(stderr, "two_hosts: {}\n", failure.what());
    return 1;
  }
}
