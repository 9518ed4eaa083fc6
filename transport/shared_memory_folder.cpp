#include "transport/shared_memory_folder.hpp"

#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <optional>
#include <signal.h>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>

#include <fmt/format.h>

namespace wolfpack::transport {
namespace {

namespace fs = std::filesystem;

constexpr const char* kParent = "/dev/shm";
constexpr const char* kPrefix = "wolfpack-";  // wolfpack-PID-NAMESPACE-START-JOB: the launcher, and the job's id
constexpr const char* kUcxFolder = "UCX_POSIX_DIR";
/// A folder is in use only while its job sets up; one that is older and whose launcher cannot be seen is nobody's.
constexpr std::chrono::minutes kInUse{10};

/// What tells a process from all others of this machine, from the start of the kernel on. 0: not known.
struct Identity {
  pid_t pid = 0;
  unsigned long long pid_namespace = 0;  ///< containers may share /dev/shm and not their process numbers
  unsigned long long start = 0;          ///< clock ticks since the machine started
};

struct ProcessFacts {
  pid_t pid = 0;
  bool has_ended = false;  ///< a zombie
  unsigned long long start = 0;
};

/// `who`: a process number, or "self".
std::optional<ProcessFacts> look_at(const std::string& who) {
  std::ifstream file("/proc/" + who + "/stat");
  std::string line;
  std::getline(file, line);
  const std::size_t end_of_name = line.rfind(')');
  ProcessFacts facts;
  char state = ' ';
  long threads = 0;
  const bool is_whole = end_of_name != std::string::npos && std::sscanf(line.c_str(), "%d", &facts.pid) == 1 &&
                        // proc(5): state is field 3, num_threads 20, starttime 22.
                        std::sscanf(line.c_str() + end_of_name + 1,
                                    " %c %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %ld %*s %llu",
                                    &state, &threads, &facts.start) == 3;
  if (!is_whole) return std::nullopt;
  facts.has_ended = state == 'Z' && threads <= 1;
  return facts;
}

Identity own_identity() {
  Identity own{.pid = getpid()};
  struct stat status {};
  const auto facts = look_at("self");
  if (!facts || facts->pid != own.pid || stat("/proc/self/ns/pid", &status) != 0) return own;  // /proc is another's
  own.pid_namespace = status.st_ino;
  own.start = facts->start;
  return own;
}

bool has_ended(const Identity& process) {
  if (kill(process.pid, 0) != 0) return errno == ESRCH;
  const auto facts = look_at(std::to_string(process.pid));
  return facts && (facts->has_ended || facts->start != process.start);  // another process may have its number now
}

bool is_ours(const fs::path& path) {
  return path.parent_path() == kParent && path.filename().string().rfind(kPrefix, 0) == 0;
}

bool is_abandoned(const fs::path& path, const Identity& own) {
  Identity launcher;
  const std::string name = path.filename().string().substr(std::string(kPrefix).size());
  unsigned long long job = 0;
  const bool is_whole = std::sscanf(name.c_str(), "%d-%llu-%llu-%llx", &launcher.pid, &launcher.pid_namespace,
                                    &launcher.start, &job) == 4;
  if (launcher.pid <= 0) return false;
  if (is_whole && own.start != 0 && launcher.start != 0 && launcher.pid_namespace == own.pid_namespace)
    return has_ended(launcher);
  std::error_code gone;
  const bool is_seen = kill(launcher.pid, 0) == 0 || errno != ESRCH;
  return !is_seen && fs::file_time_type::clock::now() - fs::last_write_time(path, gone) > kInUse && !gone;
}

fs::path path_of(const Identity& launcher, std::uint64_t job_id) {
  return fs::path(kParent) /
         fmt::format("{}{}-{}-{}-{:016x}", kPrefix, launcher.pid, launcher.pid_namespace, launcher.start, job_id);
}

}  // namespace

SharedMemoryFolder::SharedMemoryFolder(std::uint64_t job_id) : path_(path_of(own_identity(), job_id)) {
  remove_abandoned();
}

std::vector<std::string> SharedMemoryFolder::environment() const {
  if (std::getenv(kUcxFolder) != nullptr) return {};
  return {fmt::format("{}={}", kUcxFolder, path_.string())};
}

void SharedMemoryFolder::make_own() {
  const char* path = std::getenv(kUcxFolder);
  if (path == nullptr || !is_ours(path)) return;
  std::error_code error;
  fs::create_directory(path, error);
  if (!fs::is_directory(path)) unsetenv(kUcxFolder);
}

void SharedMemoryFolder::remove_own() {
  const char* path = std::getenv(kUcxFolder);
  if (path != nullptr && is_ours(path)) remove(path);
}

void SharedMemoryFolder::remove(const fs::path& path) {
  // Renamed first, so that no process that is still starting can put another segment into it.
  const fs::path doomed = path.string() + fmt::format(".{}", getpid());
  std::error_code error;
  fs::rename(path, doomed, error);
  if (error) return;          // another worker was quicker
  constexpr int kTries = 10;  // one may have been about to
  for (int i = 0; i < kTries && fs::exists(doomed, error); ++i) fs::remove_all(doomed, error);
}

void SharedMemoryFolder::remove_abandoned() {
  const Identity own = own_identity();
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator(kParent, ignored))
    if (is_ours(entry.path()) && is_abandoned(entry.path(), own)) remove(entry.path());
}

}  // namespace wolfpack::transport
