// A flush that fails though its endpoint does not: what was to come after it has no effect and says so. No network does
// that when asked, so this program has a ucp_ep_flush_nbx of its own, which the transport in it calls.
#include <dlfcn.h>
#include <memory>
#include <optional>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/words.hpp"
#include "tests/support/backends.hpp"
#include "transport/ucx_handles.hpp"

namespace wolfpack::transport {
namespace {

enum class Flushes { pass, fail_at_once, fail_in_the_end };
// The test's own thread's: the progress thread's flushes pass.
thread_local Flushes flushes = Flushes::pass;
thread_local int flushes_begun = 0;
thread_local ucp_request_param_t failing{};  // what the flush that fails in the end was asked with

void end_with_failure(void* request, ucs_status_t /*status*/, void* /*user_data*/) {
  failing.cb.send(request, UCS_ERR_IO_ERROR, failing.user_data);
}

}  // namespace
}  // namespace wolfpack::transport

extern "C" ucs_status_ptr_t ucp_ep_flush_nbx(ucp_ep_h endpoint, const ucp_request_param_t* parameters) {
  using namespace wolfpack::transport;
  static auto* const flush = reinterpret_cast<decltype(&ucp_ep_flush_nbx)>(::dlsym(RTLD_NEXT, "ucp_ep_flush_nbx"));
  ++flushes_begun;
  if (flushes == Flushes::pass) return flush(endpoint, parameters);
  if (flushes == Flushes::fail_at_once) return UCS_STATUS_PTR(UCS_ERR_IO_ERROR);
  failing = *parameters;
  ucp_request_param_t changed = *parameters;
  changed.cb.send = end_with_failure;
  return flush(endpoint, &changed);
}

namespace wolfpack::transport {
namespace {

using ::testing::StartsWith;

constexpr double kPatienceSeconds = 10.0;
constexpr std::uint64_t kData = 0, kFlag = 64, kBehind = 128, kSecondFlag = 192;

class FailedFlush : public ::testing::Test {
 protected:
  void SetUp() override {
    if (testing::kThreadSanitizer) GTEST_SKIP() << "the thread sanitizer does not see the order that UCX keeps";
    target_ = make_ucx_transport("tcp");
    origin_ = make_ucx_transport("tcp");
    region_ = target_->allocate(4096, MemoryKind::host);
    serving_.emplace(*target_);
    channel_ = origin_->open_channel();
    peer_ = channel_->connect(target_->address(), "peer");
    remote_ = channel_->open(peer_, region_->descriptor());
    flushes_begun = 0;
  }
  void TearDown() override { flushes = Flushes::pass; }

  Status put(std::uint64_t offset, Completion& done) { return channel_->put(remote_, offset, value(), done); }
  Status ordered_put(std::uint64_t offset, Completion& done) {
    return channel_->ordered_put(remote_, offset, value(), done);
  }
  static std::span<const std::byte> value() {
    static constexpr std::uint64_t kValue = 7;
    return std::as_bytes(std::span(&kValue, 1));
  }
  Status outcome(Completion& done) { return wait(*channel_, done, kPatienceSeconds); }
  /// What the target holds once all that was put is there.
  std::uint64_t word(std::uint64_t offset) {
    Completion done;
    EXPECT_TRUE(channel_->flush(peer_, done).ok());
    EXPECT_TRUE(outcome(done).ok());
    return load_word(region_->bytes().data() + offset);
  }
  static void expect_failure(const Status& status) {
    EXPECT_EQ(status.code(), StatusCode::transport_error);
    EXPECT_THAT(status.message(), StartsWith("peer"));
  }

  std::unique_ptr<Transport> target_, origin_;
  std::unique_ptr<Region> region_;
  std::optional<testing::Serving> serving_;
  std::unique_ptr<Channel> channel_;
  PeerIndex peer_;
  RemoteRegion remote_;
};

TEST_F(FailedFlush, EndsAllThatWaitsBehindItWithoutAnEffect) {
  Completion data, flag, behind, second;
  ASSERT_TRUE(put(kData, data).ok());
  flushes = Flushes::fail_in_the_end;
  ASSERT_TRUE(ordered_put(kFlag, flag).ok());
  flushes = Flushes::pass;
  ASSERT_EQ(flushes_begun, 1);
  ASSERT_FALSE(flag.done()) << "it waits for the flush";
  ASSERT_TRUE(put(kBehind, behind).ok());
  ASSERT_TRUE(ordered_put(kSecondFlag, second).ok());
  for (Completion* done : {&flag, &behind, &second}) expect_failure(outcome(*done));
  EXPECT_TRUE(outcome(data).ok());
  for (const std::uint64_t offset : {kFlag, kBehind, kSecondFlag}) EXPECT_EQ(word(offset), 0u) << "at " << offset;
  EXPECT_EQ(word(kData), 7u);
}

TEST_F(FailedFlush, IsMadeAgainForTheNextOrderedPut) {
  for (const Flushes failure : {Flushes::fail_in_the_end, Flushes::fail_at_once}) {
    const std::uint64_t offset = failure == Flushes::fail_at_once ? kSecondFlag : kFlag;
    Completion data, lost, flag;
    ASSERT_TRUE(put(kData, data).ok());
    flushes = failure;
    const Status status = ordered_put(offset, lost);
    flushes = Flushes::pass;
    expect_failure(status.ok() ? outcome(lost) : status);
    const int before = flushes_begun;
    ASSERT_TRUE(ordered_put(offset, flag).ok());
    EXPECT_TRUE(outcome(flag).ok());
    EXPECT_EQ(flushes_begun, before + 1) << "the data are not known to be visible";
    EXPECT_EQ(word(offset), 7u);
  }
}

}  // namespace
}  // namespace wolfpack::transport
