#include "experiments/transport_choice.hpp"

#include <algorithm>
#include <vector>

#include <fmt/format.h>

#include "base/host_name.hpp"
#include "base/status.hpp"
#include "experiments/run_options.hpp"
#include "runtime/agree.hpp"
#include "transport/rdma_ports.hpp"
#include "transport/set_up.hpp"

namespace wolfpack::experiments {
namespace {

const std::string kShared = "shm";

bool can_share_memory(std::size_t ranks) {
  try {
    transport::check_set_up(kShared, ranks);
    return true;
  } catch (const InputError&) {
    return false;
  }
}

bool has_usable_port() {
  const auto ports = transport::rdma_ports();
  return std::any_of(ports.begin(), ports.end(), [](const auto& port) { return port.state == "ACTIVE"; });
}

TransportChoice choose(const std::string& requested, const std::vector<std::string>& hosts, bool all_have_ports) {
  const bool is_one_host = std::equal(hosts.begin() + 1, hosts.end(), hosts.begin());
  const auto chosen = [&](const std::string& name, const std::string& reason) {
    const auto span = is_one_host ? transport::Span::one_machine : transport::Span::several_machines;
    return TransportChoice{requested, name, reason, span, ""};
  };
  if (requested == kShared && !is_one_host)
    throw InputError("--transport shm: the ranks are on several hosts; accepted there: auto, tcp, rdma");
  if (requested != "auto") return chosen(requested, fmt::format("--transport {} asked for it", requested));
  if (is_one_host)
    return chosen(local_transport(requested),
                  "auto: all ranks are on one host, where shared memory is the fastest way");
  if (all_have_ports) return chosen("rdma", "auto: the ranks are on several hosts, and each has an active RDMA port");
  return chosen("tcp", "auto: the ranks are on several hosts, and not each has an active RDMA port");
}

}  // namespace

void check_transport_name(const std::string& requested) {
  if (requested != "auto" && !transport::is_ucx_transport(requested))
    refuse_option("--transport", requested, "auto, shm, tcp, rdma");
}

std::string local_transport(const std::string& requested) { return requested == "auto" ? kShared : requested; }

TransportChoice choose_transport(const std::string& requested, transport::Bootstrap& bootstrap, WithinHosts within) {
  constexpr char kPort = '+', kNoPort = '-';  // before the host's identity
  std::vector<std::string> hosts = bootstrap.allgather_text((has_usable_port() ? kPort : kNoPort) + host_identity());
  const bool all_have_ports =
      std::all_of(hosts.begin(), hosts.end(), [](const std::string& host) { return host[0] == kPort; });
  for (std::string& host : hosts) host.erase(0, 1);
  TransportChoice choice = choose(requested, hosts, all_have_ports);

  const auto own = hosts.begin() + bootstrap.rank().value;
  const auto ranks_here = static_cast<std::size_t>(std::count(hosts.begin(), hosts.end(), *own));
  if (requested == "auto" && choice.name != kShared && within == WithinHosts::shared_memory) {
    const bool has_neighbours = ranks_here > 1;
    const std::vector<std::string> answers = bootstrap.allgather_text(!has_neighbours                ? ""
                                                                      : can_share_memory(ranks_here) ? "yes"
                                                                                                     : "no");
    const auto some_say = [&](const char* answer) {
      return std::find(answers.begin(), answers.end(), answer) != answers.end();
    };
    if (some_say("no")) {
      choice.reason += "; not each has the shared memory that its ranks would need";
    } else if (some_say("yes")) {
      choice.reason += "; those of one host share memory";
      if (has_neighbours) choice.neighbourhood = *own;
    }
  }
  const bool is_first_here = std::find(hosts.begin(), own, *own) == own;
  runtime::agree(bootstrap, [&] {
    if (is_first_here) transport::check_set_up(choice.name, ranks_here);
  });
  return choice;
}

std::unique_ptr<transport::Transport> make_transport(const TransportChoice& choice) {
  return transport::make_ucx_transport(choice.name, choice.span, choice.neighbourhood);
}

}  // namespace wolfpack::experiments
