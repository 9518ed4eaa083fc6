// Latency profiles over every backend, two or three ranks as threads: that all is measured, and that what is wrong is
// found. How long things take is no test's business.
#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "latency/operation.hpp"
#include "latency/profile.hpp"
#include "runtime/threads_launcher.hpp"
#include "tests/support/backends.hpp"
#include "tests/support/passing_channel.hpp"

namespace wolfpack::latency {
namespace {

using ::testing::HasSubstr;
using transport::Channel;
using transport::Completion;
using transport::RemoteRegion;
using transport::Transport;

std::vector<OperationKind> operations_without_verbs() {
  std::vector<OperationKind> kinds;
  for (const OperationFacts& facts : all_operations())
    if (!facts.is_verbs) kinds.push_back(facts.kind);
  return kinds;
}

ProfileSettings quick() {
  ProfileSettings settings;
  settings.operations = operations_without_verbs();
  settings.bytes = {8, 4104};
  settings.meter = {.iterations = 40, .warmup = 3, .duration_seconds = 5.0};
  settings.rounds = 2;
  return settings;
}

using Make = std::function<std::unique_ptr<Transport>()>;

/// What rank 0 has of it.
Profile profile_of(std::size_t ranks, const ProfileSettings& settings, const Make& make) {
  Profile first;
  runtime::run_threads(ranks, [&](transport::Bootstrap& bootstrap) {
    const auto transport = make();
    Profile own = run_profile(bootstrap, *transport, settings);
    if (own.leads) first = std::move(own);
  });
  return first;
}

class LatencyProfile : public testing::BackendTest {};

TEST_P(LatencyProfile, MeasuresEveryOperationAtEverySize) {
  const Profile profile = profile_of(2, quick(), GetParam().make);
  EXPECT_TRUE(profile.is_complete);
  ASSERT_EQ(profile.results.size(), 5u * 2 + 2);
  for (const Result& result : profile.results) {
    const auto name = describe(result.operation).name;
    EXPECT_EQ(result.times.count(), 40u) << name;
    EXPECT_GT(result.times.min_seconds(), 0.0) << name;
    EXPECT_LE(result.times.percentile(0.5), result.times.max_seconds()) << name;
    EXPECT_EQ(result.round_medians_seconds.size(), 2u) << name;
    EXPECT_FALSE(result.lanes.empty()) << name;
    EXPECT_TRUE(result.bytes == 8 || !describe(result.operation).is_of_a_word) << name;
  }
  ASSERT_EQ(profile.pairs.size(), 1u);
  EXPECT_EQ(profile.pairs.front().one_sided, GetParam().one_sided);
  EXPECT_EQ(profile.hosts.size(), 2u);
}

TEST_P(LatencyProfile, MeasuresAllPairsBothWaysAndBroadcastsOfEachOnce) {
  ProfileSettings settings = quick();
  settings.operations = {OperationKind::put, OperationKind::clock_broadcast};
  settings.bytes = {8};
  settings.rounds = 1;
  settings.pairs = {{0, 1}, {0, 2}, {1, 0}, {1, 2}, {2, 0}, {2, 1}};
  const Profile profile = profile_of(3, settings, GetParam().make);
  ASSERT_EQ(profile.results.size(), 6u + 3);
  for (std::size_t i = 0; i < 6; ++i) EXPECT_EQ(profile.results[i].pair, settings.pairs[i]);
  for (std::uint32_t i = 0; i < 3; ++i) EXPECT_EQ(profile.results[6 + i].pair.initiator, i);
}

INSTANTIATE_TEST_SUITE_P(Backends, LatencyProfile, ::testing::ValuesIn(testing::kBackends), testing::backend_name);

/// A transport between threads whose channels are broken, or not.
class WrappedTransport final : public Transport {
 public:
  using Wrap = std::function<std::unique_ptr<Channel>(std::unique_ptr<Channel>)>;
  explicit WrappedTransport(Wrap wrap) : inner_(transport::make_threads_transport()), wrap_(std::move(wrap)) {}

  std::unique_ptr<transport::Region> allocate(std::size_t bytes, transport::MemoryKind kind) override {
    return inner_->allocate(bytes, kind);
  }
  std::unique_ptr<Channel> open_channel() override { return wrap_(inner_->open_channel()); }
  [[nodiscard]] Bytes address() const override { return inner_->address(); }
  bool serve() override { return inner_->serve(); }
  void wait_for_requests(double seconds) override { inner_->wait_for_requests(seconds); }
  [[nodiscard]] std::string name() const override { return "wrapped"; }
  [[nodiscard]] std::string library() const override { return inner_->library(); }

 private:
  std::unique_ptr<Transport> inner_;
  Wrap wrap_;
};

class Owning : public testing::PassingChannel {
 public:
  explicit Owning(std::unique_ptr<Channel> inner) : PassingChannel(*inner), inner_(std::move(inner)) {}

 private:
  std::unique_ptr<Channel> inner_;
};

/// Puts what is ordered first, and what it was ordered after when that is done.
class FlagFirst final : public Owning {
 public:
  using Owning::Owning;
  Status put(const RemoteRegion& to, std::uint64_t offset, std::span<const std::byte> source,
             Completion& done) override {
    if (source.size() <= 8) return Owning::put(to, offset, source, done);
    held_ = [=, this, &done] { return Owning::put(to, offset, source, done); };
    return {};
  }
  Status ordered_put(const RemoteRegion& to, std::uint64_t offset, std::span<const std::byte> source,
                     Completion& done) override {
    if (Status status = Owning::ordered_put(to, offset, source, done); !status.ok() || !held_) return status;
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
    return std::exchange(held_, nullptr)();
  }

 private:
  std::function<Status()> held_;
};

/// Adds without saying so.
class LostAdds final : public Owning {
 public:
  using Owning::Owning;
  Status fetch_add(const RemoteRegion& to, std::uint64_t offset, std::uint64_t value, std::uint64_t& before,
                   Completion& done) override {
    return Owning::fetch_add(to, offset, ++adds_ % 7 == 0 ? 0 : value, before, done);
  }

 private:
  int adds_ = 0;
};

/// Loses what it is asked to get, after the first few.
class Deaf final : public Owning {
 public:
  using Owning::Owning;
  Deaf(const Deaf&) = delete;
  Deaf& operator=(const Deaf&) = delete;
  ~Deaf() override {
    for (Completion::State* lost : lost_) Completion::finish(lost, {});
  }
  Status get(const RemoteRegion& from, std::uint64_t offset, std::span<std::byte> destination,
             Completion& done) override {
    if (++gets_ <= 20) return Owning::get(from, offset, destination, done);
    lost_.push_back(done.begin(in_flight_));
    return {};
  }

 private:
  int gets_ = 0;
  std::uint64_t in_flight_ = 0;
  std::vector<Completion::State*> lost_;
};

/// Loses all data but the first few.
class Silent final : public Owning {
 public:
  using Owning::Owning;
  Status put(const RemoteRegion& to, std::uint64_t offset, std::span<const std::byte> source,
             Completion& done) override {
    return source.size() > 8 && ++puts_ > 5 ? Status() : Owning::put(to, offset, source, done);
  }

 private:
  int puts_ = 0;
};

template <class Broken>
std::string failure_of(OperationKind kind) {
  ProfileSettings settings = quick();
  settings.operations = {kind};
  settings.bytes = {4096};
  settings.patience_seconds = 0.5;
  try {
    (void)profile_of(2, settings, [] {
      return std::make_unique<WrappedTransport>([](auto inner) { return std::make_unique<Broken>(std::move(inner)); });
    });
  } catch (const RuntimeFailure& error) {
    return error.what();
  }
  return "nothing failed";
}

TEST(LatencyProfileOfABrokenTransport, SaysThatAFlagOvertookItsData) {
  EXPECT_THAT(failure_of<FlagFirst>(OperationKind::put_then_flag), HasSubstr("was seen before its data"));
}

TEST(LatencyProfileOfABrokenTransport, SaysThatAnAddWasLost) {
  EXPECT_THAT(failure_of<LostAdds>(OperationKind::fetch_add), HasSubstr("found"));
}

TEST(LatencyProfileOfABrokenTransport, NamesWhoDoesNotAnswer) {
  EXPECT_THAT(failure_of<Silent>(OperationKind::put), HasSubstr("rank 1"));
  EXPECT_THAT(failure_of<Deaf>(OperationKind::get), HasSubstr("rank 1"));
  EXPECT_THAT(failure_of<Deaf>(OperationKind::row_read), HasSubstr("rank 1"));
}

}  // namespace
}  // namespace wolfpack::latency
