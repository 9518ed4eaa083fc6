// RDMA through libibverbs alone, on a real device or on the virtual machine's (tests/rdma): skipped where there is
// none.
#include "transport/verbs_endpoint.hpp"

#include <csignal>
#include <cstdlib>
#include <functional>
#include <memory>
#include <string>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/time.hpp"
#include "base/words.hpp"
#include "tests/support/process.hpp"
#include "transport/set_up.hpp"

namespace wolfpack::transport {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

constexpr std::size_t kBytes = 4 << 20;
constexpr double kPatienceSeconds = 30.0;

/// Looks until the word is there; what the device has acknowledged may still be on its way.
bool arrives(const std::byte* address, std::uint64_t value) {
  return testing::eventually(kPatienceSeconds, [&] { return load_word(address) == value; });
}

class Verbs : public ::testing::Test {
 protected:
  void SetUp() override {
    try {
      port_ = checked_rdma_port();
    } catch (const InputError& error) {
      const char* asked = std::getenv("WOLFPACK_TEST_TRANSPORTS");
      if (asked != nullptr && std::string(asked).find("rdma") != std::string::npos) throw;
      GTEST_SKIP() << error.what();
    }
  }

  RdmaPort port_;
};

class VerbsEndpoints : public Verbs {
 protected:
  void SetUp() override {
    Verbs::SetUp();
    if (IsSkipped()) return;
    here_ = std::make_unique<VerbsEndpoint>(port_, kBytes);
    there_ = std::make_unique<VerbsEndpoint>(port_, kBytes);
    here_->connect(there_->address(), "there");
    there_->connect(here_->address(), "here");
  }
  [[nodiscard]] std::byte* here(std::size_t offset) const { return here_->memory().data() + offset; }
  [[nodiscard]] std::byte* there(std::size_t offset) const { return there_->memory().data() + offset; }
  static void fill(std::byte* memory, std::size_t bytes, std::uint64_t first) {
    for (std::size_t i = 0; i < bytes / 8; ++i) store_word(memory + 8 * i, first + i);
  }
  static void expect_filled(const std::byte* memory, std::size_t bytes, std::uint64_t first) {
    for (std::size_t i = 0; i < bytes / 8; ++i) ASSERT_EQ(load_word(memory + 8 * i), first + i) << "word " << i;
  }

  std::unique_ptr<VerbsEndpoint> here_, there_;
};

TEST_F(VerbsEndpoints, MemoryIsZeroAtFirst) {
  for (const std::byte byte : here_->memory()) ASSERT_EQ(byte, std::byte{0});
  EXPECT_EQ(here_->memory().size(), kBytes);
  EXPECT_THAT(here_->description(), AllOf(StartsWith(port_.name() + ", "), HasSubstr("MTU ")));
}

TEST_F(VerbsEndpoints, WritesAreSeenByAPeerThatDoesNothing) {
  // Carried along, one packet, several, many.
  for (const std::size_t bytes : {std::size_t{8}, std::size_t{64}, std::size_t{8192}, std::size_t{1} << 20}) {
    fill(here(4096), bytes, bytes + 1);
    here_->write({.local_offset = 4096, .remote_offset = 16, .bytes = bytes}).or_throw();
    here_->wait(kPatienceSeconds).or_throw();
    ASSERT_TRUE(arrives(there(16 + bytes - 8), bytes + bytes / 8));
    expect_filled(there(16), bytes, bytes + 1);
    EXPECT_NE(load_word(there(16 + bytes)), bytes + bytes / 8 + 1) << "one word too many";
    EXPECT_EQ(load_word(there(8)), 0u) << "one word too early";
  }
}

TEST_F(VerbsEndpoints, ReadsBringWhatAPeerHoldsThatDoesNothing) {
  for (const std::size_t bytes : {std::size_t{8}, std::size_t{64}, std::size_t{8192}, std::size_t{1} << 20}) {
    fill(there(32), bytes, bytes + 7);
    here_->read({.local_offset = 64, .remote_offset = 32, .bytes = bytes}).or_throw();
    here_->wait(kPatienceSeconds).or_throw();
    expect_filled(here(64), bytes, bytes + 7);
  }
}

TEST_F(VerbsEndpoints, FetchAddsAddAndBringTheOldValue) {
  if (!here_->has_atomics()) {
    EXPECT_THAT(here_->fetch_add({.value = 1}).message(), HasSubstr("has no atomics"));
    GTEST_SKIP() << port_.name() << " has no atomics";
  }
  constexpr std::uint64_t kAdded = (1ULL << 40) + 3;
  store_word(there(8), 100);
  for (std::uint64_t i = 0; i < 20; ++i) {
    here_->fetch_add({.local_offset = 256 + 8 * i, .remote_offset = 8, .value = kAdded}).or_throw();
    if (i % 3 == 0) here_->wait(kPatienceSeconds).or_throw();
  }
  here_->wait(kPatienceSeconds).or_throw();
  for (std::uint64_t i = 0; i < 20; ++i) EXPECT_EQ(load_word(here(256 + 8 * i)), 100 + i * kAdded);
  EXPECT_TRUE(arrives(there(8), 100 + 20 * kAdded));
  EXPECT_EQ(load_word(there(0)), 0u);
  EXPECT_EQ(load_word(there(16)), 0u);
}

TEST_F(VerbsEndpoints, BothSidesMayWriteAtOnce) {
  fill(here(0), 65536, 1);
  fill(there(65536), 65536, 1000000);
  here_->write({.local_offset = 0, .remote_offset = 0, .bytes = 65536}).or_throw();
  there_->write({.local_offset = 65536, .remote_offset = 65536, .bytes = 65536}).or_throw();
  there_->wait(kPatienceSeconds).or_throw();
  here_->wait(kPatienceSeconds).or_throw();
  ASSERT_TRUE(arrives(there(65536 - 8), 8192));
  ASSERT_TRUE(arrives(here(131072 - 8), 1000000 + 8191));
  expect_filled(there(0), 65536, 1);
  expect_filled(here(65536), 65536, 1000000);
}

TEST_F(VerbsEndpoints, TakeMoreThanTheQueueHolds) {
  const std::uint64_t count = 5 * here_->queue_depth() + 3;
  for (std::uint64_t i = 0; i < count; ++i) {
    store_word(here(8 * i), i + 1);
    here_->write({.local_offset = 8 * i, .remote_offset = 8 * i, .bytes = 8}).or_throw();
    EXPECT_LE(here_->under_way(), here_->queue_depth());
    // Others in between.
    if (i % 50 == 7)
      here_->read({.local_offset = kBytes - 4096, .remote_offset = kBytes - 4096, .bytes = 4096}).or_throw();
  }
  here_->wait(kPatienceSeconds).or_throw();
  EXPECT_EQ(here_->under_way(), 0u);
  ASSERT_TRUE(arrives(there(8 * (count - 1)), count));
  expect_filled(there(0), 8 * count, 1);
}

TEST_F(VerbsEndpoints, TakeNoteOfWhatHasCompletedWithoutAWait) {
  EXPECT_TRUE(here_->wait(0.0).ok()) << "nothing was started";
  here_->read({.local_offset = 0, .remote_offset = 0, .bytes = 8}).or_throw();
  EXPECT_EQ(here_->under_way(), 1u);
  EXPECT_TRUE(testing::eventually(kPatienceSeconds, [&] {
    here_->poll().or_throw();
    return here_->under_way() == 0;
  }));
}

TEST_F(VerbsEndpoints, RefuseWhatTheirMemoriesDoNotHoldAndLiveOn) {
  const VerbsTransfer beyond[] = {{.bytes = kBytes + 8},
                                  {.local_offset = kBytes, .bytes = 8},
                                  {.remote_offset = kBytes - 4, .bytes = 8},
                                  {.remote_offset = ~std::uint64_t{7}, .bytes = 16},
                                  {.local_offset = ~std::uint64_t{0}, .bytes = 1}};
  for (const VerbsTransfer& transfer : beyond)
    for (const Status& status : {here_->write(transfer), here_->read(transfer)}) {
      EXPECT_EQ(status.code(), StatusCode::out_of_range);
      EXPECT_THAT(status.message(), AllOf(StartsWith("there: "), Not(HasSubstr("\n"))));
    }
  const VerbsFetchAdd wrong[] = {{.remote_offset = kBytes}, {.remote_offset = 4}, {.local_offset = 1}};
  for (const VerbsFetchAdd& addition : wrong) EXPECT_FALSE(here_->fetch_add(addition).ok());
  EXPECT_EQ(here_->under_way(), 0u);
  store_word(here(0), 5);
  here_->write({.local_offset = 0, .remote_offset = kBytes - 8, .bytes = 8}).or_throw();
  here_->wait(kPatienceSeconds).or_throw();
  EXPECT_TRUE(arrives(there(kBytes - 8), 5));
}

TEST_F(VerbsEndpoints, SayWhichPeerIsGone) {
  there_.reset();
  const double start = monotonic_seconds();
  here_->write({.local_offset = 0, .remote_offset = 0, .bytes = 8}).or_throw();
  const Status early = here_->wait(0.01);
  EXPECT_EQ(early.code(), StatusCode::deadline_exceeded);
  EXPECT_THAT(early.message(), AllOf(StartsWith("there: "), HasSubstr("0.01 s")));
  const Status late = here_->wait(kPatienceSeconds);
  EXPECT_EQ(late.code(), StatusCode::peer_unreachable) << late.message();
  EXPECT_THAT(late.message(), AllOf(StartsWith("there: RDMA write: "), HasSubstr("retry counter exceeded")));
  EXPECT_LT(monotonic_seconds() - start, kPatienceSeconds);
  // And so from then on.
  EXPECT_EQ(here_->read({.bytes = 8}).code(), StatusCode::peer_unreachable);
  EXPECT_EQ(here_->poll().code(), StatusCode::peer_unreachable);
  EXPECT_EQ(here_->wait(kPatienceSeconds).code(), StatusCode::peer_unreachable);
}

TEST_F(VerbsEndpoints, AFullQueueNeedsNoRoomWhereThePeerIsGone) {
  there_.reset();
  Status status;
  std::uint64_t count = 0;
  for (; status.ok() && count <= here_->queue_depth(); ++count) status = here_->write({.bytes = 8});
  EXPECT_EQ(status.code(), StatusCode::peer_unreachable) << "after " << count << " writes: " << status.message();
}

TEST_F(Verbs, AnAddressThatIsNoneIsRefusedAndABetterOneMayCome) {
  VerbsEndpoint here(port_, 4096), there(port_, 4096);
  Bytes damaged = there.address();
  damaged[damaged.size() / 2] ^= std::byte{1};
  try {
    here.connect(damaged, "rank 1");
    ADD_FAILURE() << "it was taken";
  } catch (const RuntimeFailure& failure) {
    EXPECT_THAT(failure.what(), AllOf(StartsWith("rank 1: "), HasSubstr("damaged"), Not(HasSubstr("\n"))));
  }
  here.connect(there.address(), "rank 1");
  there.connect(here.address(), "rank 0");
  here.read({.bytes = 4096}).or_throw();
  here.wait(kPatienceSeconds).or_throw();
}

TEST_F(Verbs, ADeviceThatIsNotThereIsNamed) {
  RdmaPort other = port_;
  other.device = "wolf7";
  try {
    const VerbsEndpoint endpoint(other, 4096);
    ADD_FAILURE() << "it was opened";
  } catch (const RuntimeFailure& failure) {
    EXPECT_THAT(failure.what(), AllOf(StartsWith("wolf7: "), HasSubstr("modprobe"), Not(HasSubstr("\n"))));
  }
}

/// A child that is left at once when this dies, with a socket to it.
class Child {
 public:
  /// `life` runs in the child, which ends with its result.
  explicit Child(const std::function<int(int socket)>& life) {
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_STREAM, 0, ends) != 0) throw std::runtime_error("socketpair failed");
    pid_ = fork();
    if (pid_ < 0) throw std::runtime_error("fork failed");
    if (pid_ == 0) {
      alarm(120);
      close(ends[0]);
      int status = 99;
      try {
        status = life(ends[1]);
      } catch (const std::exception& failure) {
        std::fprintf(stderr, "child: %s\n", failure.what());
      }
      _exit(status);
    }
    close(ends[1]);
    socket_ = ends[0];
  }
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;
  ~Child() {
    kill();
    close(socket_);
  }
  void kill() {
    if (pid_ > 0) ::kill(pid_, SIGKILL);
    (void)exit_status();
  }
  /// Waits for its end.
  int exit_status() {
    int state = -1;
    if (pid_ > 0) waitpid(pid_, &state, 0);
    pid_ = -1;
    return state >= 0 && WIFEXITED(state) ? WEXITSTATUS(state) : -1;
  }
  [[nodiscard]] int socket() const { return socket_; }

 private:
  pid_t pid_ = -1;
  int socket_ = -1;
};

/// Sends these bytes, and takes as many.
Bytes swapped(int socket, const Bytes& mine) {
  Bytes theirs(mine.size());
  if (send(socket, mine.data(), mine.size(), MSG_NOSIGNAL) != std::ssize(mine) ||
      recv(socket, theirs.data(), theirs.size(), MSG_WAITALL) != std::ssize(theirs))
    throw std::runtime_error("the other process is gone");
  return theirs;
}

/// An endpoint that is connected to the one at the other end of the socket.
std::unique_ptr<VerbsEndpoint> connected(const RdmaPort& port, int socket, const char* peer) {
  auto endpoint = std::make_unique<VerbsEndpoint>(port, 4096);
  endpoint->connect(swapped(socket, endpoint->address()), peer);
  (void)swapped(socket, Bytes(1));
  return endpoint;
}

constexpr std::size_t kPing = 0, kPong = 64, kCounter = 128;

/// Answers each ping with a pong of the same number, for ever.
int answer(const RdmaPort& port, int socket) {
  const auto endpoint = connected(port, socket, "parent");
  std::byte* const memory = endpoint->memory().data();
  for (std::uint64_t round = 1;; ++round) {
    if (!arrives(memory + kPing, round)) return 1;
    store_word(memory + kPong, round);
    endpoint->write({.local_offset = kPong, .remote_offset = kPong, .bytes = 8}).or_throw();
  }
}

TEST_F(Verbs, TwoProcessesPlayPingPongUntilOneIsKilled) {
  Child child([&](int socket) { return answer(port_, socket); });
  const auto endpoint = connected(port_, child.socket(), "child");
  std::byte* const memory = endpoint->memory().data();
  for (std::uint64_t round = 1; round <= 300; ++round) {
    store_word(memory + kPing, round);
    endpoint->write({.local_offset = kPing, .remote_offset = kPing, .bytes = 8}).or_throw();
    ASSERT_TRUE(arrives(memory + kPong, round)) << "round " << round;
    endpoint->poll().or_throw();
  }
  if (endpoint->has_atomics()) {
    for (std::uint64_t i = 0; i < 3; ++i) {
      endpoint->fetch_add({.local_offset = 256, .remote_offset = kCounter, .value = 5}).or_throw();
      endpoint->wait(kPatienceSeconds).or_throw();
      EXPECT_EQ(load_word(memory + 256), 5 * i);
    }
  }
  endpoint->wait(kPatienceSeconds).or_throw();
  child.kill();
  const double start = monotonic_seconds();
  endpoint->write({}).or_throw();
  const Status status = endpoint->wait(kPatienceSeconds);
  EXPECT_EQ(status.code(), StatusCode::peer_unreachable) << status.message();
  EXPECT_THAT(status.message(), StartsWith("child: "));
  EXPECT_LT(monotonic_seconds() - start, kPatienceSeconds);
}

TEST_F(Verbs, LittleLockedMemoryIsToldWithAWayToMore) {
  if (geteuid() != 0) GTEST_SKIP() << "only root can become a user that may lock little memory";
  Child child([&](int) {
    const rlimit little{1 << 20, 1 << 20};
    if (setrlimit(RLIMIT_MEMLOCK, &little) != 0 || setresgid(65534, 65534, 65534) != 0 ||
        setresuid(65534, 65534, 65534) != 0)
      return 2;
    try {
      const VerbsEndpoint endpoint(port_, 8 << 20);
      return 3;
    } catch (const RuntimeFailure& failure) {
      const std::string text = failure.what();
      const bool is_told = text.find("ulimit -l") != std::string::npos && text.find('\n') == std::string::npos;
      if (!is_told) std::fprintf(stderr, "child: %s\n", text.c_str());
      return is_told ? 0 : 4;
    }
  });
  EXPECT_EQ(child.exit_status(), 0);
}

}  // namespace
}  // namespace wolfpack::transport
