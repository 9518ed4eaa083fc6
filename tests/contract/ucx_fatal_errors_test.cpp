// What UCX's fatal errors come to in a program that uses a transport of UCX. UCX's libraries look the function that
// tells them up by name, in the program first: so do these tests, which name nothing else of
// transport/ucx_fatal_errors.
#include "transport/ucx_fatal_errors.hpp"

#include <csignal>
#include <cstdlib>
#include <dlfcn.h>
#include <sys/time.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/backends.hpp"
#include "transport/local_bootstrap.hpp"
#include "transport/ucx_transport.hpp"

namespace wolfpack::transport {
namespace {

using ::testing::Eq;
using ::testing::KilledBySignal;

using FatalFormat = void(const char* file, unsigned line, const char* function, const char* format, ...);
using FatalMessage = void(const char* file, unsigned line, const char* function, const char* message);

template <class Function>
Function* as_ucx_finds(const char* name) {
  return reinterpret_cast<Function*>(dlsym(RTLD_DEFAULT, name));
}

void fail_an_assertion() {
  as_ucx_finds<FatalFormat>("ucs_fatal_error_format")("core/ucp_request.c", 684, "ff", "Assertion `%s' failed: %s",
                                                      "a == b", "got REP message");
}

void fail_an_assertion_as_worker_3() {
  setenv(LocalBootstrap::kEnvironment, "5:3:4:77", 1);
  (void)make_ucx_transport("tcp");
  fail_an_assertion();
}

void fail_with_two_lines() {
  (void)make_ucx_transport("shm");
  as_ucx_finds<FatalMessage>("ucs_fatal_error_message")("log.c", 9, "trigger", "two\nlines");
}

/// A timer stands in for the launcher, which is quicker.
void fail_an_assertion_and_be_ended() {
  (void)make_ucx_transport("tcp");
  const itimerval soon{{0, 0}, {0, static_cast<suseconds_t>(ucx::kFatalErrorWaitsSeconds * 1e6 / 10)}};
  setitimer(ITIMER_REAL, &soon, nullptr);
  fail_an_assertion();
}

class UcxFatalErrorsDeathTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (testing::kThreadSanitizer) GTEST_SKIP() << "the thread sanitizer cannot follow UCX into a forked process";
  }
};

TEST_F(UcxFatalErrorsDeathTest, AreAllThatIsSaidWhereNobodyEndsTheProcess) {
  const char* line = "wolfpack: worker 3: UCX failed: Assertion `a == b' failed: got REP message (ucp_request.c:684)\n";
  EXPECT_EXIT(fail_an_assertion_as_worker_3(), KilledBySignal(SIGABRT), Eq(line));
  EXPECT_EXIT(fail_with_two_lines(), KilledBySignal(SIGABRT), Eq("wolfpack: UCX failed: two lines (log.c:9)\n"));
}

TEST_F(UcxFatalErrorsDeathTest, SayNothingWhereSomebodyEndsTheProcessFirst) {
  EXPECT_EXIT(fail_an_assertion_and_be_ended(), KilledBySignal(SIGALRM), Eq(""));
}

}  // namespace
}  // namespace wolfpack::transport
