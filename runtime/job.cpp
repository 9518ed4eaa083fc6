// How a job is set up and closed. Its iterations: job_iterate.cpp.
#include "runtime/job.hpp"

#include <algorithm>
#include <numeric>
#include <set>
#include <unistd.h>

#include <fmt/format.h>

#include "base/bytes.hpp"
#include "base/cores.hpp"
#include "base/host_name.hpp"
#include "base/time.hpp"
#include "base/words.hpp"
#include "runtime/agree.hpp"
#include "transport/probe.hpp"

namespace wolfpack::runtime {
namespace {

constexpr double kProbePatienceSeconds = 0.02;
constexpr double kSetUpPatienceSeconds = 30.0;

void write_header(std::span<std::byte> region, std::uint64_t job_id, std::uint64_t owner, const ps::JobLayout& layout) {
  const ps::RegionHeader header{
      .job_id = job_id, .shard = static_cast<std::uint32_t>(owner), .layout_hash = layout.hash()};
  store_shared(region.data(), std::as_bytes(std::span(&header, 1)));
}

void check_options(const JobOptions& options) {
  if (options.shards == 0) throw InputError("JobOptions::shards is 0; accepted: 1 or more");
  if (!(options.heartbeat_timeout_seconds > 0.0))
    throw InputError(fmt::format("JobOptions::heartbeat_timeout_seconds is {}; accepted: more than 0",
                                 options.heartbeat_timeout_seconds));
  for (std::size_t key = 0; key < options.rows.size(); ++key)
    if (!options.rows[key].make_policy)
      throw InputError(fmt::format("JobOptions::rows: the row of key {} has no make_policy", key));
}

std::vector<ps::RowCapacity> capacities(const std::vector<ps::RowSpec>& rows) {
  std::vector<ps::RowCapacity> out;
  out.reserve(rows.size());
  for (const auto& row : rows) out.push_back(row.capacity);
  return out;
}

/// Each kind once.
std::string lanes_to_others(const transport::Channel& channel, const std::vector<transport::RemoteRegion>& boards,
                            WorkerId own) {
  std::vector<std::string> kinds;
  for (std::size_t worker = 0; worker < boards.size(); ++worker) {
    if (worker == own.value && boards.size() > 1) continue;
    std::string lanes = channel.lanes(boards[worker].peer);
    if (std::find(kinds.begin(), kinds.end(), lanes) == kinds.end()) kinds.push_back(std::move(lanes));
  }
  return fmt::format("{}", fmt::join(kinds, "; "));
}

}  // namespace

struct Job::PeerInfo {
  std::string name;
  std::string host;
  std::string cores;  // that it may use
  Bytes address;
  Bytes board;
  Bytes shard;  // empty where the peer hosts none
};

Job::Job(transport::Bootstrap& bootstrap, transport::Transport& transport, JobOptions options)
    : bootstrap_(bootstrap),
      transport_(transport),
      options_(std::move(options)),
      layout_(ps::JobLayout::make(bootstrap.size(), std::clamp<std::uint64_t>(options_.shards, 1, bootstrap.size()),
                                  capacities(options_.rows), options_.smallest_lane_bytes)) {
  const auto allocate = [&](std::uint64_t bytes) {
    auto region = transport_.allocate(bytes, transport::MemoryKind::host);
    write_header(region->bytes(), bootstrap_.job_id(), worker().value, layout_);
    return region;
  };
  agree(bootstrap_, [&] {
    check_options(options_);
    board_ = allocate(layout_.board_bytes());
    if (hosts_shard()) shard_memory_ = allocate(layout_.shard_bytes(worker().value));
  });
  liveness_ =
      std::make_unique<Liveness>(transport_, layout_, worker(), board_->bytes(), options_.heartbeat_timeout_seconds,
                                 [this](const std::string& who) { bootstrap_.abandon(who); });
  const auto peers = exchange();
  count_cores(peers);
  agree(bootstrap_, [&] { connect(peers); });
  probe(peers);
  liveness_->watch();
}

Trace Job::gather_trace(const Trace& mine) {
  Trace all;
  for (const Bytes& message : bootstrap_.gather(std::as_bytes(std::span(mine)))) {
    const auto rows = ByteReader(message).array<TraceRow>(message.size() / sizeof(TraceRow));
    all.insert(all.end(), rows.begin(), rows.end());
  }
  return all;
}

// The channels first: they may still read what the client and the owner have put.
Job::~Job() {
  if (owner_) owner_->end();
  owner_channel_.reset();
  channel_.reset();
}

void Job::close() {
  owner_.reset();
  try {
    flush_all();
  } catch (const PeerUnreachable&) {
    rethrow_unreachable();
  }
  barrier();          // everybody's reaches are at their ends
  liveness_.reset();  // and now the heartbeats
  barrier();
}

std::vector<Job::PeerInfo> Job::exchange() {
  Bytes mine;
  ByteWriter writer(mine);
  writer.text(fmt::format("pid {} on {}", getpid(), host_name()));
  writer.text(host_identity());
  writer.text(available_core_list());
  writer.blob(transport_.address());
  writer.blob(board_->descriptor());
  writer.blob(shard_memory_ ? shard_memory_->descriptor() : Bytes());
  std::vector<PeerInfo> peers;
  for (const Bytes& message : bootstrap_.allgather(mine)) {
    ByteReader reader(message);
    const auto copy = [](std::span<const std::byte> bytes) { return Bytes(bytes.begin(), bytes.end()); };
    PeerInfo peer;
    peer.name = fmt::format("worker {} ({})", peers.size(), reader.text());
    peer.host = reader.text();
    peer.cores = reader.text();
    peer.address = copy(reader.blob());
    peer.board = copy(reader.blob());
    peer.shard = copy(reader.blob());
    peers.push_back(std::move(peer));
  }
  return peers;
}

// Every worker keeps a core busy, and so does every owner. Those that a launcher has bound to other cores than this one
// do not count.
void Job::count_cores(const std::vector<PeerInfo>& peers) {
  const PeerInfo& own = peers[worker().value];
  std::size_t workers = 0, owners = 0;
  for (const PeerInfo& peer : peers) {
    if (peer.host != own.host || !share_cores(peer.cores, own.cores)) continue;
    if (&peer == &own) rank_on_cores_ = workers;
    ++workers;
    owners += peer.shard.empty() ? 0 : 1;
  }
  const std::size_t cores = available_cores();
  cores_ = workers + owners <= cores ? Cores::for_all : workers <= cores ? Cores::for_workers : Cores::too_few;
}

void Job::connect(const std::vector<PeerInfo>& peers) {
  const auto reach = [](const PeerInfo& peer, const auto& connect_to) {
    try {
      return connect_to();
    } catch (const RuntimeFailure& error) {
      throw RuntimeFailure(fmt::format("{} cannot be reached: {}", peer.name, error.what()));
    }
  };
  // All connections first: they come up side by side while the first region is opened.
  const auto open_boards = [&](transport::Channel& channel, std::span<const std::size_t> whom) {
    std::vector<transport::PeerIndex> reached;
    for (const std::size_t i : whom)
      reached.push_back(reach(peers[i], [&] { return channel.connect(peers[i].address, peers[i].name); }));
    std::vector<transport::RemoteRegion> boards;
    for (std::size_t k = 0; k < whom.size(); ++k)
      boards.push_back(reach(peers[whom[k]], [&] { return channel.open(reached[k], peers[whom[k]].board); }));
    return boards;
  };
  std::vector<std::size_t> everybody(peers.size());
  std::iota(everybody.begin(), everybody.end(), std::size_t{0});
  for (const PeerInfo& peer : peers) {
    peer_names_.push_back(peer.name);
    hosts_.push_back(peer.host);
  }

  channel_ = transport_.open_channel();
  boards_ = open_boards(*channel_, everybody);
  comparison_.emplace(*channel_, layout_, worker(), board_->bytes(), boards_);
  for (std::size_t i = 0; i < peers.size(); ++i)
    if (!peers[i].shard.empty())
      shards_.push_back(reach(peers[i], [&] { return channel_->open(boards_[i].peer, peers[i].shard); }));
  if (hosts_shard()) {
    owner_channel_ = transport_.open_channel();
    owner_boards_ = open_boards(*owner_channel_, everybody);
  }

  const auto star =
      std::span(everybody).subspan(worker().value == 0 ? 1 : 0, worker().value == 0 ? peers.size() - 1 : 1);
  auto beats = transport_.open_channel();
  const auto boards = open_boards(*beats, star);
  std::vector<Liveness::Peer> watched;
  for (std::size_t k = 0; k < star.size(); ++k)
    watched.push_back({{static_cast<std::uint32_t>(star[k])}, peers[star[k]].name, boards[k]});
  liveness_->beat(std::move(beats), std::move(watched));
}

void Job::flush_all() {
  std::vector<transport::Completion> done(boards_.size());
  for (std::size_t i = 0; i < boards_.size(); ++i) channel_->flush(boards_[i].peer, done[i]).or_throw();
  const double deadline = monotonic_seconds() + kSetUpPatienceSeconds;
  for (std::size_t i = 0; i < boards_.size(); ++i) {
    const auto check = [&]() -> Status {
      if (Status status = liveness_->check(); !status.ok() || monotonic_seconds() <= deadline) return status;
      return {StatusCode::deadline_exceeded,
              fmt::format("{} does not answer over {}", peer_names_[i], transport_.name())};
    };
    wait(*channel_, done[i], check).or_throw();
  }
}

void Job::probe(const std::vector<PeerInfo>& peers) {
  const auto paused = [&] {
    barrier();
    return liveness_->pause_serving();
  };
  probed_.resize(peers.size());
  transport::Completion under_way;
  bool native = true;
  {
    const auto lock = paused();
    barrier();  // nobody serves from here to the next barrier
    native = transport::probe(*channel_, boards_, layout_.probe_offset(), probed_, under_way, kProbePatienceSeconds) ==
             transport::OneSided::native;
    barrier();
  }
  agree(bootstrap_, [&] {
    wait(*channel_, under_way, kSetUpPatienceSeconds).or_throw();
    for (std::size_t i = 0; i < peers.size(); ++i) verify(boards_[i], i, peers[i].name);
    for (std::size_t s = 0; s < shards_.size(); ++s) verify(shards_[s], s, peers[s].name);
  });
  const std::byte mine{native};
  for (const Bytes& other : allgather(std::span(&mine, 1)))
    record_.native = record_.native && other.at(0) == std::byte{1};
  record_.hosts = std::set(hosts_.begin(), hosts_.end()).size();
  record_.name = transport_.name();
  record_.library = transport_.library();
  record_.lanes = lanes_to_others(*channel_, boards_, worker()) + (record_.native ? ", native" : ", emulated");
}

void Job::verify(const transport::RemoteRegion& region, std::uint64_t owner, const std::string& name) {
  ps::RegionHeader& header = verified_;
  transport::Completion done;
  channel_->get(region, 0, std::as_writable_bytes(std::span(&header, 1)), done).or_throw();
  wait(*channel_, done, kSetUpPatienceSeconds).or_throw();
  if (header.magic != ps::kMagic || header.job_id != bootstrap_.job_id())
    throw RuntimeFailure(fmt::format("{}: its memory belongs to another job", name));
  if (header.wire_version != ps::kWireVersion || header.layout_hash != layout_.hash() || header.shard != owner)
    throw RuntimeFailure(fmt::format(
        "{} lays out its memory differently: the same program with the same options must run everywhere", name));
}

}  // namespace wolfpack::runtime
