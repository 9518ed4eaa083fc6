#include "transport/shared_memory_folder.hpp"

#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <signal.h>
#include <system_error>
#include <unistd.h>

#include <fmt/format.h>

namespace wolfpack::transport {
namespace {

namespace fs = std::filesystem;

constexpr const char* kParent = "/dev/shm";
constexpr const char* kPrefix = "wolfpack-";  // wolfpack-PID-JOB, PID the launcher's
constexpr const char* kUcxFolder = "UCX_POSIX_DIR";
/// A folder is in use only while its job sets up; one that is older and whose launcher is gone is nobody's.
constexpr std::chrono::minutes kInUse{10};

bool is_ours(const fs::path& path) {
  return path.parent_path() == kParent && path.filename().string().rfind(kPrefix, 0) == 0;
}

}  // namespace

SharedMemoryFolder::SharedMemoryFolder(std::uint64_t job_id)
    : path_(fs::path(kParent) / fmt::format("{}{}-{:016x}", kPrefix, getpid(), job_id)) {
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
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator(kParent, ignored)) {
    if (!is_ours(entry.path())) continue;
    const pid_t launcher = std::atoi(entry.path().filename().string().substr(std::string(kPrefix).size()).c_str());
    const bool is_dead = launcher > 0 && kill(launcher, 0) != 0 && errno == ESRCH;
    if (is_dead && fs::file_time_type::clock::now() - entry.last_write_time(ignored) > kInUse) remove(entry.path());
  }
}

}  // namespace wolfpack::transport
