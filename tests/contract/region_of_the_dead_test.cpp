// Memory of a process that has died since it was connected to. A program of its own: it forks before UCX is there.
#include <csignal>
#include <cstdint>
#include <string>
#include <sys/wait.h>
#include <unistd.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/bytes.hpp"
#include "transport/ucx_transport.hpp"

namespace wolfpack::transport {
namespace {

void write_all(int to, std::span<const std::byte> bytes) {
  const std::uint64_t size = bytes.size();
  if (write(to, &size, sizeof size) != sizeof size || write(to, bytes.data(), size) != static_cast<ssize_t>(size))
    _exit(1);
}

Bytes read_all(int from) {
  std::uint64_t size = 0;
  EXPECT_EQ(read(from, &size, sizeof size), static_cast<ssize_t>(sizeof size));
  Bytes bytes(size);
  for (std::size_t got = 0; got < size;) {
    const ssize_t more = read(from, bytes.data() + got, size - got);
    if (more <= 0) break;
    got += static_cast<std::size_t>(more);
  }
  return bytes;
}

/// Another process with a region, whose address and descriptor it writes; it waits to be killed.
[[noreturn]] void be_the_other(int to) {
  const auto transport = make_ucx_transport("shm");
  const auto region = transport->allocate(4096, MemoryKind::host);
  write_all(to, transport->address());
  write_all(to, region->descriptor());
  for (;;) pause();
}

TEST(RegionOfTheDead, IsNotOpenedWithALineThatSaysWhy) {
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  const pid_t other = fork();
  ASSERT_GE(other, 0);
  if (other == 0) be_the_other(ends[1]);
  const Bytes address = read_all(ends[0]), descriptor = read_all(ends[0]);

  const auto transport = make_ucx_transport("shm");
  const auto channel = transport->open_channel();
  const PeerIndex peer = channel->connect(address, "worker 1");
  EXPECT_EQ(channel->open(peer, descriptor).size_bytes, 4096u) << "it lives";
  ASSERT_EQ(kill(other, SIGKILL), 0);
  const auto why = [&]() -> std::string {
    try {
      (void)channel->open(peer, descriptor);
      return "it was opened";
    } catch (const RuntimeFailure& failure) {
      return failure.what();
    }
  };
  siginfo_t information{};
  ASSERT_EQ(waitid(P_PID, static_cast<id_t>(other), &information, WEXITED | WNOWAIT), 0);
  EXPECT_EQ(why(), "its process has ended") << "its exit status is still there";
  ASSERT_EQ(waitpid(other, nullptr, 0), other);
  EXPECT_EQ(why(), "its process has ended");
}

}  // namespace
}  // namespace wolfpack::transport
