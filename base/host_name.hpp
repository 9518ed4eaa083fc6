// The name of this machine, for messages and records.
#pragma once

#include <string>
#include <unistd.h>

namespace wolfpack {

/// Empty where the system does not say.
[[nodiscard]] inline std::string host_name() {
  char name[256] = "";
  (void)gethostname(name, sizeof name - 1);
  return name;
}

}  // namespace wolfpack
