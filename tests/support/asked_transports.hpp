// Which transports the suites run over: those that any machine has, or those that the environment asks for.
//
//     WOLFPACK_TEST_TRANSPORTS=rdma ctest -L contract        # in the virtual machine of tests/rdma
#pragma once

#include <cstdlib>
#include <sstream>
#include <string>
#include <vector>

namespace wolfpack::testing {

/// By name, in order; `usual` where the environment does not ask.
[[nodiscard]] inline std::vector<std::string> asked_transports(const std::vector<std::string>& usual) {
  const char* asked = std::getenv("WOLFPACK_TEST_TRANSPORTS");
  if (asked == nullptr) return usual;
  std::vector<std::string> names;
  std::istringstream text(asked);
  for (std::string name; std::getline(text, name, ',');) names.push_back(name);
  return names;
}

}  // namespace wolfpack::testing
