// A folder in /dev/shm of one job of local processes, so that nothing of theirs can be left there.
//
// UCX unlinks a shared-memory segment as soon as it is mapped, but not before: a process that is killed in between,
// while the kernel finds the pages, leaves a file. So a job has a folder of its own. The launcher names it and in the
// end removes it with all that is in it; the workers make it, and remove it where the launcher has died; if all die at
// once, the next launcher does. Its name says whose it is, by process number, PID namespace and start, so that the next
// launcher knows at once that nobody is left; of one from another namespace it has to be 10 minutes old and its
// process's number free.
//
// Workers that mpirun or srun started have none, since nobody is there to remove it once all of them are gone: their
// segments lie where UCX puts them, and one whose process is killed in those milliseconds stays, as that of any program
// over UCX (/dev/shm/ucx_shm_*).
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace wolfpack::transport {

class SharedMemoryFolder {
 public:
  /// In the launcher. Removes what earlier jobs have left, if any did.
  explicit SharedMemoryFolder(std::uint64_t job_id);
  SharedMemoryFolder(const SharedMemoryFolder&) = delete;
  SharedMemoryFolder& operator=(const SharedMemoryFolder&) = delete;
  ~SharedMemoryFolder() { remove(path_); }

  /// What workers need in their environment to find it, "NAME=value": nothing where the user has set it.
  [[nodiscard]] std::vector<std::string> environment() const;

  /// In a worker, before it uses UCX: makes the folder that its environment names. Where that cannot be (no /dev/shm,
  /// no rights), UCX goes to its usual place and says itself what is wrong with it.
  static void make_own();
  /// In a worker whose launcher is gone. Never throws.
  static void remove_own();

 private:
  static void remove(const std::filesystem::path& path);
  static void remove_abandoned();

  std::filesystem::path path_;
};

}  // namespace wolfpack::transport
