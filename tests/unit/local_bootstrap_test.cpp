#include "transport/local_bootstrap.hpp"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <poll.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include "base/status.hpp"
#include "base/time.hpp"

namespace wolfpack::transport {
namespace {

Bytes message(std::uint32_t rank, std::size_t size) {
  Bytes bytes(size);
  for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<std::byte>((i * 13 + rank * 101 + i / 253) & 0xff);
  return bytes;
}

/// The launcher's poll loop, until every child has hung up.
void serve(LocalBootstrapServer& server) {
  for (;;) {
    std::vector<pollfd> watched;
    bool any = false;
    for (std::uint32_t i = 0; i < server.size(); ++i) {
      watched.push_back(server.watched({i}));
      any |= watched.back().fd >= 0;
    }
    if (!any) return;
    ASSERT_GT(poll(watched.data(), watched.size(), 20'000), 0) << "nobody has anything to say";
    for (std::uint32_t i = 0; i < server.size(); ++i) server.handle({i}, watched[i].revents);
  }
}

/// Takes the child's end over, as a spawned process inherits it.
LocalBootstrap::Membership taken_over(LocalBootstrapServer& server, std::uint32_t rank) {
  auto membership = server.membership({rank});
  membership.socket = dup(membership.socket);
  server.close_child_end({rank});
  return membership;
}

/// Gathers messages of these sizes, one round each; returns how much was wrong.
int check_rounds(LocalBootstrap& bootstrap, const std::vector<std::size_t>& sizes) {
  int wrong = 0;
  for (const std::size_t size : sizes) {
    const auto size_of = [size](std::uint32_t rank) { return size == 0 ? 0 : size + rank; };
    const std::uint32_t rank = bootstrap.rank().value;
    const auto all = bootstrap.allgather(message(rank, size_of(rank)));
    wrong += all.size() != bootstrap.size();
    for (std::uint32_t i = 0; i < all.size(); ++i) wrong += all[i] != message(i, size_of(i));
  }
  return wrong;
}

const std::vector<std::size_t> kSizes{0, 1, 100, 70'000, 0, 5'000'000, 3};

TEST(LocalBootstrap, GathersMessagesOfAnySizeBetweenThreads) {
  constexpr std::uint32_t kSize = 3;
  LocalBootstrapServer server(kSize);
  std::atomic<int> wrong = 0;
  std::vector<std::jthread> threads;
  for (std::uint32_t rank = 0; rank < kSize; ++rank)
    threads.emplace_back([&wrong, membership = taken_over(server, rank)] {
      LocalBootstrap bootstrap(membership, [](WorkerId) {});
      wrong += check_rounds(bootstrap, kSizes);
    });
  serve(server);
  threads.clear();
  EXPECT_EQ(wrong, 0);
}

TEST(LocalBootstrap, GathersForRank0Alone) {
  constexpr std::uint32_t kSize = 3;
  LocalBootstrapServer server(kSize);
  std::atomic<int> wrong = 0;
  std::vector<std::jthread> threads;
  for (std::uint32_t rank = 0; rank < kSize; ++rank)
    threads.emplace_back([&wrong, rank, membership = taken_over(server, rank)] {
      LocalBootstrap bootstrap(membership, [](WorkerId) {});
      for (const std::size_t size : kSizes) {
        const auto all = bootstrap.gather(message(rank, size));
        wrong += all.size() != kSize;
        for (std::uint32_t i = 0; i < all.size(); ++i) wrong += all[i] != (rank == 0 ? message(i, size) : Bytes());
        wrong += check_rounds(bootstrap, {size});
      }
    });
  serve(server);
  threads.clear();
  EXPECT_EQ(wrong, 0);
}

/// Stopped or stuck, it must not keep the launcher from its signals and from its other children.
TEST(LocalBootstrap, WhoDoesNotTakeItsAnswerHoldsNobodyUp) {
  constexpr std::size_t kBytes = 20'000'000;
  LocalBootstrapServer server(2);
  std::atomic<bool> has_answer = false;
  std::jthread prompt([&has_answer, membership = taken_over(server, 0)] {
    LocalBootstrap bootstrap(membership, [](WorkerId) {});
    has_answer = bootstrap.allgather(message(0, kBytes))[1] == message(1, 8);
  });
  const int slow = taken_over(server, 1).socket;
  const std::uint64_t length = 8;
  const Bytes content = message(1, length);
  ASSERT_EQ(::write(slow, &length, sizeof length), 8);
  ASSERT_EQ(::write(slow, content.data(), content.size()), 8);
  const double start = monotonic_seconds();
  double longest = 0.0;
  while (server.watched({0}).fd >= 0 && monotonic_seconds() - start < 20.0) {
    pollfd watched[] = {server.watched({0}), server.watched({1})};
    (void)poll(watched, 2, 100);
    const double before = monotonic_seconds();
    for (std::uint32_t i = 0; i < 2; ++i) server.handle({i}, watched[i].revents);
    longest = std::max(longest, monotonic_seconds() - before);
  }
  EXPECT_TRUE(has_answer);
  EXPECT_LT(longest, 5.0);
  ::close(slow);
}

TEST(LocalBootstrap, WhoTakesNothingInForTooLongIsGivenUp) {
  int ends[2];
  ASSERT_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
  std::vector<FileDescriptor> sockets;
  sockets.emplace_back(ends[0]);
  LocalBootstrapServer server(std::move(sockets), 1, 0.05);
  const std::uint64_t length = 5'000'000;
  std::jthread talks([length, fd = ends[1]] {  // and does not listen
    Bytes bytes(sizeof length);
    std::memcpy(bytes.data(), &length, sizeof length);
    bytes.resize(bytes.size() + length);
    for (std::size_t sent = 0; sent < bytes.size();) {
      const ssize_t more = ::write(fd, bytes.data() + sent, bytes.size() - sent);
      if (more <= 0) return;
      sent += static_cast<std::size_t>(more);
    }
  });
  for (const double start = monotonic_seconds(); server.watched({0}).fd >= 0 && monotonic_seconds() - start < 20.0;) {
    pollfd watched = server.watched({0});
    (void)poll(&watched, 1, 10);
    server.handle({0}, watched.revents);
  }
  EXPECT_LT(server.watched({0}).fd, 0);
  talks.join();
  ::close(ends[1]);
}

TEST(LocalBootstrap, GathersBetweenProcesses) {
  constexpr std::uint32_t kSize = 3;
  LocalBootstrapServer server(kSize);
  std::vector<pid_t> children;
  for (std::uint32_t rank = 0; rank < kSize; ++rank) {
    const pid_t pid = fork();
    ASSERT_GE(pid, 0);
    if (pid == 0) {
      for (std::uint32_t i = 0; i < kSize; ++i)
        if (i != rank) server.close_child_end({i});
      int wrong = 99;
      {
        LocalBootstrap bootstrap(server.membership({rank}), [](WorkerId) { _exit(98); });
        wrong = bootstrap.job_id() != server.job_id() ? 97 : check_rounds(bootstrap, kSizes);
      }
      _exit(wrong);
    }
    children.push_back(pid);
  }
  for (std::uint32_t i = 0; i < kSize; ++i) server.close_child_end({i});
  serve(server);
  for (const pid_t pid : children) {
    int state = 0;
    ASSERT_EQ(waitpid(pid, &state, 0), pid);
    EXPECT_TRUE(WIFEXITED(state));
    EXPECT_EQ(WEXITSTATUS(state), 0);
  }
}

TEST(LocalBootstrap, ALostLauncherIsNoticedAtOnceAndOnce) {
  auto server = std::make_unique<LocalBootstrapServer>(1);
  std::atomic<int> calls = 0;
  std::atomic<std::uint32_t> rank = 99;
  const auto membership = taken_over(*server, 0);
  {
    LocalBootstrap bootstrap(membership, [&](WorkerId self) {
      rank = self.value;
      ++calls;
    });
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    EXPECT_EQ(calls, 0);
    server.reset();
    const double start = monotonic_seconds();
    while (calls == 0 && monotonic_seconds() - start < 5) std::this_thread::sleep_for(std::chrono::milliseconds(1));
    EXPECT_LT(monotonic_seconds() - start, 1.0);
  }
  EXPECT_EQ(calls, 1);
  EXPECT_EQ(rank, 0u);
}

TEST(LocalBootstrap, AnOrdinaryEndIsNoLostLauncher) {
  LocalBootstrapServer server(1);
  std::atomic<int> calls = 0;
  {
    LocalBootstrap bootstrap(taken_over(server, 0), [&](WorkerId) { ++calls; });
  }
  EXPECT_EQ(calls, 0);
}

/// What one gathers whose only peer sends these bytes and ends.
std::vector<Bytes> gather_beside(std::span<const std::byte> last_words) {
  LocalBootstrapServer server(2);
  std::vector<Bytes> all;
  std::exception_ptr failure;
  std::jthread waiting([&failure, &all, membership = taken_over(server, 0)] {
    try {
      LocalBootstrap bootstrap(membership, [](WorkerId) {});
      all = bootstrap.allgather(message(0, 5));
    } catch (...) {
      failure = std::current_exception();
    }
  });
  const int dying = taken_over(server, 1).socket;
  EXPECT_EQ(::write(dying, last_words.data(), last_words.size()), std::ssize(last_words));
  ::close(dying);
  while (server.watched({0}).fd >= 0) {
    pollfd watched[] = {server.watched({0}), server.watched({1})};
    EXPECT_GT(poll(watched, 2, 20'000), 0);
    for (std::uint32_t i = 0; i < 2; ++i) server.handle({i}, watched[i].revents);
    server.refuse_to_wait_for_the_dead();
  }
  waiting.join();
  if (failure) std::rethrow_exception(failure);
  return all;
}

TEST(LocalBootstrap, WhoEndsInTheMiddleOfAMessageIsNamedToThoseWhoWait) {
  const std::uint64_t length = 100;
  Bytes half(60);
  std::memcpy(half.data(), &length, sizeof length);
  for (const std::size_t size : {0, 3, 8, 60}) {
    try {
      (void)gather_beside(std::span(half).first(size));
      ADD_FAILURE() << "a message of a process that has ended after " << size << " bytes of it";
    } catch (const PeerFailure& error) {
      EXPECT_STREQ(error.what(), "worker 1 is lost: it ended while others waited for it");
    }
  }
}

TEST(LocalBootstrap, WhoEndsAfterAMessageHasSentIt) {
  const std::uint64_t length = 7;
  Bytes whole(sizeof length);
  std::memcpy(whole.data(), &length, sizeof length);
  const Bytes content = message(1, length);
  whole.insert(whole.end(), content.begin(), content.end());
  EXPECT_EQ(gather_beside(whole), (std::vector<Bytes>{message(0, 5), content}));
}

TEST(LocalBootstrap, AGatherWithoutALauncherThrows) {
  auto server = std::make_unique<LocalBootstrapServer>(2);
  LocalBootstrap bootstrap(taken_over(*server, 0), [](WorkerId) {});
  std::jthread killer([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    server.reset();
  });
  EXPECT_THROW((void)bootstrap.allgather({}), RuntimeFailure);
}

class MembershipVariable : public ::testing::Test {
 protected:
  void TearDown() override { unsetenv(LocalBootstrap::kEnvironment); }
  static void set(const std::string& text) { setenv(LocalBootstrap::kEnvironment, text.c_str(), 1); }
};

TEST_F(MembershipVariable, SurvivesTheEnvironment) {
  const LocalBootstrap::Membership membership{.socket = 17, .rank = {3}, .size = 9, .job_id = ~std::uint64_t{0} - 5};
  set(membership.to_environment());
  const auto back = LocalBootstrap::Membership::from_environment();
  ASSERT_TRUE(back.has_value());
  EXPECT_EQ(back->socket, 17);
  EXPECT_EQ(back->rank, WorkerId{3});
  EXPECT_EQ(back->size, 9u);
  EXPECT_EQ(back->job_id, ~std::uint64_t{0} - 5);
}

TEST_F(MembershipVariable, ThatIsNotSetMeansNoLauncher) {
  unsetenv(LocalBootstrap::kEnvironment);
  EXPECT_FALSE(LocalBootstrap::Membership::from_environment().has_value());
}

TEST_F(MembershipVariable, ThatIsGarbledIsRefused) {
  for (const char* text : {"", "1", "3:1:2", "a:b:c:d", "3:2:2:7", "3:-1:2:7"}) {
    set(text);
    EXPECT_THROW((void)LocalBootstrap::Membership::from_environment(), RuntimeFailure) << text;
  }
}

}  // namespace
}  // namespace wolfpack::transport
