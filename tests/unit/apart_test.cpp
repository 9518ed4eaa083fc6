// Work in a process of its own: whatever becomes of it, the answer or the reason comes back, and in time.
#include "transport/apart.hpp"

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <signal.h>
#include <span>
#include <string>
#include <sys/wait.h>
#include <unistd.h>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/status.hpp"
#include "base/time.hpp"
#include "transport/held_signals.hpp"

namespace wolfpack::transport {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

constexpr double kPatienceSeconds = 20.0;

Bytes bytes_of(const std::string& text) {
  const auto bytes = std::as_bytes(std::span(text));
  return {bytes.begin(), bytes.end()};
}

std::string failure(const std::function<Bytes()>& work, double seconds = kPatienceSeconds) {
  try {
    (void)Apart(work).result(seconds);
  } catch (const RuntimeFailure& caught) {
    return caught.what();
  }
  return "";
}

TEST(Apart, BringsHomeWhatTheWorkReturns) {
  const std::string large(1 << 20, 'x');
  std::vector<Apart> several;
  for (const std::string& text : {std::string(), std::string("a"), large})
    several.emplace_back([&] { return bytes_of(text); });
  EXPECT_EQ(several[2].result(kPatienceSeconds), bytes_of(large));
  EXPECT_EQ(several[0].result(kPatienceSeconds), bytes_of(""));
  EXPECT_EQ(several[1].result(kPatienceSeconds), bytes_of("a"));
}

TEST(Apart, SaysWhatTheWorkThrewAndPrinted) {
  EXPECT_EQ(failure([]() -> Bytes { throw RuntimeFailure("ibv_open_device: no such thing"); }),
            "ibv_open_device: no such thing");
  EXPECT_EQ(failure([]() -> Bytes {
              std::fputs("the device\nis on fire\n\n", stderr);
              throw InputError("no");
            }),
            "no; it said last: is on fire");
}

TEST(Apart, SurvivesACrashAndSaysByWhichSignal) {
  EXPECT_THAT(failure([]() -> Bytes {
                std::fputs("assertion failed\n", stderr);
                std::abort();
              }),
              AllOf(HasSubstr("signal 6"), HasSubstr("assertion failed")));
  EXPECT_EQ(failure([]() -> Bytes { _exit(0); }), "it ended without an answer");
}

TEST(Apart, EndsWhatHangs) {
  pid_t child = -1;
  int pipe_ends[2];
  ASSERT_EQ(pipe(pipe_ends), 0);
  const double start = monotonic_seconds();
  EXPECT_EQ(failure(
                [&]() -> Bytes {
                  const pid_t self = getpid();
                  (void)!write(pipe_ends[1], &self, sizeof self);
                  std::fputs("waiting for the adapter", stderr);
                  for (;;) pause();
                },
                0.5),
            "no answer within 0.5 s; it said last: waiting for the adapter");
  EXPECT_LT(monotonic_seconds() - start, kPatienceSeconds);
  ASSERT_EQ(read(pipe_ends[0], &child, sizeof child), static_cast<ssize_t>(sizeof child));
  EXPECT_NE(kill(child, 0), 0) << "it lives on";
  close(pipe_ends[0]);
  close(pipe_ends[1]);
}

TEST(Apart, LastWordsAreTheLastLineThatHasAny) {
  EXPECT_EQ(last_words(""), "");
  EXPECT_EQ(last_words("one\ntwo"), "two");
  EXPECT_EQ(last_words("why\n===== 7 =====\n\n"), "why");
  EXPECT_EQ(last_words("a\tb\r\n"), "ab");
}

TEST(Apart, IsKilledSoonAfterASignalThatWaits) {
  std::signal(SIGTERM, SIG_DFL);
  const HeldSignals signals;
  raise(SIGTERM);
  EXPECT_TRUE(ending_signal_has_come());
  const double start = monotonic_seconds();
  EXPECT_THAT(failure([]() -> Bytes {
                for (;;) pause();
              }),
              HasSubstr("signal"));
  EXPECT_LT(monotonic_seconds() - start, kPatienceSeconds / 2);
  std::signal(SIGTERM, SIG_IGN);  // takes what waits
  EXPECT_FALSE(ending_signal_has_come());
  std::signal(SIGTERM, SIG_DFL);
}

TEST(HeldSignals, ComeInTheEndButForThoseThatAreIgnored) {
  for (const bool is_ignored : {false, true}) {
    const pid_t child = fork();
    if (child == 0) {
      std::signal(SIGINT, is_ignored ? SIG_IGN : SIG_DFL);
      {
        const HeldSignals signals;
        raise(SIGINT);
        if (ending_signal_has_come() == is_ignored) _exit(1);
      }
      _exit(2);
    }
    int state = 0;
    ASSERT_EQ(waitpid(child, &state, 0), child);
    if (is_ignored)
      EXPECT_TRUE(WIFEXITED(state) && WEXITSTATUS(state) == 2) << state;
    else
      EXPECT_TRUE(WIFSIGNALED(state) && WTERMSIG(state) == SIGINT) << state;
  }
}

}  // namespace
}  // namespace wolfpack::transport
