// What tests/multiprocess/pmix_test.cpp starts as the ranks of a launcher:
//
//     mpirun -n 3 multiprocess_pmix_ranks exchange     and so on, see `deeds`
//
// Each rank prints lines to standard output that begin with its own rank.
#include <algorithm>
#include <csignal>
#include <cstdio>
#include <exception>
#include <functional>
#include <map>
#include <string>
#include <thread>
#include <unistd.h>

#include <fmt/format.h>

#include "base/bytes.hpp"
#include "base/status.hpp"
#include "base/time.hpp"
#include "runtime/process_launcher.hpp"
#include "tests/support/backends.hpp"
#include "transport/ucx_transport.hpp"

namespace wolfpack {
namespace {

using transport::Bootstrap;

/// The one that misbehaves; the others wait for it.
constexpr WorkerId kCulprit{1};

/// In one write, so that lines of several ranks do not mix.
void say(const Bootstrap& bootstrap, const std::string& text) {
  const std::string line = fmt::format("{} {}\n", bootstrap.rank().value, text);
  (void)!write(STDOUT_FILENO, line.data(), line.size());
}

Bytes message(std::uint32_t rank, std::size_t size) {
  Bytes bytes(size);
  for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<std::byte>((i * 13 + rank * 101 + i / 253) & 0xff);
  return bytes;
}

int exchange(Bootstrap& bootstrap) {
  int wrong = 0;
  for (const std::size_t size : {0, 1, 100, 70'000, 0, 1 << 20, 5'000'000, 3}) {
    const auto size_of = [size](std::uint32_t rank) { return rank == 1 ? 0 : size + rank; };
    const std::uint32_t rank = bootstrap.rank().value;
    const auto all = bootstrap.allgather(message(rank, size_of(rank)));
    wrong += all.size() != bootstrap.size();
    for (std::uint32_t i = 0; i < all.size(); ++i) wrong += all[i] != message(i, size_of(i));
  }
  for (int i = 0; i < 20; ++i) bootstrap.barrier();
  say(bootstrap, fmt::format("of {} in job {:x}: {} wrong", bootstrap.size(), bootstrap.job_id(), wrong));
  return 0;
}

void say_how_it_ends(Bootstrap& bootstrap) {
  try {
    bootstrap.barrier();
    say(bootstrap, "all came");
  } catch (const PeerFailure& error) {
    say(bootstrap, fmt::format("PeerFailure {}", error.what()));
  } catch (const RuntimeFailure& error) {
    say(bootstrap, fmt::format("RuntimeFailure {}", error.what()));
  }
}

/// The culprit does not come, and the others are told while they wait.
int abandon(Bootstrap& bootstrap) {
  if (bootstrap.rank() == kCulprit) {
    sleep_seconds(0.5);
    return 0;
  }
  std::jthread teller([&] {
    sleep_seconds(0.1);
    bootstrap.abandon("it will not come");
    bootstrap.abandon("too late to be told");
  });
  say_how_it_ends(bootstrap);
  teller.join();
  say_how_it_ends(bootstrap);
  return 0;
}

int wait_for_the_culprit(Bootstrap& bootstrap, const std::function<int()>& deed) {
  bootstrap.barrier();
  say(bootstrap, fmt::format("pid {}", getpid()));
  if (bootstrap.rank() == kCulprit) return deed();
  bootstrap.barrier();
  say(bootstrap, "all came");
  return 0;
}

/// Each rank puts into the memory of the next one, which looks at it, and gets it back.
int pass_on(Bootstrap& bootstrap, const std::string& transport_name) {
  constexpr std::size_t kBytes = 100'000;
  constexpr double kPatienceSeconds = 20.0;
  const auto transport = transport::make_ucx_transport(transport_name, transport::Span::several_machines);
  const auto region = transport->allocate(kBytes, transport::MemoryKind::host);
  const testing::Serving serving(*transport);
  const auto addresses = bootstrap.allgather(transport->address());
  const auto regions = bootstrap.allgather(region->descriptor());
  const std::uint32_t rank = bootstrap.rank().value, size = static_cast<std::uint32_t>(bootstrap.size());
  const std::uint32_t next = (rank + 1) % size, previous = (rank + size - 1) % size;
  const auto channel = transport->open_channel();
  const auto peer = channel->connect(addresses[next], fmt::format("rank {}", next));
  const auto remote = channel->open(peer, regions[next]);
  transport::Completion put, got;
  const Bytes mine = message(rank, kBytes);
  channel->put(remote, 0, mine, put).or_throw();
  channel->flush(peer, put).or_throw();
  wait(*channel, put, kPatienceSeconds).or_throw();
  bootstrap.barrier();
  const Bytes expected = message(previous, kBytes);
  const bool is_right = std::equal(expected.begin(), expected.end(), region->bytes().begin());
  Bytes back(kBytes);
  channel->get(remote, 0, back, got).or_throw();
  wait(*channel, got, kPatienceSeconds).or_throw();
  say(bootstrap, fmt::format("{} {} over {}", is_right ? "right" : "WRONG", back == mine ? "back" : "CHANGED",
                             channel->lanes(peer)));
  bootstrap.barrier();
  return 0;
}

const std::map<std::string, std::function<int(Bootstrap&)>> deeds{
    {"exchange", exchange},
    {"abandon", abandon},
    {"kill", [](Bootstrap& b) { return wait_for_the_culprit(b, [] { return raise(SIGKILL); }); }},
    {"fail",
     [](Bootstrap& b) { return wait_for_the_culprit(b, []() -> int { throw RuntimeFailure("out of luck"); }); }},
    {"leave", [](Bootstrap& b) { return wait_for_the_culprit(b, [] { return 0; }); }},
    {"sleep", [](Bootstrap& b) { return wait_for_the_culprit(b, [] { return sleep_seconds(600.0), 0; }); }},
    {"shm", [](Bootstrap& b) { return pass_on(b, "shm"); }},
    {"tcp", [](Bootstrap& b) { return pass_on(b, "tcp"); }},
    {"refuse", [](Bootstrap&) -> int { throw InputError("this cannot be"); }},
    {"join", [](Bootstrap&) { return 0; }},
    {"status", [](Bootstrap&) { return 3; }},
};

int run(int argc, char** argv) {
  const auto deed = deeds.find(argc > 1 ? argv[1] : "");
  if (deed == deeds.end()) throw InputError("no such deed");
  return runtime::run_processes({.workers = 3, .arguments = argv}, deed->second);
}

}  // namespace
}  // namespace wolfpack

int main(int argc, char** argv) {
  using namespace wolfpack;
  bool speaks = true;
  try {
    speaks = runtime::own_rank().value_or(WorkerId{0}) == WorkerId{0};
    return run(argc, argv);
  } catch (const InputError& error) {
    if (speaks) std::fprintf(stderr, "ranks: %s\n", error.what());
    return 2;
  } catch (const PeerFailure& error) {
    if (speaks) std::fprintf(stderr, "ranks: %s\n", error.what());
    return 1;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "ranks: %s\n", error.what());
    return 1;
  }
}
