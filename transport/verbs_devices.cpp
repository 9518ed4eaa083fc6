#include "transport/verbs_devices.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <unistd.h>
#include <utility>

#include <fmt/format.h>

#include "base/status.hpp"
#include "transport/apart.hpp"
#include "transport/sysfs.hpp"

namespace wolfpack::transport {
namespace {

/// "eth0", for commands.
std::string network_device(const VerbsPort& port) {
  if (port.facts)
    for (const Gid& gid : port.facts->gids)
      if (!gid.network_device.empty()) return gid.network_device;
  return "NAME";
}

std::string advice_on_state(const VerbsPort& port) {
  const std::string& state = port.state();
  if (state == "ACTIVE") return "";
  if (port.place.link_layer != "InfiniBand")
    return fmt::format("the link is down: see to the cable, and set its network device up (ip link set dev {} up)",
                       network_device(port));
  if (state == "INIT" || state == "ARMED")
    return "the link is up and no subnet manager has configured it: start one (opensm) or ask who runs the fabric";
  return "the link is down: see to cable and switch";
}

std::string advice_on_gids(const VerbsPortFacts& facts, const std::string& link_layer) {
  if (link_layer != "Ethernet") return "";
  const bool has_routable = std::any_of(facts.gids.begin(), facts.gids.end(), [](const Gid& gid) {
    return gid.type == "RoCE v2" && !gid.value.starts_with("fe80:");
  });
  return has_routable ? ""
                      : "no RoCE v2 GID with an IP address: give the network device one (ip addr add), or other hosts "
                        "may not be reached";
}

std::string advice_on_mtu(const VerbsPort& port) {
  const VerbsPortFacts& facts = *port.facts;
  if (facts.active_mtu_bytes == 0 || facts.active_mtu_bytes >= facts.max_mtu_bytes) return "";
  const std::string what =
      fmt::format("packets carry {} bytes where {} are possible", facts.active_mtu_bytes, facts.max_mtu_bytes);
  if (port.place.link_layer == "InfiniBand") return what + ": the subnet manager decides";
  constexpr int kHeaderBytes = 104;  // of RoCE, at most, and rounded
  return fmt::format("{}: raise the MTU of the network device and of its switch (ip link set dev {} mtu {})", what,
                     network_device(port), facts.max_mtu_bytes + kHeaderBytes);
}

void join(std::string& advice, const std::string& more) {
  if (!advice.empty() && !more.empty()) advice += "; ";
  advice += more;
}

/// Of each device, from the list of ports; and those that have none.
std::vector<VerbsDevice> by_device(const RdmaFolders& folders) {
  std::vector<VerbsDevice> devices;
  for (const std::string& name : sysfs::names_in(folders.sysfs)) devices.emplace_back().name = name;
  for (const RdmaPort& port : rdma_ports(folders))
    for (VerbsDevice& device : devices)
      if (device.name == port.device) device.ports.push_back({port, {}, {}});
  return devices;
}

void take_facts(VerbsDevice& device, VerbsFacts facts) {
  for (VerbsPort& port : device.ports)
    for (VerbsPortFacts& known : facts.ports)
      if (known.port == port.place.port) port.facts = std::move(known);
  facts.ports.clear();
  device.facts = std::move(facts);
}

}  // namespace

std::vector<VerbsDevice> verbs_devices(double patience_seconds, const RdmaFolders& folders, const PciFolders& pci) {
  std::vector<VerbsDevice> devices = by_device(folders);
  std::vector<Apart> queries;
  queries.reserve(devices.size());
  for (const VerbsDevice& device : devices) queries.emplace_back([&] { return encode(query_verbs(device.name)); });
  const std::vector<PciGpu> gpus = pci_gpus(pci);
  for (std::size_t i = 0; i < devices.size(); ++i) {
    VerbsDevice& device = devices[i];
    const std::filesystem::path folder = folders.sysfs / device.name / "device";
    device.place = pci_place(folder);
    device.may_relax_order = may_relax_order(folder);
    device.nearest_gpu = nearest_gpu(device.place, gpus);
    try {
      take_facts(device, decode_verbs(queries[i].result(patience_seconds)));
    } catch (const RuntimeFailure& failure) {
      device.error = failure.what();
    }
    for (VerbsPort& port : device.ports) port.advice = advice_on(port);
    device.advice = advice_on(device);
  }
  return devices;
}

std::string advice_on(const VerbsPort& port) {
  std::string advice = advice_on_state(port);
  if (!advice.empty() || !port.facts) return advice;  // the rest is not settled yet
  join(advice, advice_on_gids(*port.facts, port.place.link_layer));
  join(advice, advice_on_mtu(port));
  return advice;
}

std::string advice_on(const VerbsDevice& device) {
  if (!device.error.empty()) {
    const std::string file = device.ports.empty() ? "" : device.ports[0].place.verbs_file;
    if (file.empty()) return "it has no verbs device: modprobe ib_uverbs";
    if (access(file.c_str(), R_OK | W_OK) != 0)
      return fmt::format(
          "{}: {}: give this user the right to it, or in a container pass it on (docker run --device "
          "/dev/infiniband)",
          file, std::strerror(errno));
    return "see what the kernel says of it (dmesg), and that ibverbs-providers and the driver are of one release";
  }
  if (device.facts && device.facts->atomics == "none")
    return "it has no atomic operations: UCX emulates them, and a target has to serve; nothing of Wolfpack's needs "
           "them";
  return "";
}

}  // namespace wolfpack::transport
