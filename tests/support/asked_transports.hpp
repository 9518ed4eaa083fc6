// Which transports the suites run over: those that any machine has, or those that the environment asks for.
//
//     WOLFPACK_TEST_TRANSPORTS=rdma build/release/bin/contract_row_test      # as tests/rdma does in its virtual
//     machine
//
// Not through CTest, which knows the tests by the names that they had when it looked.
#pragma once

#include <algorithm>
#include <cstdio>
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
  const bool are_known = std::all_of(names.begin(), names.end(), [](const std::string& name) {
    return name == "threads" || name == "shm" || name == "tcp" || name == "rdma";
  });
  if (names.empty() || !are_known) {
    std::fprintf(stderr, "WOLFPACK_TEST_TRANSPORTS=%s: accepted: threads, shm, tcp, rdma, separated by commas\n",
                 asked);
    std::exit(2);
  }
  return names;
}

}  // namespace wolfpack::testing
