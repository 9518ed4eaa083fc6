#include "transport/ucx_environment.hpp"

#include <cstdlib>

#include "transport/rdma_ports.hpp"

namespace wolfpack::transport {

std::vector<std::string> ucx_environment() {
  std::vector<std::string> settings;
  const auto set = [&settings](const std::string& name, const std::string& value) {
    if (std::getenv(name.c_str()) == nullptr) settings.push_back(name + "=" + value);
  };
  set("UCX_POSIX_RX_BUFS_GROW",
      "64");  // receive buffers, which one-sided operations never use: 0.5 MiB of /dev/shm a UCX worker, not 4
  // A self-test of theirs leaves a System V segment where it is killed; and only registrations with a device, which UCX
  // keeps for the next operation on the same memory, need them.
  if (rdma_ports().empty()) set("UCX_MEM_EVENTS", "n");
  set("UCX_DEBUG_SIGNO", "0");       // SIGHUP would make it talk, and not end the process
  set("UCX_HANDLE_ERRORS", "none");  // no backtrace of a crash that a peer's death makes (1.13)
  set("UCX_LOG_FILE", "stderr");     // the default is standard output, which is the user's
  set("UCX_LOG_LEVEL", "fatal");     // what fails is thrown, and said once
  return settings;
}

}  // namespace wolfpack::transport
