// What coordination alone costs: iterations that do nothing but keep the rules of SSP at staleness 0.
//
//     bench_coordination [--workers 2] [--transport shm] [--what clock] [--batch 20000] [--batches 20]
//
//   clock  a job without rows: tick, then wait until the slowest clock allows the next iteration. What MPI_Barrier
//   does. row    each worker also adds to a row of --values doubles, the owner folds and publishes it, and every worker
//   reads
//          the new version and checks the sum. What MPI_Allreduce does.
//   hop    the floor of both: two processes put a word to each other and wait for the other's, without a job.
//   wait   worker 1, then worker 0, sleeps a second in its iteration: the share of a core that the waiting process
//   uses,
//          without rows (the lead rule) and with one (the read rule).
//
// Worker i's process is pinned to core i modulo their number. Worker 0 prints one JSON object: microseconds an
// iteration, batch by batch, or shares. coordination.py runs this beside MPI.
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <sched.h>
#include <string>
#include <sys/resource.h>
#include <thread>
#include <vector>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/backoff.hpp"
#include "base/bytes.hpp"
#include "base/time.hpp"
#include "base/words.hpp"
#include "ps/value.hpp"
#include "runtime/job.hpp"
#include "runtime/process_launcher.hpp"
#include "transport/ucx_transport.hpp"

namespace wolfpack {
namespace {

struct Settings {
  std::size_t workers = 2;
  std::string transport = "shm";
  std::string what = "clock";
  std::size_t values = 1024;
  std::uint64_t batch = 20000;
  std::uint64_t batches = 20;
  std::uint64_t lane_bytes = runtime::JobOptions{}.smallest_lane_bytes;
  bool trace = false;
};

constexpr ps::Key kSum{0};

void pin(WorkerId worker) {
  const auto cores = std::max(1U, std::thread::hardware_concurrency());
  cpu_set_t cpus;
  CPU_ZERO(&cpus);
  CPU_SET(worker.value % cores, &cpus);
  if (sched_setaffinity(0, sizeof cpus, &cpus) != 0) throw RuntimeFailure("a worker cannot be pinned to its core");
}

runtime::JobOptions job_options(const Settings& settings, bool with_row) {
  runtime::JobOptions options;
  options.smallest_lane_bytes = settings.lane_bytes;
  if (with_row) options.rows = {ps::add_row(std::vector<double>(settings.values, 0.0))};
  return options;
}

/// Time stamps between batches, the first batch being a warm-up.
class Stopwatch {
 public:
  Stopwatch(std::uint64_t batch, std::uint64_t batches) : batch_(batch) { stamps_.reserve(batches + 2); }
  void at(std::uint64_t iteration) {
    if (iteration % batch_ == 0) stamps_.push_back(monotonic_seconds());
  }
  [[nodiscard]] std::vector<double> microseconds_an_iteration() const {
    std::vector<double> out;
    for (std::size_t k = 2; k < stamps_.size(); ++k)
      out.push_back((stamps_[k] - stamps_[k - 1]) / static_cast<double>(batch_) * 1e6);
    return out;
  }

 private:
  std::uint64_t batch_;
  std::vector<double> stamps_;
};

nlohmann::json iterate(const Settings& settings, runtime::Job& job, bool with_row) {
  Stopwatch stopwatch(settings.batch, settings.batches);
  const Bytes ones = ps::encode_dense(std::vector<double>(settings.values, 1.0));
  const std::uint64_t iterations = (settings.batches + 1) * settings.batch + 1;
  job.iterate({.iterations = iterations, .staleness = kBulkSynchronous, .trace = settings.trace},
              [&](runtime::Iteration& it) {
                const std::uint64_t clock = it.clock().value;
                stopwatch.at(clock);
                if (!with_row) return;
                const auto sum = ps::as_doubles(it.get(kSum).payload);
                if (sum.back() != static_cast<double>(settings.workers * clock))
                  throw RuntimeFailure(fmt::format("iteration {} read a sum of {}", clock, sum.back()));
                it.update(kSum, ones);
              });
  return stopwatch.microseconds_an_iteration();
}

double process_cpu_seconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + 1e-6 * static_cast<double>(time.tv_usec);
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

/// The share of a core that each worker's process uses while another one sleeps; by worker.
nlohmann::json waiting_shares(runtime::Job& job, bool with_row) {
  constexpr double kSleepSeconds = 1.0;
  double wall = 0.0, cpu = 0.0, share = 0.0;
  job.iterate({.iterations = 5, .staleness = kBulkSynchronous}, [&](runtime::Iteration& it) {
    const std::uint64_t clock = it.clock().value;
    if (with_row) (void)it.get(kSum);
    if (clock == 2 || clock == 4)
      if (const std::uint64_t sleeper = clock == 2 ? 1 : 0; job.worker().value != sleeper)
        share = (process_cpu_seconds() - cpu) / (monotonic_seconds() - wall);
    wall = monotonic_seconds();
    cpu = process_cpu_seconds();
    if ((clock == 1 && job.worker().value == 1) || (clock == 3 && job.worker().value == 0))
      sleep_seconds(kSleepSeconds);
  });
  nlohmann::json shares;
  for (const Bytes& other : job.allgather(std::as_bytes(std::span(&share, 1))))
    shares.push_back(ByteReader(other).value<double>());
  return shares;
}

/// Two processes that put a word to each other and wait for the other's: what no protocol over this transport beats.
nlohmann::json hop(const Settings& settings, transport::Bootstrap& bootstrap, transport::Transport& transport) {
  const std::uint32_t other = 1 - bootstrap.rank().value;
  const auto region = transport.allocate(4096, transport::MemoryKind::host);
  const auto channel = transport.open_channel();
  const auto addresses = bootstrap.allgather(transport.address());
  const auto descriptors = bootstrap.allgather(region->descriptor());
  const auto remote = channel->open(channel->connect(addresses[other], "the other"), descriptors[other]);
  bootstrap.barrier();
  Stopwatch stopwatch(settings.batch, settings.batches);
  std::uint64_t word = 0;
  for (std::uint64_t clock = 0; clock <= (settings.batches + 1) * settings.batch; ++clock) {
    stopwatch.at(clock);
    word = clock + 1;
    transport::Completion done;
    channel->put(remote, 0, std::as_bytes(std::span(&word, 1)), done).or_throw();
    for (std::uint64_t looks = 1; load_word(region->bytes().data()) < word; ++looks)
      if (looks % 1000 == 0) std::this_thread::yield();
    wait(*channel, done, 30.0).or_throw();
  }
  bootstrap.barrier();
  return stopwatch.microseconds_an_iteration();
}

int work(const Settings& settings, transport::Bootstrap& bootstrap) {
  pin(bootstrap.rank());
  const auto transport = transport::make_ucx_transport(settings.transport);
  nlohmann::json result;
  std::string library = transport->library();
  if (settings.what == "hop") {
    result["microseconds"] = hop(settings, bootstrap, *transport);
  } else {
    for (const bool with_row : {false, true}) {
      if (settings.what != "wait" && with_row != (settings.what == "row")) continue;
      runtime::Job job(bootstrap, *transport, job_options(settings, with_row));
      if (settings.what == "wait")
        result[with_row ? "read_rule" : "lead_rule"] = waiting_shares(job, with_row);
      else
        result["microseconds"] = iterate(settings, job, with_row);
      job.close();
    }
  }
  result["library"] = library;
  if (bootstrap.rank().value == 0) fmt::print("{}\n", result.dump());
  return 0;
}

}  // namespace
}  // namespace wolfpack

int main(int argc, char** argv) {
  wolfpack::Settings settings;
  CLI::App app("Times iterations that do nothing but coordinate.");
  app.add_option("--workers", settings.workers, "processes")->check(CLI::PositiveNumber);
  app.add_option("--transport", settings.transport, "shm or tcp")->check(CLI::IsMember({"shm", "tcp"}));
  app.add_option("--what", settings.what, "clock, row, hop or wait")
      ->check(CLI::IsMember({"clock", "row", "hop", "wait"}));
  app.add_option("--values", settings.values, "doubles in the row")->check(CLI::PositiveNumber);
  app.add_option("--batch", settings.batch, "iterations between two looks at the clock")->check(CLI::PositiveNumber);
  app.add_option("--batches", settings.batches, "batches that are timed")->check(CLI::PositiveNumber);
  app.add_option("--lane-bytes", settings.lane_bytes, "of a lane, at least")->check(CLI::PositiveNumber);
  app.add_flag("--trace", settings.trace, "keep a row of the trace an iteration, as jobs do by default");
  CLI11_PARSE(app, argc, argv);
  if ((settings.what == "hop" || settings.what == "wait") && settings.workers != 2) {
    fmt::print(stderr, "--what {}: takes two workers\n", settings.what);
    return 2;
  }
  try {
    return wolfpack::runtime::run_processes(
        {.workers = settings.workers, .arguments = argv},
        [&](wolfpack::transport::Bootstrap& bootstrap) { return wolfpack::work(settings, bootstrap); });
  } catch (const std::exception& failure) {
    fmt::print(stderr, "bench_coordination: {}\n", failure.what());
    return 1;
  }
}
