// The name of this machine, for messages and records, and what tells it from others.
#pragma once

#include <filesystem>
#include <fstream>
#include <string>
#include <system_error>
#include <unistd.h>

namespace wolfpack {

/// Empty where the system does not say.
[[nodiscard]] inline std::string host_name() {
  char name[256] = "";
  (void)gethostname(name, sizeof name - 1);
  return name;
}

/// Text that no other machine has, though it may have the same name; nor another container of the same machine, as long
/// as that has a name or a PID namespace of its own: without the latter in common memory cannot be shared.
[[nodiscard]] inline std::string host_identity() {
  std::string boot;
  std::getline(std::ifstream("/proc/sys/kernel/random/boot_id"), boot);
  std::error_code error;
  const auto processes = std::filesystem::read_symlink("/proc/self/ns/pid", error);
  return host_name() + " " + boot + " " + processes.string();
}

}  // namespace wolfpack
