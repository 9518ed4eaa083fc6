// A job's folder in shared memory goes with its launcher, or with the next one: at once where the first is surely dead.
#include "transport/shared_memory_folder.hpp"

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <optional>
#include <signal.h>
#include <string>
#include <sys/wait.h>
#include <unistd.h>
#include <vector>

#include <gtest/gtest.h>

namespace wolfpack::transport {
namespace {

namespace fs = std::filesystem;

class Folder : public ::testing::Test {
 protected:
  void SetUp() override {
    unsetenv("UCX_POSIX_DIR");
    if (access("/dev/shm", W_OK) != 0) GTEST_SKIP() << "/dev/shm cannot be written to";
  }
  void TearDown() override {
    kill_owner();
    reap_owner();
    std::error_code ignored;
    for (const fs::path& path : made_) fs::remove_all(path, ignored);
  }

  static fs::path path_of(const SharedMemoryFolder& folder) {
    const std::string setting = folder.environment().at(0);
    return setting.substr(setting.find('=') + 1);
  }

  fs::path make(const fs::path& path) {
    made_.push_back(path);
    fs::create_directory(path);
    std::ofstream(path / "segment") << "memory";
    return path;
  }

  /// Of another process, which lives until kill_owner().
  fs::path folder_of_another() {
    int ends[2];
    if (pipe(ends) != 0) return {};
    owner_ = fork();
    if (owner_ == 0) {
      const SharedMemoryFolder own(7);
      const std::string path = path_of(own).string() + "\n";
      (void)!write(ends[1], path.data(), path.size());
      for (;;) pause();
    }
    std::string path;
    for (char byte = 0; read(ends[0], &byte, 1) == 1 && byte != '\n';) path += byte;
    for (const int end : ends) close(end);
    return make(path);
  }

  void kill_owner() const {
    siginfo_t state;
    if (owner_ <= 0) return;
    kill(owner_, SIGKILL);
    waitid(P_PID, static_cast<id_t>(owner_), &state, WEXITED | WNOWAIT);  // it stays a zombie
  }
  void reap_owner() {
    if (owner_ > 0) waitpid(owner_, nullptr, 0);
    owner_ = 0;
  }
  static void let_another_launcher_start() { const SharedMemoryFolder folder(8); }

  pid_t owner_ = 0;
  std::vector<fs::path> made_;
};

TEST_F(Folder, GoesWithItsLauncher) {
  fs::path path;
  {
    const SharedMemoryFolder own(9);
    path = make(path_of(own));
    EXPECT_EQ(path.filename().string().rfind("wolfpack-" + std::to_string(getpid()) + "-", 0), 0u) << path;
    let_another_launcher_start();
    EXPECT_TRUE(fs::exists(path)) << "its launcher lives";
  }
  EXPECT_FALSE(fs::exists(path));
}

TEST_F(Folder, OfALauncherThatIsDeadGoesAtOnce) {
  for (const bool is_reaped : {false, true}) {
    const fs::path path = folder_of_another();
    let_another_launcher_start();
    EXPECT_TRUE(fs::exists(path)) << "its launcher lives";
    kill_owner();
    if (is_reaped) reap_owner();
    let_another_launcher_start();
    EXPECT_FALSE(fs::exists(path));
    reap_owner();
  }
}

/// Its number may be another process's by now: the start tells.
TEST_F(Folder, OfADeadLauncherWhoseNumberIsTakenGoes) {
  const std::string living = path_of(SharedMemoryFolder(10)).filename().string();
  const std::size_t job = living.rfind('-'), start = living.rfind('-', job - 1);
  const fs::path path = make(fs::path("/dev/shm") / (living.substr(0, start) + "-1" + living.substr(job)));
  let_another_launcher_start();
  EXPECT_FALSE(fs::exists(path));
}

/// Where containers share /dev/shm, a process that cannot be seen may live all the same.
TEST_F(Folder, OfALauncherThatCannotBeSeenGoesOnlyWhenItIsOld) {
  const fs::path own = folder_of_another();
  kill_owner();
  const std::string pid = std::to_string(owner_);
  reap_owner();
  for (const std::string& name : {"wolfpack-" + pid + "-1-1-0000000000000007", "wolfpack-" + pid + "-00000007"}) {
    const fs::path path = make(fs::path("/dev/shm") / name);
    let_another_launcher_start();
    EXPECT_TRUE(fs::exists(path)) << name;
    fs::last_write_time(path, fs::file_time_type::clock::now() - std::chrono::minutes(11));
    let_another_launcher_start();
    EXPECT_FALSE(fs::exists(path)) << name;
  }
}

}  // namespace
}  // namespace wolfpack::transport
