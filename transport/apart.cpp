#include "transport/apart.hpp"

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <exception>
#include <signal.h>
#include <span>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>
#include <utility>

#include <fmt/format.h>

#include "base/status.hpp"
#include "base/time.hpp"
#include "transport/held_signals.hpp"

namespace wolfpack::transport {
namespace {

constexpr double kNapSeconds = 0.001;
/// For a killed child to go. One that hangs in its driver does not.
constexpr double kDyingSeconds = 1.0;
/// For a child to end by itself after a signal: UCX leaves System V segments where it is killed while it starts.
constexpr double kGraceSeconds = 0.5;
constexpr std::byte kReturned{1}, kThrew{2};

void append(int file, const void* data, std::size_t bytes) {
  for (const char* from = static_cast<const char*>(data); bytes > 0;) {
    const ssize_t written = write(file, from, bytes);
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return;
    from += written;
    bytes -= static_cast<std::size_t>(written);
  }
}

std::string contents(int file) {
  std::string text;
  char buffer[4096];
  for (ssize_t got = 0; (got = pread(file, buffer, sizeof buffer, static_cast<off_t>(text.size()))) > 0;)
    text.append(buffer, static_cast<std::size_t>(got));
  return text;
}

[[noreturn]] void be_the_child(const std::function<Bytes()>& work, int answer, int said, pid_t parent) {
  (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != parent) _exit(1);  // it died before that
  const rlimit no_core{0, 0};
  (void)setrlimit(RLIMIT_CORE, &no_core);
  (void)dup2(said, STDOUT_FILENO);
  (void)dup2(said, STDERR_FILENO);
  try {
    const Bytes result = work();
    append(answer, &kReturned, 1);
    append(answer, result.data(), result.size());
  } catch (const std::exception& error) {
    append(answer, &kThrew, 1);
    append(answer, error.what(), std::strlen(error.what()));
  }
  std::fflush(stdout);
  _exit(0);
}

std::string in_the_end_said(int said) {
  const std::string words = last_words(contents(said));
  return words.empty() ? "" : fmt::format("; it said last: {}", words);
}

}  // namespace

Apart::Apart(const std::function<Bytes()>& work)
    : answer_(memfd_create("wolfpack-answer", MFD_CLOEXEC)),
      said_(memfd_create("wolfpack-said", MFD_CLOEXEC)),
      started_at_(monotonic_seconds()) {
  std::fflush(nullptr);  // or the child would print it a second time
  const pid_t parent = getpid();
  child_ = answer_.get() < 0 || said_.get() < 0 ? -1 : fork();
  if (child_ < 0) throw RuntimeFailure(fmt::format("no process could be started: {}", std::strerror(errno)));
  if (child_ == 0) be_the_child(work, answer_.get(), said_.get(), parent);
}

Apart::Apart(Apart&& other) noexcept
    : answer_(std::move(other.answer_)),
      said_(std::move(other.said_)),
      started_at_(other.started_at_),
      child_(std::exchange(other.child_, -1)),
      state_(other.state_) {}

Apart::~Apart() { kill_child(); }

bool Apart::ended_within(double seconds) {
  for (const double deadline = monotonic_seconds() + seconds;; sleep_seconds(kNapSeconds)) {
    const pid_t ended = waitpid(child_, &state_, WNOHANG);
    if (ended == child_ || (ended < 0 && errno != EINTR)) {
      child_ = -1;
      return true;
    }
    if (monotonic_seconds() >= deadline) return false;
  }
}

/// Until a signal comes that would end this process.
bool Apart::ended_in_time(double seconds) {
  for (const double deadline = monotonic_seconds() + seconds;;) {
    if (ended_within(0.0)) return true;
    if (ending_signal_has_come()) return ended_within(kGraceSeconds);
    if (monotonic_seconds() >= deadline) return false;
    sleep_seconds(kNapSeconds);
  }
}

void Apart::kill_child() {
  if (child_ < 0) return;
  (void)kill(child_, SIGKILL);
  (void)ended_within(kDyingSeconds);
  child_ = -1;
}

Bytes Apart::result(double seconds) {
  if (!ended_in_time(started_at_ + seconds - monotonic_seconds())) {
    kill_child();
    if (ending_signal_has_come()) throw RuntimeFailure("a signal came before its answer");
    throw RuntimeFailure(fmt::format("no answer within {:.3g} s{}", seconds, in_the_end_said(said_.get())));
  }
  const std::string answer = contents(answer_.get());
  if (answer.empty() || WIFSIGNALED(state_))
    throw RuntimeFailure(fmt::format(
        "{}{}",
        WIFSIGNALED(state_) ? fmt::format("it ended by signal {} ({})", WTERMSIG(state_), strsignal(WTERMSIG(state_)))
                            : "it ended without an answer",
        in_the_end_said(said_.get())));
  if (static_cast<std::byte>(answer[0]) == kThrew)
    throw RuntimeFailure(answer.substr(1) + in_the_end_said(said_.get()));
  const auto bytes = std::as_bytes(std::span(answer)).subspan(1);
  return {bytes.begin(), bytes.end()};
}

std::string last_words(std::string_view printed) {
  std::string last, line;
  const auto end_line = [&] {
    if (std::any_of(line.begin(), line.end(), [](unsigned char c) { return std::isalpha(c) != 0; })) last = line;
    line.clear();
  };
  for (const char c : printed) {
    if (c == '\n')
      end_line();
    else if (std::iscntrl(static_cast<unsigned char>(c)) == 0)
      line += c;
  }
  end_line();
  return last;
}

}  // namespace wolfpack::transport
