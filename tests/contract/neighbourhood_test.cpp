// Transports of one neighbourhood share memory, and are reached as transport/ucx_transport.hpp says beside others that
// are not: what a job over several hosts has.
#include <algorithm>
#include <memory>
#include <numeric>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/words.hpp"
#include "tests/support/backends.hpp"
#include "transport/probe.hpp"

namespace wolfpack::transport {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr double kPatienceSeconds = 20.0, kNativeWithinSeconds = 0.2;
constexpr std::size_t kRegionBytes = 1 << 20;
constexpr const char* kStores = "by loads and stores";

std::vector<std::string> asked_between() {
  std::vector<std::string> names = testing::asked_transports({"tcp"});
  std::erase_if(names, [](const std::string& name) { return name != "tcp" && name != "rdma"; });
  return names;
}

/// Of one process of a host.
struct End {
  explicit End(const std::string& between, const std::string& host)
      : transport(make_ucx_transport(between, Span::one_machine, host)),
        region(transport->allocate(kRegionBytes, MemoryKind::host)) {}

  std::unique_ptr<Transport> transport;
  std::unique_ptr<Region> region;
};

class Neighbourhood : public ::testing::TestWithParam<std::string> {
 protected:
  void SetUp() override {
    if (testing::kThreadSanitizer) GTEST_SKIP() << "the thread sanitizer does not see the order that UCX keeps";
  }

  RemoteRegion open(const End& end) {
    return channel_->open(channel_->connect(end.transport->address(), "peer"), end.region->descriptor());
  }
  void finish(Completion& done) { wait(*channel_, done, kPatienceSeconds).or_throw(); }

  const std::string between_ = GetParam();
  End own_{between_, "here"};
  std::unique_ptr<Channel> channel_ = own_.transport->open_channel();
};

TEST_P(Neighbourhood, IsReachedByLoadsAndStoresAndTheOthersAsBefore) {
  End near(between_, "here"), far(between_, "there");
  {
    const testing::Serving near_serves(*near.transport), far_serves(*far.transport);
    const RemoteRegion to_near = open(near), to_far = open(far);
    EXPECT_THAT(channel_->lanes(to_near.peer), HasSubstr(kStores));
    EXPECT_THAT(channel_->lanes(to_far.peer), Not(HasSubstr(kStores)));
    std::vector<std::uint64_t> words(kRegionBytes / 8), got(words.size());
    std::iota(words.begin(), words.end(), 1);
    for (const RemoteRegion& remote : {to_near, to_far, open(own_)}) {
      Completion done;
      channel_->put(remote, 0, std::as_bytes(std::span(words)), done).or_throw();
      channel_->flush(remote.peer, done).or_throw();
      finish(done);
      std::fill(got.begin(), got.end(), 0);
      channel_->get(remote, 0, std::as_writable_bytes(std::span(got)), done).or_throw();
      finish(done);
      EXPECT_EQ(got, words);
      std::reverse(words.begin(), words.end());
    }
    channel_.reset();
  }
}

TEST_P(Neighbourhood, NeedNotServe) {
  End near(between_, "here"), far(between_, "there");
  std::vector<RemoteRegion> remotes;
  {
    const testing::Serving near_serves(*near.transport), far_serves(*far.transport);
    remotes = {open(far), open(near)};
  }
  // What waits for a far peer that does not serve holds up nothing else.
  const std::uint64_t word = 7;
  Completion far_done, near_done;
  channel_->put(remotes[0], 8, std::as_bytes(std::span(&word, 1)), far_done).or_throw();
  channel_->flush(remotes[0].peer, far_done).or_throw();
  channel_->ordered_put(remotes[1], 8, std::as_bytes(std::span(&word, 1)), near_done).or_throw();
  channel_->flush(remotes[1].peer, near_done).or_throw();
  EXPECT_TRUE(near_done.done());
  EXPECT_EQ(load_word(near.region->bytes().data() + 8), word);
  std::uint64_t probed = 0;
  Completion done;
  EXPECT_EQ(probe(*channel_, std::span(&remotes[1], 1), 8, std::span(&probed, 1), done, kNativeWithinSeconds),
            OneSided::native);
  const testing::Serving far_serves(*far.transport);
  finish(far_done);
  channel_.reset();
}

TEST_P(Neighbourhood, NoNameIsNobodys) {
  End nameless(between_, ""), other(between_, "");
  const testing::Serving serves(*other.transport);
  channel_ = nameless.transport->open_channel();
  EXPECT_THAT(channel_->lanes(open(other).peer), Not(HasSubstr(kStores)));
  channel_.reset();
}

TEST_P(Neighbourhood, FetchAddIsRefusedWhereAnAdapterMayAddToTheSameWord) {
  End near(between_, "here");
  const testing::Serving serves(*near.transport);
  const RemoteRegion remote = open(near);
  std::uint64_t before = 9;
  Completion done;
  const Status status = channel_->fetch_add(remote, 0, 2, before, done);
  EXPECT_EQ(status.ok(), between_ == "tcp") << status.message();
  EXPECT_EQ(load_word(near.region->bytes().data()), between_ == "tcp" ? 2U : 0U);
  channel_.reset();
}

INSTANTIATE_TEST_SUITE_P(Between, Neighbourhood, ::testing::ValuesIn(asked_between()),
                         [](const auto& info) { return info.param; });
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(Neighbourhood);

}  // namespace
}  // namespace wolfpack::transport
