// The RDMA devices of this machine: what the kernel and libibverbs say of them, the nearest GPU, and what to do where
// something is not as a job wants it. A device that hangs or fails says so in its own entry.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "transport/pci_devices.hpp"
#include "transport/rdma_ports.hpp"
#include "transport/verbs_query.hpp"

namespace wolfpack::transport {

struct VerbsPort {
  RdmaPort place;  ///< by sysfs
  std::optional<VerbsPortFacts> facts;
  std::string advice;

  [[nodiscard]] const std::string& state() const { return facts ? facts->state : place.state; }
  /// Width times rate; 0: unknown.
  [[nodiscard]] double gigabits() const { return facts ? facts->width * facts->gigabits_a_lane : 0.0; }
};

struct VerbsDevice {
  std::string name;  ///< "mlx5_0"
  PciPlace place;
  std::optional<NearestGpu> nearest_gpu;
  std::optional<bool> may_relax_order;  ///< PCI Express; none: not to be known
  std::optional<VerbsFacts> facts;      ///< without ports, which are below
  std::string error;                    ///< why there are no facts
  std::vector<VerbsPort> ports;
  std::string advice;
};

/// By name. Asks all devices at once, each in a process of its own (apart.hpp), for at most `patience_seconds`.
[[nodiscard]] std::vector<VerbsDevice> verbs_devices(double patience_seconds, const RdmaFolders& folders = {},
                                                     const PciFolders& pci = {});

/// What to do; empty where all is well.
[[nodiscard]] std::string advice_on(const VerbsPort& port);
[[nodiscard]] std::string advice_on(const VerbsDevice& device);

}  // namespace wolfpack::transport
