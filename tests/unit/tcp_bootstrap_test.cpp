#include "transport/tcp_bootstrap.hpp"

#include <arpa/inet.h>
#include <atomic>
#include <cstdlib>
#include <functional>
#include <sys/socket.h>
#include <thread>
#include <unistd.h>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/status.hpp"
#include "base/time.hpp"
#include "tests/support/free_port.hpp"

namespace wolfpack::transport {
namespace {

using ::testing::HasSubstr;

constexpr double kPatienceSeconds = 20.0;

void fail_on_loss(WorkerId) { ADD_FAILURE() << "rank 0 is lost"; }

/// Its message, where `work` throws an `Error`.
template <class Error>
std::string complaint(const std::function<void()>& work) {
  try {
    work();
  } catch (const Error& error) {
    return error.what();
  }
  return "no such error";
}

class TcpBootstraps : public ::testing::Test {
 protected:
  [[nodiscard]] TcpMembership member(std::uint32_t rank, std::size_t size) const {
    return {{rank}, size, "127.0.0.1", port_};
  }
  /// A thread a rank, which begin one after the other, the last rank first.
  void run(std::size_t size, const std::function<void(Bootstrap&)>& work) const {
    std::vector<std::jthread> ranks;
    for (std::size_t i = size; i-- > 0;) {
      ranks.emplace_back([this, i, size, &work] {
        work(*make_tcp_bootstrap(member(static_cast<std::uint32_t>(i), size), fail_on_loss, {kPatienceSeconds}));
      });
      sleep_seconds(0.02);
    }
  }
  [[nodiscard]] sockaddr_in own_address() const {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<std::uint16_t>(std::stoi(port_)));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return address;
  }
  std::string port_ = testing::free_port();
};

Bytes message(std::uint32_t rank, std::size_t size) {
  Bytes bytes(size);
  for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<std::byte>((i * 13 + rank * 101 + i / 253) & 0xff);
  return bytes;
}

TEST_F(TcpBootstraps, RanksGatherMessagesOfAnySize) {
  constexpr std::size_t kSize = 4;
  std::atomic<int> wrong = 0;
  std::atomic<std::uint64_t> ids[kSize];
  run(kSize, [&](Bootstrap& bootstrap) {
    EXPECT_EQ(bootstrap.size(), kSize);
    const std::uint32_t rank = bootstrap.rank().value;
    ids[rank] = bootstrap.job_id();
    for (const std::size_t size : {0, 1, 100, 70'000, 0, 3'000'000, 3}) {
      const auto size_of = [size](std::uint32_t of) { return of == 1 ? 0 : size + of; };
      const auto all = bootstrap.allgather(message(rank, size_of(rank)));
      for (std::uint32_t i = 0; i < kSize; ++i) wrong += all.at(i) != message(i, size_of(i));
    }
    // The ranks leave at different times, rank 0 first.
    sleep_seconds(0.05 * rank);
  });
  EXPECT_EQ(wrong, 0);
  for (const auto& id : ids) EXPECT_EQ(id, ids[0]);
  EXPECT_NE(ids[0], 0u);
}

TEST_F(TcpBootstraps, ARankThatLeavesTooSoonIsNamedToAllWhoWait) {
  constexpr std::size_t kSize = 3;
  run(kSize, [&](Bootstrap& bootstrap) {
    if (bootstrap.rank().value == 1) return;
    for (int again = 0; again < 2; ++again)
      EXPECT_THAT(complaint<PeerFailure>([&] { bootstrap.barrier(); }), HasSubstr("worker 1 is lost"));
  });
}

TEST_F(TcpBootstraps, AbandoningFreesWhoWaits) {
  std::atomic<bool> is_over = false;
  run(2, [&is_over](Bootstrap& bootstrap) {
    if (bootstrap.rank().value == 1) {
      while (!is_over) sleep_seconds(0.01);
      return;
    }
    std::jthread teller([&] {
      sleep_seconds(0.1);
      bootstrap.abandon("it will not come");
    });
    EXPECT_EQ(complaint<PeerFailure>([&] { bootstrap.barrier(); }), "it will not come");
    is_over = true;
  });
}

TEST_F(TcpBootstraps, WhoExpectsOthersIsRefusedAndTheRestMeet) {
  std::jthread rank_0([this] { make_tcp_bootstrap(member(0, 2), fail_on_loss, {kPatienceSeconds})->barrier(); });
  EXPECT_THAT(
      complaint<InputError>([this] { (void)make_tcp_bootstrap(member(1, 3), fail_on_loss, {kPatienceSeconds}); }),
      HasSubstr("WORLD_SIZE=3: rank 0 expects 2 ranks"));
  make_tcp_bootstrap(member(1, 2), fail_on_loss, {kPatienceSeconds})->barrier();
}

TEST_F(TcpBootstraps, OneRankTwiceIsRefused) {
  std::jthread first([this] {
    EXPECT_THAT(complaint<RuntimeFailure>([this] { (void)make_tcp_bootstrap(member(0, 3), fail_on_loss, {3.0}); }),
                HasSubstr("ranks 2 have not come"));
  });
  std::atomic<bool> is_lost = false;
  const auto mine = make_tcp_bootstrap(member(1, 3), [&is_lost](WorkerId) { is_lost = true; }, {kPatienceSeconds});
  EXPECT_THAT(
      complaint<InputError>([this] { (void)make_tcp_bootstrap(member(1, 3), fail_on_loss, {kPatienceSeconds}); }),
      HasSubstr("RANK=1: another process"));
  first.join();
  for (int i = 0; i < 1000 && !is_lost; ++i) sleep_seconds(0.01);
  EXPECT_TRUE(is_lost) << "the end of rank 0 went unnoticed";
}

TEST_F(TcpBootstraps, AStrangerOnThePortIsNobody) {
  std::jthread stranger([this] {
    const int fd = ::socket(AF_INET, SOCK_STREAM, 0);
    const sockaddr_in address = own_address();
    int connected = -1;
    for (int i = 0; i < 1000 && connected != 0; ++i) {
      connected = ::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address);
      if (connected != 0) sleep_seconds(0.001);
    }
    EXPECT_EQ(::send(fd, "GET / HTTP/1.1\r\n\r\n", 18, MSG_NOSIGNAL), 18);
    ::close(fd);
  });
  std::jthread rank_0([this] { make_tcp_bootstrap(member(0, 2), fail_on_loss, {kPatienceSeconds})->barrier(); });
  stranger.join();
  make_tcp_bootstrap(member(1, 2), fail_on_loss, {kPatienceSeconds})->barrier();
}

TEST_F(TcpBootstraps, AWaitThatTakesLongerIsToldOfOnce) {
  for (const std::uint32_t rank : {0u, 1u}) {
    std::vector<std::string> told;
    const TcpPatience patience{4.0, [&told](const std::string& what) { told.push_back(what); }};
    (void)complaint<RuntimeFailure>([&] { (void)make_tcp_bootstrap(member(rank, 2), fail_on_loss, patience); });
    ASSERT_EQ(told.size(), 1u);
    EXPECT_THAT(told[0], ::testing::AllOf(HasSubstr(rank == 0 ? "ranks 1 have not come" : "rank 0 cannot be reached"),
                                          HasSubstr("MASTER_PORT=" + port_), HasSubstr("4 s in all")));
  }
}

TEST_F(TcpBootstraps, WhoDoesNotComeIsSaidInTime) {
  EXPECT_THAT(complaint<RuntimeFailure>([this] { (void)make_tcp_bootstrap(member(0, 4), fail_on_loss, {0.1}); }),
              HasSubstr("ranks 1, 2, 3 have not come"));
  EXPECT_THAT(complaint<RuntimeFailure>([this] { (void)make_tcp_bootstrap(member(1, 4), fail_on_loss, {0.1}); }),
              ::testing::AllOf(HasSubstr("rank 0 cannot be reached"), HasSubstr("MASTER_PORT=" + port_)));
}

TEST_F(TcpBootstraps, APortThatIsInUseIsBadInput) {
  const int fd = ::socket(AF_INET, SOCK_STREAM, 0);
  const sockaddr_in address = own_address();
  ASSERT_EQ(::bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
  ASSERT_EQ(::listen(fd, 1), 0);
  EXPECT_THAT(complaint<InputError>([this] { (void)make_tcp_bootstrap(member(0, 2), fail_on_loss, {0.1}); }),
              HasSubstr("MASTER_PORT=" + port_ + ": rank 0 cannot listen there"));
  ::close(fd);
}

class TcpEnvironment : public ::testing::Test {
 protected:
  static constexpr const char* kNames[] = {"RANK", "WORLD_SIZE", "MASTER_ADDR", "MASTER_PORT"};
  void SetUp() override { clear(); }
  void TearDown() override { clear(); }
  static void set(const std::vector<const char*>& values) {
    clear();
    for (std::size_t i = 0; i < values.size(); ++i)
      if (values[i] != nullptr) setenv(kNames[i], values[i], 1);
  }

 private:
  static void clear() {
    for (const char* name : kNames) unsetenv(name);
  }
};

TEST_F(TcpEnvironment, SaysWhoThisProcessIs) {
  set({"3", "4", "node1", "29500"});
  const auto member = TcpMembership::from_environment();
  ASSERT_TRUE(member.has_value());
  EXPECT_EQ(member->rank, WorkerId{3});
  EXPECT_EQ(member->size, 4u);
  EXPECT_EQ(member->address, "node1");
  EXPECT_EQ(member->port, "29500");
  EXPECT_EQ(tcp_rank(), WorkerId{3});
}

TEST_F(TcpEnvironment, OneRankOrHalfOfItIsNoJob) {
  for (const std::vector<const char*>& values : std::vector<std::vector<const char*>>{{},
                                                                                      {"0", "1", "node1", "29500"},
                                                                                      {"0", nullptr, "node1", "29500"},
                                                                                      {nullptr, "4", "node1", "29500"},
                                                                                      {"0", ""}}) {
    set(values);
    EXPECT_FALSE(TcpMembership::from_environment().has_value());
    EXPECT_FALSE(tcp_rank().has_value());
  }
}

TEST_F(TcpEnvironment, WhatMakesNoSenseIsBadInput) {
  for (const std::vector<const char*>& values :
       std::vector<std::vector<const char*>>{{"4", "4", "node1", "29500"},
                                             {"-1", "4", "node1", "29500"},
                                             {"x", "4", "node1", "29500"},
                                             {"0", "many"},
                                             {"0", "0"},
                                             {"0", "4000000000", "node1", "29500"},
                                             {"1", "4"},
                                             {"1", "4", "node1"},
                                             {"1", "4", "node1", "0"},
                                             {"1", "4", "node1", "65536"},
                                             {"1", "4", "", "29500"}}) {
    set(values);
    EXPECT_THROW((void)TcpMembership::from_environment(), InputError);
  }
}

}  // namespace
}  // namespace wolfpack::transport
