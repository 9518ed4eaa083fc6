#include "latency/profile.hpp"

#include <algorithm>
#include <type_traits>
#include <unistd.h>

#include <fmt/format.h>

#include "base/bytes.hpp"
#include "base/cores.hpp"
#include "base/host_name.hpp"
#include "latency/measurement.hpp"
#include "latency/placement.hpp"
#include "latency/quiet.hpp"
#include "runtime/signals.hpp"

namespace wolfpack::latency {
namespace {

using transport::Bootstrap;

/// Everybody's value, by rank.
template <class T>
requires std::is_trivially_copyable_v<T> std::vector<T> gather(Bootstrap& bootstrap, const T& mine) {
  std::vector<T> all;
  for (const Bytes& bytes : bootstrap.allgather(std::as_bytes(std::span(&mine, 1))))
    all.push_back(ByteReader(bytes).value<T>());
  return all;
}

/// One line of the plan: what becomes one result.
struct Cell {
  OperationKind operation;
  std::uint64_t bytes;
  Pair pair;
};

std::vector<Cell> plan(const ProfileSettings& settings) {
  std::vector<Cell> cells;
  for (const OperationKind operation : settings.operations) {
    const OperationFacts& facts = describe(operation);
    std::vector<std::uint32_t> broadcasters;
    for (const Pair& pair : settings.pairs) {
      if (facts.is_to_all) {
        if (std::find(broadcasters.begin(), broadcasters.end(), pair.initiator) != broadcasters.end()) continue;
        broadcasters.push_back(pair.initiator);
      }
      if (facts.is_of_a_word) {
        cells.push_back({operation, 8, pair});
        continue;
      }
      for (const std::uint64_t bytes : settings.bytes) cells.push_back({operation, bytes, pair});
    }
  }
  return cells;
}

/// A round's share of what is asked for of all.
MeterSettings of_round(const MeterSettings& all, std::uint64_t round, std::uint64_t rounds) {
  MeterSettings one = all;
  one.duration_seconds = all.duration_seconds / static_cast<double>(rounds);
  if (all.iterations) one.iterations = *all.iterations * (round + 1) / rounds - *all.iterations * round / rounds;
  return one;
}

Roles roles_of(const Cell& cell, std::uint32_t self, std::size_t ranks) {
  Roles roles{.initiator = cell.pair.initiator, .targets = {}, .self = self};
  if (!describe(cell.operation).is_to_all) roles.targets = {cell.pair.target};
  for (std::uint32_t rank = 0; describe(cell.operation).is_to_all && rank < ranks; ++rank)
    if (rank != roles.initiator) roles.targets.push_back(rank);
  return roles;
}

void take_in(Result& result, const Outcome& outcome) {
  const Measurement& measured = outcome.measurement;
  const Histogram times = describe(result.operation).is_half_round_trip ? measured.times.halved() : measured.times;
  result.times.add(times);
  result.batch = std::max(result.batch, measured.batch);
  result.timings += measured.timings;
  result.round_medians_seconds.push_back(times.percentile(0.5));
  result.lanes = outcome.lanes;
}

/// How many results' rounds differ by more than a quiet machine's would.
std::vector<std::string> spread_rounds(const std::vector<Result>& results) {
  std::size_t spread = 0;
  double widest = 1.0;
  for (const Result& result : results) {
    const auto [low, high] =
        std::minmax_element(result.round_medians_seconds.begin(), result.round_medians_seconds.end());
    if (low == result.round_medians_seconds.end() || *low <= 0.0) continue;
    widest = std::max(widest, *high / *low);
    spread += *high / *low > kQuietSpread ? 1 : 0;
  }
  if (spread * 10 <= results.size()) return {};  // a few are always hit
  return {
      fmt::format("the medians of {} of {} results differ by more than {:.0f}% between rounds, by a factor of up to "
                  "{:.2f}",
                  spread, results.size(), 100.0 * (kQuietSpread - 1.0), widest)};
}

std::vector<std::string> what_disturbed(const std::vector<std::string>& hosts, const std::vector<Activity>& meanwhile) {
  std::vector<std::string> all;
  for (std::size_t rank = 0; rank < hosts.size(); ++rank) {
    if (std::find(hosts.begin(), hosts.begin() + static_cast<std::ptrdiff_t>(rank), hosts[rank]) !=
        hosts.begin() + static_cast<std::ptrdiff_t>(rank))
      continue;  // its host has been looked at
    std::vector<Activity> here;
    for (std::size_t other = rank; other < hosts.size(); ++other)
      if (hosts[other] == hosts[rank]) here.push_back(meanwhile[other]);
    for (const std::string& what : disturbances(here)) all.push_back(fmt::format("{}: {}", hosts[rank], what));
  }
  return all;
}

std::size_t rank_on_host(const std::vector<std::string>& hosts, std::uint32_t rank) {
  return static_cast<std::size_t>(std::count(hosts.begin(), hosts.begin() + rank, hosts[rank]));
}

/// Whether two of the ranks have to share a core: whoever waits then leaves it.
bool share_a_core(const std::vector<std::uint32_t>& ranks, const Profile& profile) {
  for (const std::uint32_t one : ranks)
    for (const std::uint32_t other : ranks)
      if (one != other && profile.hosts[one] == profile.hosts[other] && profile.cores[one] == profile.cores[other] &&
          (profile.cores[one] || available_cores() < ranks.size()))
        return true;
  return false;
}

/// Whether a target has to serve. The pairs of a job are reached alike.
bool is_emulated(OperationKind operation, const std::vector<PairFacts>& pairs) {
  if (describe(operation).is_verbs) return false;
  return std::any_of(pairs.begin(), pairs.end(), [operation](const PairFacts& facts) {
    const bool is_atomic = operation == OperationKind::fetch_add;
    return (is_atomic ? facts.atomics : facts.one_sided) == transport::OneSided::emulated;
  });
}

bool anybody_interrupted(Bootstrap& bootstrap) {
  const std::vector<char> interrupted = gather(bootstrap, static_cast<char>(runtime::interrupt_requested()));
  return std::find(interrupted.begin(), interrupted.end(), 1) != interrupted.end();
}

}  // namespace

Profile run_profile(Bootstrap& bootstrap, transport::Transport& transport, const ProfileSettings& settings,
                    const std::function<void(double, const std::string&)>& progress) {
  const std::uint32_t self = bootstrap.rank().value;
  Profile profile;
  profile.leads = self == 0;
  profile.hosts = bootstrap.allgather_text(host_name());
  std::optional<BoundToCore> bound;
  if (settings.binds_to_cores) bound.emplace(rank_on_host(profile.hosts, self));
  profile.cores = gather(bootstrap, bound ? bound->core() : std::optional<int>());

  Circumstances all{.bootstrap = bootstrap, .transport = transport, .names = {}, .clock = {}, .manners = {}};
  all.names = bootstrap.allgather_text(fmt::format("rank {} (pid {} on {})", self, getpid(), host_name()));
  all.manners.patience_seconds = settings.patience_seconds;
  profile.clock = all.clock = measure_clock();
  for (const Pair& pair : settings.pairs) profile.pairs.push_back(probe_pair(all, pair));
  const std::vector<Cell> cells = plan(settings);
  for (const Cell& cell : cells) profile.results.push_back(Result{cell.operation, cell.bytes, cell.pair});
  const Activity before = activity();
  std::size_t done = 0;
  for (std::uint64_t round = 0; round < settings.rounds && profile.is_complete; ++round) {
    const MeterSettings meter = of_round(settings.meter, round, settings.rounds);
    for (std::size_t i = 0; i < cells.size(); ++i, ++done) {
      if (anybody_interrupted(bootstrap)) {
        profile.is_complete = false;
        break;
      }
      const Cell& cell = cells[i];
      if (profile.leads && progress)
        progress(static_cast<double>(done) / static_cast<double>(cells.size() * settings.rounds),
                 fmt::format("{} of {} bytes", describe(cell.operation).name, cell.bytes));
      const Roles roles = roles_of(cell, self, bootstrap.size());
      all.manners.yields = share_a_core(roles.participants(), profile);
      all.manners.serves = is_emulated(cell.operation, profile.pairs);
      const Outcome outcome = measure_operation(all, cell.operation, cell.bytes, roles, meter);
      if (profile.leads) take_in(profile.results[i], outcome);
    }
  }
  profile.is_complete = profile.is_complete && !anybody_interrupted(bootstrap);
  profile.disturbances = what_disturbed(profile.hosts, gather(bootstrap, activity() - before));
  std::erase_if(profile.results, [](const Result& result) { return result.times.count() == 0; });
  for (const std::string& what : spread_rounds(profile.results)) profile.disturbances.push_back(what);
  return profile;
}

}  // namespace wolfpack::latency
