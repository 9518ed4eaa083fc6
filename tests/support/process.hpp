// A program run as a person or a script would run it: its own process group, its output in files, a deadline on every
// wait.
//
//     Process program({"/bin/sleep", "10"});
//     program.signal(SIGTERM);
//     const Outcome outcome = program.wait(5.0);   // outcome.signal == SIGTERM
//
// Every process that it starts, however deep and however orphaned, is found by a mark in its environment: alive() lists
// them, and the destructor kills what is left. One thread at a time.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <optional>
#include <signal.h>
#include <stdexcept>
#include <string>
#include <sys/wait.h>
#include <unistd.h>
#include <vector>

#include "base/time.hpp"
#include "tests/support/scratch_directory.hpp"

extern char** environ;

namespace wolfpack::testing {

/// How a program ended, and what it said.
struct Outcome {
  int exit_status = -1;    ///< -1: it did not end by itself
  int signal = 0;          ///< that killed it
  bool timed_out = false;  ///< it was killed here, at the deadline
  double seconds = 0.0;    ///< from its start to its end
  std::string out;
  std::string err;
};

/// True once `done` is; false where it is not within the time. Looks every millisecond.
template <class Predicate>
[[nodiscard]] bool eventually(double seconds, Predicate done) {
  for (const double deadline = monotonic_seconds() + seconds; !done(); ::usleep(1000))
    if (monotonic_seconds() > deadline) return false;
  return true;
}

/// /proc/PID/NAME; empty where the process is gone or its secrets are another user's.
[[nodiscard]] inline std::string read_proc(pid_t pid, const char* name) {
  const int fd = ::open(("/proc/" + std::to_string(pid) + '/' + name).c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return {};
  std::string text;
  char buffer[4096];
  for (ssize_t got = 0; (got = ::read(fd, buffer, sizeof buffer)) > 0;)
    text.append(buffer, static_cast<std::size_t>(got));
  ::close(fd);
  return text;
}

/// All processes of the machine that may be seen.
[[nodiscard]] inline std::vector<pid_t> all_processes() {
  std::vector<pid_t> found;
  std::error_code gone;
  for (const auto& entry : std::filesystem::directory_iterator("/proc", gone)) {
    const std::string name = entry.path().filename();
    if (name.find_first_not_of("0123456789") == std::string::npos) found.push_back(std::stoi(name));
  }
  std::sort(found.begin(), found.end());
  return found;
}

class Process {
 public:
  /// Starts `command`, whose first word is the program's path, with `extra_environment` ("NAME=value") on top of the
  /// test's own. Its standard output goes to `output`, where that is given.
  explicit Process(const std::vector<std::string>& command, const std::vector<std::string>& extra_environment = {},
                   const std::string& output = "")
      : mark_("WOLFPACK_TEST_MARK=" + std::to_string(::getpid()) + "." + std::to_string(next_mark())) {
    std::vector<std::string> environment = extra_environment;
    environment.push_back(mark_);
    for (char** entry = environ; *entry != nullptr; ++entry) environment.emplace_back(*entry);
    const std::string out = output.empty() ? scratch_.path("out") : output, err = scratch_.path("err");
    auto arguments = pointers(command), variables = pointers(environment);
    started_at_ = monotonic_seconds();
    pid_ = ::fork();
    if (pid_ < 0) throw std::runtime_error("fork failed");
    if (pid_ == 0) {  // only calls that are safe after fork
      ::setpgid(0, 0);
      redirect("/dev/null", O_RDONLY, STDIN_FILENO);
      redirect(out.c_str(), O_WRONLY | O_CREAT, STDOUT_FILENO);
      redirect(err.c_str(), O_WRONLY | O_CREAT, STDERR_FILENO);
      ::execve(arguments.front(), arguments.data(), variables.data());
      ::_exit(127);
    }
    ::setpgid(pid_, pid_);  // whoever of the two comes first
  }
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;
  ~Process() {
    if (!ended_) (void)wait(0.0);
    for (const pid_t pid : alive()) ::kill(pid, SIGKILL);
  }

  [[nodiscard]] pid_t pid() const { return pid_; }
  [[nodiscard]] double age_seconds() const { return monotonic_seconds() - started_at_; }

  /// False where the program has ended.
  bool signal(int number) { return !has_ended() && ::kill(pid_, number) == 0; }
  bool signal_group(int number) { return !has_ended() && ::kill(-pid_, number) == 0; }

  [[nodiscard]] bool has_ended() {
    int state = 0;
    if (ended_ || ::waitpid(pid_, &state, WNOHANG) != pid_) return ended_;
    ended_ = true;
    outcome_.seconds = age_seconds();
    if (WIFEXITED(state)) outcome_.exit_status = WEXITSTATUS(state);
    if (WIFSIGNALED(state)) outcome_.signal = WTERMSIG(state);
    return true;
  }

  /// Waits for the program itself, not for what it started. At the deadline everything is killed.
  Outcome wait(double limit_seconds) {
    if (!eventually(limit_seconds, [this] { return has_ended(); })) {
      outcome_.timed_out = true;
      for (const pid_t pid : alive()) ::kill(pid, SIGKILL);
      (void)eventually(10.0, [this] { return has_ended(); });
    }
    outcome_.out = ScratchDirectory::read(scratch_.path("out"));
    outcome_.err = ScratchDirectory::read(scratch_.path("err"));
    return outcome_;
  }

  /// What it has said so far.
  [[nodiscard]] std::string out() const { return ScratchDirectory::read(scratch_.path("out")); }
  [[nodiscard]] std::string err() const { return ScratchDirectory::read(scratch_.path("err")); }

  /// The living processes of this program, itself and orphans included, oldest first. Zombies do not count.
  [[nodiscard]] std::vector<pid_t> alive() const {
    std::vector<pid_t> found;
    for (const pid_t pid : all_processes())
      if (read_proc(pid, "environ").find(mark_ + '\0') != std::string::npos) found.push_back(pid);
    return found;
  }

 private:
  static std::vector<char*> pointers(const std::vector<std::string>& texts) {
    std::vector<char*> out;
    for (const auto& text : texts) out.push_back(const_cast<char*>(text.c_str()));
    out.push_back(nullptr);
    return out;
  }
  static void redirect(const char* path, int flags, int to) {
    const int fd = ::open(path, flags, 0600);
    if (fd < 0 || ::dup2(fd, to) < 0) ::_exit(126);
    ::close(fd);
  }
  static unsigned next_mark() {
    static std::atomic<unsigned> count{0};
    return ++count;
  }

  ScratchDirectory scratch_;
  std::string mark_;
  double started_at_ = 0.0;
  pid_t pid_ = -1;
  bool ended_ = false;
  Outcome outcome_;
};

/// Processor time of a process and all its threads so far, user and system; nothing where it is gone.
[[nodiscard]] inline std::optional<double> cpu_seconds(pid_t pid) {
  const std::string stat = read_proc(pid, "stat");
  const auto end_of_name = stat.rfind(')');
  if (end_of_name == std::string::npos) return std::nullopt;
  unsigned long user = 0, system = 0;  // fields 14 and 15 of proc(5)
  if (std::sscanf(stat.c_str() + end_of_name + 1, " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &user,
                  &system) != 2)
    return std::nullopt;
  return static_cast<double>(user + system) / static_cast<double>(::sysconf(_SC_CLK_TCK));
}

}  // namespace wolfpack::testing
