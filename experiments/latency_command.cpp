#include "experiments/latency_command.hpp"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <functional>
#include <memory>
#include <thread>
#include <unistd.h>

#include <fmt/format.h>

#include "base/status.hpp"
#include "experiments/exit_status.hpp"
#include "experiments/latency_output.hpp"
#include "experiments/run_files.hpp"
#include "experiments/standard_output.hpp"
#include "experiments/start_workers.hpp"
#include "runtime/agree.hpp"
#include "transport/set_up.hpp"
#include "transport/verbs_endpoint.hpp"

namespace wolfpack::experiments {
namespace {

using transport::Bootstrap;

/// Of the port that this rank would take, where that can be opened; where not, whoever needs it says why.
bool has_atomics() {
  constexpr std::size_t kBytes = 4096;
  try {
    return transport::VerbsEndpoint(transport::checked_rdma_port(), kBytes).has_atomics();
  } catch (const std::exception&) {
    return true;
  }
}

void check_same_settings(Bootstrap& bootstrap, const LatencySettings& settings) {
  const std::vector<std::string> all = bootstrap.allgather_text(settings.text());
  for (std::size_t rank = 1; rank < all.size(); ++rank)
    if (all[rank] != all[0])
      throw InputError(
          fmt::format("latency: the ranks disagree: rank 0 was started with {}, rank {} with {}; accepted: "
                      "the same settings everywhere",
                      all[0], rank, all[rank]));
}

void show_progress(double share, const std::string& next) {
  std::fputs(fmt::format("\r{:3.0f}%  {:<40}", 100.0 * share, next).c_str(), stderr);
}

/// Rank 0's part when all is measured.
void tell(const LatencySettings& settings, const nlohmann::ordered_json& document) {
  if (!settings.output.empty()) write_latency(settings.output, document);
  if (settings.json) return print_json(document);
  print_out(settings.csv ? latency_csv(document) : settings.quiet ? "" : latency_table(document));
}

/// A peer that has died is noticed here, too, and perhaps first. The launcher says more of it, in a line of its own,
/// and ends this process with it: that is waited for.
latency::Profile measure(const LatencySettings& settings, Bootstrap& bootstrap, transport::Transport& transport,
                         const std::function<void(double, const std::string&)>& progress) {
  const auto wait_for_launcher = [] { std::this_thread::sleep_for(std::chrono::seconds(1)); };
  try {
    return latency::run_profile(bootstrap, transport, settings.profile, progress);
  } catch (const PeerUnreachable&) {
    wait_for_launcher();
    throw;
  } catch (const PeerFailure&) {  // one noticed, and told the others
    wait_for_launcher();
    throw;
  }
}

int run_rank(LatencySettings settings, Bootstrap& bootstrap) {
  check_same_settings(bootstrap, settings);
  settings.transport = choose_transport(settings.transport.requested, bootstrap, WithinHosts::as_between);
  const std::string& name = settings.transport.name;
  const std::vector<std::string> atomics = bootstrap.allgather_text(name == "rdma" && has_atomics() ? "1" : "0");
  complete(settings, name, std::find(atomics.begin(), atomics.end(), "0") == atomics.end());

  const bool leads = bootstrap.rank().value == 0;
  std::unique_ptr<transport::Transport> transport;
  runtime::agree(bootstrap, [&] {
    if (leads && !settings.output.empty()) prepare_output(settings.output, kLatencyFiles);
    transport = make_transport(settings.transport);
  });
  const bool shows_progress = leads && !settings.quiet && isatty(STDERR_FILENO) != 0;
  const latency::Profile profile = measure(settings, bootstrap, *transport, [&](double share, const std::string& next) {
    if (shows_progress) show_progress(share, next);
  });
  if (shows_progress) std::fputs("\r\033[K", stderr);
  runtime::agree(bootstrap, [&] {
    if (leads) tell(settings, latency_json(settings, transport->library(), profile));
  });
  return profile.is_complete ? kConverged : kNotConverged;
}

}  // namespace

int run_latency(const LatencyArguments& arguments, char* const* argv) {
  return start_workers(
      argv, [&](std::optional<std::size_t> ranks) { return interpret_latency(arguments, ranks); }, run_rank);
}

}  // namespace wolfpack::experiments
