// The name of this machine, for messages and records, and what tells it from others.
#pragma once

#include <fstream>
#include <string>
#include <unistd.h>

namespace wolfpack {

/// Empty where the system does not say.
[[nodiscard]] inline std::string host_name() {
  char name[256] = "";
  (void)gethostname(name, sizeof name - 1);
  return name;
}

/// Text that no other machine has, though it may have the same name; nor another container of the same machine, as long
/// as that has a name of its own.
[[nodiscard]] inline std::string host_identity() {
  std::string boot;
  std::getline(std::ifstream("/proc/sys/kernel/random/boot_id"), boot);
  return host_name() + " " + boot;
}

}  // namespace wolfpack
