// A folder in /dev/shm of one job of local processes, so that nothing of theirs can be left there.
//
// UCX unlinks a shared-memory segment as soon as it is mapped, but not before: a process that is killed in between, while the kernel finds the
// pages, leaves a file. The launcher gives its job a folder of its own and removes it with all that is in it; if the launcher dies, the workers
// do; if all die at once, the next launcher does.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace wolfpack::transport {

class SharedMemoryFolder {
 public:
  /// Makes the folder. Where that cannot be (no /dev/shm, no rights), UCX uses its own place and says itself what is wrong with it.
  explicit SharedMemoryFolder(std::uint64_t job_id);
  SharedMemoryFolder(const SharedMemoryFolder&) = delete;
  SharedMemoryFolder& operator=(const SharedMemoryFolder&) = delete;
  ~SharedMemoryFolder() { remove(path_); }

  /// What workers need in their environment, "NAME=value": only what the user has not set.
  [[nodiscard]] std::vector<std::string> environment() const;

  /// Removes the folder that this worker's environment names: for a worker whose launcher is gone. Never throws.
  static void remove_own();

 private:
  static void remove(const std::filesystem::path& path);
  static void remove_abandoned();

  std::filesystem::path path_;
};

}  // namespace wolfpack::transport
