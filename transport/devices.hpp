// All that decides how the processes of a job can talk on this machine, looked at and tried: RDMA devices, UCX, the
// transports, limits, GPUs. Each finding has an `advice`, what to do where it is wrong; empty where all is well.
//
//     const transport::Devices found = transport::look_at_devices();
//     for (const auto& device : found.rdma) print(device.name);
//
// Takes some tenths of a second; some seconds where a device hangs. What might hang or crash is asked in processes of
// its own (apart.hpp), so call it while this process has no other threads. Throws RuntimeFailure where no process can
// be started, and never for what it finds.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "transport/gpu_direct.hpp"
#include "transport/host_limits.hpp"
#include "transport/transport_probe.hpp"
#include "transport/ucx_query.hpp"
#include "transport/verbs_devices.hpp"

namespace wolfpack::transport {

struct UcxReport {
  std::string version;
  std::map<std::string, std::string> settings;  ///< UCX_ variables of this process's environment
  std::optional<UcxFacts> facts;
  std::string error;  ///< why there are none
  std::string advice;
};

struct RelaxedOrdering {
  std::string setting;  ///< UCX_IB_PCI_RELAXED_ORDERING of the environment; empty: not set, and UCX decides
  std::string advice;
};

struct Devices {
  std::vector<VerbsDevice> rdma;
  std::string rdma_advice;  ///< where there is none
  std::vector<PciGpu> gpus;
  UcxReport ucx;
  std::vector<TransportReport> transports;
  HostLimits limits;
  RelaxedOrdering relaxed_ordering;
  GpuDirect gpu_direct;
};

[[nodiscard]] Devices look_at_devices();

/// With the advice on it: the protocols count on the order in which an adapter's writes arrive.
[[nodiscard]] RelaxedOrdering relaxed_ordering(const std::string& setting);

}  // namespace wolfpack::transport
