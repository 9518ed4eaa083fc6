#include "transport/threads_bootstrap.hpp"

#include <atomic>
#include <chrono>
#include <thread>

#include <gtest/gtest.h>

#include "base/status.hpp"

namespace wolfpack::transport {
namespace {

Bytes message(std::uint32_t rank, std::uint32_t round) {
  return Bytes((rank * 7 + round * 3) % 50, static_cast<std::byte>(rank * 16 + round % 16));
}

TEST(ThreadsBootstrap, GathersEverybodysBytesByRankRoundAfterRound) {
  constexpr std::uint32_t kSize = 5, kRounds = 500;
  ThreadsGroup group(kSize);
  std::atomic<int> wrong = 0;
  {
    std::vector<std::jthread> threads;
    for (std::uint32_t rank = 0; rank < kSize; ++rank)
      threads.emplace_back([&, rank] {
        ThreadsBootstrap bootstrap(group, {rank});
        for (std::uint32_t round = 0; round < kRounds; ++round) {
          const auto all = bootstrap.allgather(message(rank, round));
          wrong += all.size() != kSize;
          for (std::uint32_t i = 0; i < all.size(); ++i) wrong += all[i] != message(i, round);
        }
      });
  }
  EXPECT_EQ(wrong, 0);
}

TEST(ThreadsBootstrap, ABarrierHoldsEveryoneUntilTheLast) {
  ThreadsGroup group(3);
  std::atomic<int> arrived = 0, early = 0;
  {
    std::vector<std::jthread> threads;
    for (std::uint32_t rank = 0; rank < 3; ++rank)
      threads.emplace_back([&, rank] {
        ThreadsBootstrap bootstrap(group, {rank});
        std::this_thread::sleep_for(std::chrono::milliseconds(5 * rank));
        ++arrived;
        bootstrap.barrier();
        early += arrived != 3;
      });
  }
  EXPECT_EQ(early, 0);
}

TEST(ThreadsBootstrap, SaysWhoIsWhoAndWhichJob) {
  ThreadsGroup group(3), other(3);
  ThreadsBootstrap bootstrap(group, {2});
  EXPECT_EQ(bootstrap.rank(), WorkerId{2});
  EXPECT_EQ(bootstrap.size(), 3u);
  EXPECT_EQ(bootstrap.job_id(), ThreadsBootstrap(group, {0}).job_id());
  EXPECT_NE(group.job_id(), other.job_id());
}

TEST(ThreadsBootstrap, AbandoningFreesThoseWhoWait) {
  ThreadsGroup group(3);
  std::atomic<int> freed = 0;
  {
    std::vector<std::jthread> threads;
    for (std::uint32_t rank = 0; rank < 2; ++rank)
      threads.emplace_back([&, rank] {
        try {
          ThreadsBootstrap(group, {rank}).barrier();
        } catch (const PeerFailure&) {
          ++freed;
        }
      });
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    group.abandon();
  }
  EXPECT_EQ(freed, 2);
}

TEST(ThreadsBootstrap, AbandoningRefusesThoseWhoComeLater) {
  ThreadsGroup group(2);
  group.abandon();
  for (const std::uint32_t rank : {0u, 1u, 0u, 1u})
    EXPECT_THROW((void)group.allgather({rank}, {}), RuntimeFailure) << rank;
}

}  // namespace
}  // namespace wolfpack::transport
