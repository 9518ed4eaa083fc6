#include "transport/rdma_ports.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <unistd.h>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/status.hpp"
#include "transport/sysfs.hpp"

namespace wolfpack::transport {
namespace {

namespace fs = std::filesystem;

using sysfs::first_line;
using sysfs::names_in;
using sysfs::number;

/// "uverbs0" of the device, by the number that both have.
std::string verbs_file(const RdmaFolders& folders, const std::string& device) {
  for (const std::string& name : names_in(folders.sysfs.parent_path() / "infiniband_verbs"))
    if (first_line(folders.sysfs.parent_path() / "infiniband_verbs" / name / "ibdev") == device)
      return (folders.devices / name).string();
  return "";
}

std::string what_is_there(const std::vector<RdmaPort>& ports) {
  std::vector<std::string> texts;
  for (const RdmaPort& port : ports) texts.push_back(fmt::format("{} is {}", port.name(), port.state));
  return fmt::format("{}", fmt::join(texts, ", "));
}

bool is_named(const RdmaPort& port, const std::string& wanted) {
  return port.name() == wanted || port.device == wanted;
}

bool may_be_opened(const RdmaPort& port) {
  return !port.verbs_file.empty() && access(port.verbs_file.c_str(), R_OK | W_OK) == 0;
}

}  // namespace

std::string RdmaPort::name() const { return fmt::format("{}:{}", device, port); }

std::vector<RdmaPort> rdma_ports(const RdmaFolders& folders) {
  std::vector<RdmaPort> ports;
  for (const std::string& device : names_in(folders.sysfs)) {
    const fs::path folder = folders.sysfs / device;
    for (const std::string& name : names_in(folder / "ports")) {
      const std::string state = first_line(folder / "ports" / name / "state");  // "4: ACTIVE"
      const std::size_t colon = state.find(": ");
      ports.push_back({.device = device,
                       .port = number(name, 1),
                       .state = colon == std::string::npos ? "UNKNOWN" : state.substr(colon + 2),
                       .link_layer = first_line(folder / "ports" / name / "link_layer"),
                       .numa_node = number(first_line(folder / "device" / "numa_node"), -1),
                       .verbs_file = verbs_file(folders, device)});
    }
  }
  return ports;
}

RdmaPort choose_rdma_port(const std::vector<RdmaPort>& ports, const std::string& wanted, int numa_node) {
  if (ports.empty())
    throw InputError(
        "--transport rdma: no RDMA device here (/sys/class/infiniband has none): load its driver, or in a container "
        "see that the host has one; accepted without one: auto, shm, tcp");
  const auto is_active = [&](const RdmaPort& port) {
    return port.state == "ACTIVE" && (wanted.empty() || is_named(port, wanted));
  };
  const auto is_usable = [&](const RdmaPort& port) { return is_active(port) && may_be_opened(port); };
  auto chosen = std::find_if(ports.begin(), ports.end(), is_usable);
  // A nearer one, if it is of the same kind of network: all processes of the machine must reach each other.
  const auto near = std::find_if(ports.begin(), ports.end(), [&](const RdmaPort& port) {
    return is_usable(port) && port.numa_node == numa_node && port.link_layer == chosen->link_layer;
  });
  if (near != ports.end()) chosen = near;
  if (chosen == ports.end()) chosen = std::find_if(ports.begin(), ports.end(), is_active);
  if (chosen == ports.end()) {
    if (wanted.find(',') != std::string::npos || wanted == "all")
      throw InputError(
          fmt::format("UCX_NET_DEVICES={}: a process uses one RDMA port, whose order the protocols count on; {}",
                      wanted, what_is_there(ports)));
    const bool is_there = std::any_of(ports.begin(), ports.end(),
                                      [&](const RdmaPort& port) { return wanted.empty() || is_named(port, wanted); });
    if (!is_there) throw InputError(fmt::format("UCX_NET_DEVICES={}: no such port; {}", wanted, what_is_there(ports)));
    throw InputError(fmt::format(
        "--transport rdma: {}: {}; set the link up (ip link set dev NAME up), see to the cable or start the subnet "
        "manager",
        wanted.empty() ? "no RDMA port is active" : "the port that UCX_NET_DEVICES names is not active",
        what_is_there(ports)));
  }
  if (!may_be_opened(*chosen))
    throw InputError(fmt::format(
        "--transport rdma: {} cannot be used: {}; in a container pass it on (docker run --device /dev/infiniband)",
        chosen->name(),
        chosen->verbs_file.empty() ? "it has no verbs device (modprobe ib_uverbs)"
                                   : fmt::format("{}: {}", chosen->verbs_file, std::strerror(errno))));
  return *chosen;
}

}  // namespace wolfpack::transport
