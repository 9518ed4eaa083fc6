// What a program left behind in shared memory: files in /dev/shm and System V segments that nobody uses any more.
//
//     SharedMemoryWatch watch;  ...run the program...  EXPECT_THAT(watch.left_behind(), IsEmpty());
//
// Other programs may come and go meanwhile: only what is new since the watch began, is this user's and is mapped by no
// living process counts. An empty folder does not: it is no memory.
#pragma once

#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>
#include <string>
#include <sys/stat.h>
#include <unistd.h>
#include <vector>

#include "tests/support/process.hpp"

namespace wolfpack::testing {

class SharedMemoryWatch {
 public:
  SharedMemoryWatch() : known_(files()) { known_.merge(segments()); }

  /// Names of what is left, each told once. Waits up to a second for it to go: a process that was just killed still has
  /// its memory for a moment.
  [[nodiscard]] std::vector<std::string> left_behind() {
    std::vector<std::string> left;
    if (eventually(1.0, [&] {
          left = look();
          return left.empty();
        }))
      return {};
    known_.insert(left.begin(), left.end());
    return left;
  }

 private:
  [[nodiscard]] std::vector<std::string> look() const {
    std::vector<std::string> left;
    for (const std::string& file : files())
      if (!known_.contains(file) && !is_mapped(file)) left.push_back(file);
    for (const std::string& segment : segments())
      if (!known_.contains(segment)) left.push_back(segment);
    return left;
  }

  static std::set<std::string> files() {
    std::set<std::string> found;
    std::error_code gone;
    for (const auto& entry : std::filesystem::directory_iterator("/dev/shm", gone)) {
      struct stat status {};
      const bool is_ours = ::stat(entry.path().c_str(), &status) == 0 && status.st_uid == ::getuid();
      if (is_ours && !(entry.is_directory(gone) && std::filesystem::is_empty(entry, gone))) found.insert(entry.path());
    }
    return found;
  }

  /// Of this user, attached by nobody.
  static std::set<std::string> segments() {
    std::set<std::string> found;
    std::ifstream table("/proc/sysvipc/shm");
    std::string line;
    std::getline(table, line);  // its header
    while (std::getline(table, line)) {
      std::istringstream fields(line);
      std::string key, id, permissions, bytes, creator, last, attached, user;
      fields >> key >> id >> permissions >> bytes >> creator >> last >> attached >> user;
      if (attached == "0" && user == std::to_string(::getuid())) found.insert("System V segment " + id);
    }
    return found;
  }

  static bool is_mapped(const std::string& file) {
    for (const pid_t pid : all_processes())
      if (read_proc(pid, "maps").find(file) != std::string::npos) return true;
    return false;
  }

  std::set<std::string> known_;
};

}  // namespace wolfpack::testing
