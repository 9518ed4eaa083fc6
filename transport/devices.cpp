#include "transport/devices.hpp"

#include <string_view>
#include <unistd.h>

#include "base/status.hpp"
#include "transport/apart.hpp"
#include "transport/held_signals.hpp"
#include "transport/set_up.hpp"

namespace wolfpack::transport {
namespace {

constexpr double kDevicePatienceSeconds = 10.0, kUcxPatienceSeconds = 20.0;

std::map<std::string, std::string> ucx_settings() {
  constexpr std::string_view kPrefix = "UCX_";
  std::map<std::string, std::string> settings;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string_view setting = *entry;
    const std::size_t equals = setting.find('=');
    if (setting.starts_with(kPrefix) && equals != std::string_view::npos)
      settings.emplace(setting.substr(0, equals), setting.substr(equals + 1));
  }
  return settings;
}

void take_ucx_facts(UcxReport& report, Apart& query) {
  try {
    report.facts = decode_ucx(query.result(kUcxPatienceSeconds));
  } catch (const RuntimeFailure& failure) {
    report.error = failure.what();
    report.advice =
        report.settings.empty()
            ? "ucx_info -d may say more: UCX_LOG_LEVEL=info"
            : "see that the UCX_ variables of the environment are right (ucx_info -f -c lists what UCX takes)";
  }
}

/// Where there is none: nothing is wrong, but a person may have expected one.
std::string advice_without_devices(const std::vector<VerbsDevice>& devices) {
  if (!devices.empty()) return "";
  return "load the adapter's driver, or in a container see that the host has one and pass it on (docker run --device "
         "/dev/infiniband); shm and tcp do without";
}

}  // namespace

RelaxedOrdering relaxed_ordering(const std::string& setting) {
  Machine otherwise_well;
  otherwise_well.relaxed_ordering = setting;
  otherwise_well.ports = {{.device = "any", .state = "ACTIVE", .link_layer = "InfiniBand", .verbs_file = "/dev/null"}};
  RelaxedOrdering found{setting, ""};
  try {
    check_set_up(otherwise_well, "rdma", 1);
  } catch (const InputError& error) {
    found.advice = error.what();
  }
  return found;
}

Devices look_at_devices() {
  const HeldSignals signals;  // the probes have a folder in shared memory
  const Machine machine = look_at_machine();
  Devices found;
  found.ucx.version = ucx_version();
  found.ucx.settings = ucx_settings();
  Apart ucx_query([] { return encode(query_ucx()); });
  found.rdma = verbs_devices(kDevicePatienceSeconds);
  found.rdma_advice = advice_without_devices(found.rdma);
  found.gpus = pci_gpus();
  found.transports = probe_transports(machine, kUcxPatienceSeconds);
  take_ucx_facts(found.ucx, ucx_query);
  found.limits = host_limits(machine);
  found.relaxed_ordering = relaxed_ordering(machine.relaxed_ordering);
  found.gpu_direct = gpu_direct(found.gpus, found.rdma, found.ucx.facts);
  return found;
}

}  // namespace wolfpack::transport
