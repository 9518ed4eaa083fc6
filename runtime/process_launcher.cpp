#include "runtime/process_launcher.hpp"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <optional>
#include <poll.h>
#include <signal.h>
#include <string>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "base/status.hpp"
#include "base/stop_signals.hpp"
#include "base/time.hpp"
#include "runtime/foreign_launcher.hpp"
#include "runtime/signals.hpp"
#include "transport/local_bootstrap.hpp"
#include "transport/pmix_bootstrap.hpp"
#include "transport/shared_memory_folder.hpp"
#include "transport/tcp_bootstrap.hpp"
#include "transport/ucx_environment.hpp"

namespace wolfpack::runtime {
namespace {

using transport::LocalBootstrap;
using transport::LocalBootstrapServer;

constexpr int kFailed = 1;
/// How long the others may take to end by themselves once one worker has failed and said so.
constexpr double kGraceSeconds = 1.0;

/// A launcher, and rank 0, hold a socket a worker; shells often allow no more than 1024 files, and the system more.
void allow_many_files() {
  rlimit files{};
  if (getrlimit(RLIMIT_NOFILE, &files) != 0) return;
  files.rlim_cur = files.rlim_max;
  (void)setrlimit(RLIMIT_NOFILE, &files);
}

/// The launcher's side of a job of local processes.
class Launcher {
 public:
  explicit Launcher(const ProcessOptions& options)
      : options_(options), server_((allow_many_files(), options.workers)), children_(options.workers) {
    sigset_t handled;
    sigemptyset(&handled);
    sigaddset(&handled, SIGCHLD);
    for (const int number : kStopSignals)
      if (is_request_to_stop(number)) sigaddset(&handled, number);
    std::signal(SIGCHLD, SIG_DFL);  // inherited as ignored, it would keep waitpid from telling who ended
    if (sigprocmask(SIG_BLOCK, &handled, &previous_mask_) != 0) throw RuntimeFailure("sigprocmask failed");
    signals_ = FileDescriptor(signalfd(-1, &handled, SFD_CLOEXEC | SFD_NONBLOCK));
    if (signals_.get() < 0) throw RuntimeFailure(fmt::format("signalfd: {}", std::strerror(errno)));
  }
  Launcher(const Launcher&) = delete;
  Launcher& operator=(const Launcher&) = delete;
  ~Launcher() {
    kill_all(SIGKILL);
    for (const auto& child : children_)
      if (child.running) waitpid(child.pid, nullptr, 0);
    sigprocmask(SIG_SETMASK, &previous_mask_, nullptr);
  }

  int run() {
    folder_.emplace(server_.job_id());
    for (std::uint32_t i = 0; i < children_.size(); ++i) spawn({i}, options_.arguments);
    for (std::uint32_t i = 0; i < children_.size(); ++i) server_.close_child_end({i});
    while (any_running()) {
      std::vector<pollfd> watched{{signals_.get(), POLLIN, 0}};
      for (std::uint32_t i = 0; i < children_.size(); ++i) watched.push_back(server_.watched({i}));
      (void)poll(watched.data(), watched.size(), failed_at_ ? 50 : -1);
      for (std::uint32_t i = 0; i < children_.size(); ++i)
        if (watched[i + 1].revents != 0) server_.handle({i}, watched[i + 1].revents);
      if (watched[0].revents != 0) handle_signals();
      if (server_.waits_for_the_dead()) fail();
      if (failed_at_ && monotonic_seconds() - *failed_at_ > kGraceSeconds) end_stragglers();
    }
    return status_;
  }

 private:
  struct Child {
    pid_t pid = 0;
    bool running = false;
  };

  void spawn(WorkerId rank, char* const* arguments) {
    const auto membership = server_.membership(rank);
    std::string joined = fmt::format("{}={}", LocalBootstrap::kEnvironment, membership.to_environment());
    std::vector<std::string> settings = folder_->environment();
    for (std::string& setting : transport::ucx_environment()) settings.push_back(std::move(setting));
    std::vector<char*> environment{joined.data()};
    for (std::string& setting : settings) environment.push_back(setting.data());
    for (char** entry = environ; *entry != nullptr; ++entry) environment.push_back(*entry);
    environment.push_back(nullptr);

    const pid_t pid = fork();
    if (pid < 0) throw RuntimeFailure(fmt::format("fork: {}", std::strerror(errno)));
    if (pid == 0) {  // only calls that are safe after fork; requests stay blocked until the worker can handle them
      sigset_t until_handled = previous_mask_;
      for (const int number : kStopSignals) sigaddset(&until_handled, number);
      sigprocmask(SIG_SETMASK, &until_handled, nullptr);
      fcntl(membership.socket, F_SETFD, 0);  // this one socket, and no other child's, passes the exec
      execve("/proc/self/exe", arguments, environment.data());
      _exit(127);
    }
    children_[rank.value] = {pid, true};
  }

  void handle_signals() {
    signalfd_siginfo info;
    while (read(signals_.get(), &info, sizeof info) == sizeof info)
      if (info.ssi_signo != SIGCHLD) stop();
    reap();
  }

  void stop() {
    const double now = monotonic_seconds();
    if (!asked_at_) asked_at_ = now;
    if (now - *asked_at_ < kSameRequestSeconds) return kill_all(SIGTERM);
    if (!ending_) std::fputs("wolfpack: told to stop again; the job ends at once\n", stderr);
    if (children_[0].running) fail();  // else its status stands: results are written
    end_all();
  }

  void collect(std::vector<std::pair<WorkerId, int>>& states) {
    for (std::uint32_t i = 0; i < children_.size(); ++i) {
      Child& child = children_[i];
      int state = 0;
      if (!child.running || waitpid(child.pid, &state, WNOHANG) != child.pid) continue;
      child.running = false;
      states.emplace_back(WorkerId{i}, state);
    }
  }

  void reap() {
    std::vector<std::pair<WorkerId, int>> states;
    collect(states);
    // UCX 1.13 may crash where a peer dies while it connects: who was killed is named, not who followed, though it may
    // be gone sooner.
    const auto may_have_followed = [](const auto& ended) {
      const int number = WIFSIGNALED(ended.second) ? WTERMSIG(ended.second) : 0;
      return number == SIGABRT || number == SIGSEGV || number == SIGBUS;
    };
    if (!ending_ && !states.empty() && std::all_of(states.begin(), states.end(), may_have_followed)) {
      constexpr double kCauseSeconds = 0.05;
      sleep_seconds(kCauseSeconds);
      collect(states);
    }
    std::stable_partition(states.begin(), states.end(), std::not_fn(may_have_followed));
    for (const auto& [rank, state] : states) {
      if (WIFSIGNALED(state))
        killed(rank, WTERMSIG(state));
      else
        ended(rank, WEXITSTATUS(state));
    }
  }

  void killed(WorkerId rank, int number) {
    if (!ending_) {
      const char* name = sigabbrev_np(number);
      std::fprintf(stderr, "wolfpack: worker %u (pid %d%s) was killed by SIG%s; the job ends\n", rank.value,
                   children_[rank.value].pid, rank.value == 0 ? ", the owner of the shard" : "",
                   name == nullptr ? std::to_string(number).c_str() : name);
    }
    fail();
    end_all();  // no grace: who waits for the dead one waits in vain
  }

  // 0, 2 and 3 are what workers that went to the end return, worker 0's for all; anything else is a failure of this
  // one.
  void ended(WorkerId rank, int status) {
    const bool failed = status != 0 && status != 2 && status != 3;
    if (status == 127) std::fprintf(stderr, "wolfpack: worker %u could not be started\n", rank.value);
    if (failed) fail();
    if (rank.value == 0 && !failed_at_) status_ = status;
  }

  void fail() {
    status_ = kFailed;
    if (!failed_at_) failed_at_ = monotonic_seconds();
  }

  void end_stragglers() {
    for (std::uint32_t i = 0; i < children_.size(); ++i)
      if (children_[i].running && !ending_)
        std::fprintf(stderr, "wolfpack: worker %u (pid %d) does not end by itself; the job ends\n", i,
                     children_[i].pid);
    end_all();
  }

  void end_all() {
    ending_ = true;  // from here on a killed worker is our own doing
    kill_all(SIGKILL);
  }

  void kill_all(int number) const {
    for (const auto& child : children_)
      if (child.running) kill(child.pid, number);
  }

  [[nodiscard]] bool any_running() const {
    for (const auto& child : children_)
      if (child.running) return true;
    return false;
  }

  ProcessOptions options_;
  LocalBootstrapServer server_;
  std::optional<transport::SharedMemoryFolder> folder_;  // made once signals no longer end this process
  std::vector<Child> children_;
  FileDescriptor signals_;
  sigset_t previous_mask_{};
  int status_ = 0;
  std::optional<double> failed_at_, asked_at_;
  bool ending_ = false;
};

/// Worker 0 says it for all; then nothing may go on.
[[noreturn]] void end_without_launcher(WorkerId self) {
  if (self.value == 0) std::fputs("wolfpack: the launcher was killed; the job ends\n", stderr);
  transport::SharedMemoryFolder::remove_own();
  _exit(kFailed);
}

/// Each says it: their standard errors may be far apart.
[[noreturn]] void end_without_rank_0(WorkerId self) {
  std::fprintf(stderr, "wolfpack: worker %u: worker 0 is lost: its process has ended; the job ends\n", self.value);
  _exit(kFailed);
}

/// In a process that is a worker, whoever started it.
void be_a_worker(AskedAgain again) {
  catch_interrupts(again);
  std::signal(SIGPIPE, SIG_IGN);    // a reader that has gone is an error of writing, and told as one
  prctl(PR_SET_TIMERSLACK, 1'000);  // ns; the default of 50 µs is longer than most naps of a wait; threads inherit it
}

}  // namespace

std::optional<WorkerId> own_rank() {
  const auto membership = LocalBootstrap::Membership::from_environment();
  if (membership) return membership->rank;
  const auto rank = transport::pmix_rank();
  return rank ? rank : transport::tcp_rank();
}

bool is_of_our_launcher() { return LocalBootstrap::Membership::from_environment().has_value(); }

int run_processes(const ProcessOptions& options, const WorkerMain& worker) {
  const auto membership = LocalBootstrap::Membership::from_environment();
  if (!membership && transport::is_under_pmix()) {
    restart_told(options.arguments);
    be_a_worker(AskedAgain::end_process);
    return run_joined(worker, end_without_launcher);
  }
  const auto member = membership ? std::nullopt : transport::TcpMembership::from_environment();
  if (member) {
    restart_told(options.arguments);
    allow_many_files();
    const transport::TcpPatience patience{.tell = [&member](const std::string& what) {
      std::fprintf(stderr, "wolfpack: rank %u: %s\n", member->rank.value, what.c_str());
    }};
    auto bootstrap = transport::make_tcp_bootstrap(*member, end_without_rank_0, patience);  // a signal ends it
    be_a_worker(AskedAgain::end_process);
    try {
      return worker(*bootstrap);
    } catch (const InputError&) {  // all have found it
      throw;
    } catch (...) {
      transport::leave_at_exit(std::move(bootstrap));
      throw;
    }
  }
  if (!membership) {
    refuse_foreign_launcher();
    return Launcher(options).run();
  }
  be_a_worker(AskedAgain::leave_it);
  transport::SharedMemoryFolder::make_own();  // before the bootstrap, which removes it where the launcher is gone
  LocalBootstrap bootstrap(*membership, end_without_launcher);
  return worker(bootstrap);
}

}  // namespace wolfpack::runtime
