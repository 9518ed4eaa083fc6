#include "transport/transport_probe.hpp"

#include <array>
#include <cstdlib>
#include <memory>
#include <optional>
#include <random>

#include "base/bytes.hpp"
#include "base/status.hpp"
#include "transport/apart.hpp"
#include "transport/probe.hpp"
#include "transport/serving_thread.hpp"
#include "transport/shared_memory_folder.hpp"
#include "transport/ucx_transport.hpp"

namespace wolfpack::transport {
namespace {

constexpr std::array kTransports{"shm", "tcp", "rdma"};
/// Where operations are native, the answer comes within microseconds; this is for a machine that is busy.
constexpr double kNativeWithinSeconds = 0.2;
constexpr std::size_t kRegionBytes = 4096;
/// One process with two transports needs no more than two workers do.
constexpr std::size_t kWorkers = 2;

/// In the child, which ends after it: nothing is waited for.
Bytes probe_transport(const std::string& name) {
  const auto target = make_ucx_transport(name), origin = make_ucx_transport(name);
  const auto region = target->allocate(kRegionBytes, MemoryKind::host);
  const auto channel = origin->open_channel();
  std::optional<RemoteRegion> remote;
  {
    const ServingThread serving(*target);
    remote = channel->open(channel->connect(target->address(), "target"), region->descriptor());
  }
  std::uint64_t word = 0;
  Completion done;
  const OneSided found = probe(*channel, std::span(&*remote, 1), 0, std::span(&word, 1), done, kNativeWithinSeconds);
  std::uint64_t before = 0;
  Completion added;
  const OneSided atomics = probe_fetch_add(*channel, *remote, sizeof word, before, added, kNativeWithinSeconds);
  Bytes out;
  ByteWriter writer(out);
  writer.value(found);
  writer.value(atomics);
  writer.text(channel->lanes(remote->peer));
  {
    const ServingThread serving(*target);  // or the channel would be closed with the get under way
    (void)wait(*channel, done, kNativeWithinSeconds);
    (void)wait(*channel, added, kNativeWithinSeconds);
  }
  return out;
}

/// A child that is killed while UCX makes shared memory leaves it there: in a folder that this process removes.
void use_folder(const std::vector<std::string>& environment) {
  for (const std::string& setting : environment) {
    const std::size_t equals = setting.find('=');
    (void)setenv(setting.substr(0, equals).c_str(), setting.substr(equals + 1).c_str(), /*overwrite=*/0);
  }
  SharedMemoryFolder::make_own();
}

std::string why_not(const Machine& machine, const std::string& name) {
  try {
    check_set_up(machine, name, kWorkers);
  } catch (const InputError& error) {
    return error.what();
  }
  return "";
}

void take(TransportReport& report, std::span<const std::byte> answer) {
  ByteReader reader(answer);
  report.one_sided = reader.value<OneSided>();
  report.atomics = reader.value<OneSided>();
  report.lanes = reader.text();
}

}  // namespace

std::vector<TransportReport> probe_transports(const Machine& machine, double patience_seconds) {
  const SharedMemoryFolder folder(std::random_device{}());
  const auto environment = folder.environment();
  std::vector<TransportReport> reports;
  std::vector<std::unique_ptr<Apart>> probes;
  for (const char* name : kTransports) {
    reports.push_back(
        {.name = name, .why_not = why_not(machine, name), .lanes = {}, .one_sided = {}, .atomics = {}, .advice = {}});
    if (!reports.back().why_not.empty())
      probes.push_back(nullptr);
    else
      probes.push_back(std::make_unique<Apart>([&] {
        use_folder(environment);
        return probe_transport(name);
      }));
  }
  for (std::size_t i = 0; i < reports.size(); ++i) {
    TransportReport& report = reports[i];
    if (probes[i] == nullptr) {
      report.advice = report.why_not;  // it says what to do, too
      continue;
    }
    try {
      take(report, probes[i]->result(patience_seconds));
    } catch (const RuntimeFailure& failure) {
      report.why_not = failure.what();
    }
    report.advice = advice_on(report);
  }
  return reports;
}

std::string advice_on(const TransportReport& report) {
  if (!report.why_not.empty() && report.name == "rdma")
    return "on a RoCE device see that UCX_IB_GID_INDEX names a RoCE v2 GID; on Soft-RoCE, UCX 1.13 drops what comes "
           "unless UCX_UD_VERBS_ETH_DGID_CHECK=n; UCX_LOG_LEVEL=info says more";
  if (!report.why_not.empty()) return "see that the UCX_ variables are as you want them; UCX_LOG_LEVEL=info says more";
  if (report.one_sided != OneSided::emulated) return "";
  if (report.name == "tcp")
    return "sockets have no one-sided operations: each process's progress thread serves its peers; on one machine "
           "--transport shm needs none";
  return "UCX emulates its one-sided operations here, and each process's progress thread serves its peers: see that "
         "the lanes name the device that was meant";
}

}  // namespace wolfpack::transport
