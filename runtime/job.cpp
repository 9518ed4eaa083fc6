#include "runtime/job.hpp"

#include <algorithm>
#include <cstring>
#include <exception>
#include <numeric>
#include <unistd.h>

#include <fmt/format.h>

#include "base/bytes.hpp"
#include "base/cores.hpp"
#include "base/host_name.hpp"
#include "base/time.hpp"
#include "base/words.hpp"
#include "runtime/agree.hpp"
#include "runtime/gather_recording.hpp"
#include "runtime/signals.hpp"
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

std::vector<ps::RowCapacity> capacities(const std::vector<ps::RowSpec>& rows) {
  std::vector<ps::RowCapacity> out;
  out.reserve(rows.size());
  for (const auto& row : rows) out.push_back(row.capacity);
  return out;
}

}  // namespace

struct Job::PeerInfo {
  std::string name;
  std::string host;
  Bytes address;
  Bytes board;
  Bytes shard;  // empty where the peer hosts none
};

Job::Job(transport::Bootstrap& bootstrap, transport::Transport& transport, JobOptions options)
    : bootstrap_(bootstrap),
      transport_(transport),
      options_(std::move(options)),
      layout_(ps::JobLayout::make(bootstrap.size(), std::min<std::uint64_t>(options_.shards, bootstrap.size()),
                                  capacities(options_.rows), options_.smallest_lane_bytes)) {
  const auto allocate = [&](std::uint64_t bytes) {
    auto region = transport_.allocate(bytes, transport::MemoryKind::host);
    write_header(region->bytes(), bootstrap_.job_id(), worker().value, layout_);
    return region;
  };
  agree(bootstrap_, [&] {
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

// The channels first: they may still read what the client and the owner have put.
Job::~Job() {
  if (owner_) owner_->end();
  owner_channel_.reset();
  channel_.reset();
}

void Job::close() {
  owner_.reset();
  flush_all();
  barrier();          // everybody's reaches are at their ends
  liveness_.reset();  // and now the heartbeats
  barrier();
}

std::vector<Job::PeerInfo> Job::exchange() {
  Bytes mine;
  ByteWriter writer(mine);
  writer.text(fmt::format("pid {} on {}", getpid(), host_name()));
  writer.text(host_name());
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
    peer.address = copy(reader.blob());
    peer.board = copy(reader.blob());
    peer.shard = copy(reader.blob());
    peers.push_back(std::move(peer));
  }
  return peers;
}

// Every worker of this host keeps a core busy, and so does every owner.
void Job::count_cores(const std::vector<PeerInfo>& peers) {
  std::size_t workers = 0, owners = 0;
  for (const PeerInfo& peer : peers) {
    if (peer.host != peers[worker().value].host) continue;
    if (&peer == &peers[worker().value]) rank_on_host_ = workers;
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
  for (const PeerInfo& peer : peers) peer_names_.push_back(peer.name);

  channel_ = transport_.open_channel();
  boards_ = open_boards(*channel_, everybody);
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
  record_.name = transport_.name();
  record_.library = transport_.library();
  record_.lanes = channel_->lanes(boards_.back().peer) + (record_.native ? ", native" : ", emulated");
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

ps::MergePolicy& Job::policy(ps::Key key) { return owner_->shard().policy(key); }

void Job::begin(const IterateOptions& options) {
  client_.reset();
  owner_.reset();
  // What an earlier iterate() left; after this barrier others may write here again.
  const auto clear = [](std::span<std::byte> words) {
    for (std::size_t i = 0; i < words.size(); i += 8) store_word(words.data() + i, 0);
  };
  const auto board = board_->bytes();
  clear(board.subspan(layout_.clock_offset({0})));
  if (shard_memory_) {
    const std::uint64_t first_tail = layout_.tail_offset({0});
    clear(shard_memory_->bytes().subspan(first_tail, layout_.lane_offset({0}) - first_tail));
  }

  const bool steps_shard = hosts_shard() && layout_.has_rows(worker().value) && helps_owner(options.staleness);
  std::unique_ptr<ps::Shard> shard;
  agree(bootstrap_, [&] {
    client_ = std::make_unique<ps::Client>(
        layout_, options_.rows, worker(), *channel_, board, boards_, shards_,
        [this] {
          if (owner_) {
            if (Status status = owner_->check(); !status.ok()) return status;
          }
          return liveness_->check();
        },
        steps_shard ? std::function<bool()>([this] { return owner_->help(); }) : nullptr);
    if (hosts_shard()) shard = make_shard(options);
  });

  if (cores_ != Cores::too_few) move_to_core(rank_on_host_);
  const double now = monotonic_seconds();
  Bytes mine;
  ByteWriter(mine).value(now);
  start_seconds_ = 0.0;
  for (const Bytes& other : allgather(mine))
    start_seconds_ = std::max(start_seconds_, ByteReader(other).value<double>());
  if (shard) start_owner(std::move(shard), options, steps_shard && workers() == 1);
}

std::unique_ptr<ps::Shard> Job::make_shard(const IterateOptions& options) {
  const ps::ShardOptions shard_options{
      .shard = worker().value,
      .bulk_synchronous = options.staleness.is_bulk_synchronous(),
      .last_clock = options.iterations ? std::optional(Clock{*options.iterations}) : std::nullopt,
      .fold_patience = options.fold_patience,
      .host_board = board_->bytes(),
      .records_folds = options.record,
      .script = options.replay ? options.replay->script(worker().value) : nullptr,
  };
  return std::make_unique<ps::Shard>(layout_, options_.rows, shard_options, shard_memory_->bytes(), *owner_channel_,
                                     owner_boards_);
}

bool Job::helps_owner(Staleness staleness) const {
  switch (options_.shard_help) {
    case ShardHelp::always:
      return true;
    case ShardHelp::never:
      return false;
    case ShardHelp::where_cores_are_short:
      return cores_ != Cores::for_all;
    case ShardHelp::automatic:
      break;
  }
  return cores_ == Cores::for_workers || (cores_ == Cores::too_few && staleness.is_bulk_synchronous());
}

void Job::start_owner(std::unique_ptr<ps::Shard> shard, const IterateOptions& options, bool is_helped) {
  const auto question = [this, limit = options.replay ? std::nullopt
                                                      : options.time_limit_seconds]() -> std::optional<ps::StopReason> {
    const ps::StopReason elsewhere = ps::stop_of(layout_, board_->bytes()).reason;  // another shard's owner's
    if (elsewhere != ps::StopReason::running && elsewhere != ps::StopReason::iterations_done) return elsewhere;
    if (interrupt_requested()) return ps::StopReason::interrupted;
    if (!liveness_->check().ok()) return ps::StopReason::failed;
    if (limit && monotonic_seconds() - start_seconds_ > *limit) return ps::StopReason::time_limit;
    return std::nullopt;
  };
  owner_ = std::make_unique<ShardOwner>(std::move(shard), question, is_helped);
}

void Job::check_replay(const Recording& recording) const {
  if (recording.workers() == workers() && recording.shards.size() == layout_.shards) return;
  throw InputError(
      fmt::format("the recording is of {} workers and {} shards, and the job has {} and {}; accepted: the same",
                  recording.workers(), recording.shards.size(), workers(), layout_.shards));
}

IterateResult Job::iterate(const IterateOptions& options, const std::function<void(Iteration&)>& body) {
  if (options.replay != nullptr) check_replay(*options.replay);
  try {
    begin(options);
    IterateResult result;
    Log log;
    run_worker(options, body, result.clock, log);
    result.trace = log.trace.take();
    if (owner_) {
      owner_->join();
      result.seconds = owner_->stopped_at_seconds() - start_seconds_;
    }
    result.stop = client_->stop();
    result.is_replayed = options.replay != nullptr && result.stop.reason == ps::StopReason::iterations_done;
    if (result.is_replayed) result.stop.reason = options.replay->stop;
    leave_failed_job(result.stop.reason == ps::StopReason::failed
                         ? Status(StatusCode::peer_lost, "another worker failed")
                         : Status());
    flush_all();
    barrier();  // nobody's memory goes, or is cleared, while somebody may still reach for it
    if (options.record)
      result.recording = gather_recording(bootstrap_, layout_.shards, result.stop.reason, result.clock,
                                          std::move(log.reads), owner_ ? &owner_->shard() : nullptr);
    return result;
  } catch (...) {
    liveness_->announce_failure();
    if (owner_ && owner_->check().code() == StatusCode::transport_error)
      owner_->join();  // throws what the owner died of: the cause of what arrived here. A lost peer is a consequence.
    throw;
  }
}

void Job::run_worker(const IterateOptions& options, const std::function<void(Iteration&)>& body, Clock& clock,
                     Log& log) {
  const SspPolicy policy(options.staleness, options.iterations);
  const Iteration::Straggling straggling{options.replay ? std::nullopt : options.straggler, options.seed, workers(),
                                         start_seconds_};
  std::optional<ReadReplay> replay;
  if (options.replay != nullptr) replay.emplace(*options.replay, worker());
  const Iteration::Tape tape{options.record ? &log.reads : nullptr, replay ? &*replay : nullptr};
  const auto decide = [&] {
    if (options.replay != nullptr)
      return clock < options.replay->clocks[worker().value] ? SspPolicy::Decision::start : SspPolicy::Decision::finish;
    return policy.next(clock, client_->clocks().slowest());
  };
  const auto seconds = [&] { return options.trace ? monotonic_seconds() - start_seconds_ : 0.0; };
  double end = seconds();  // of the last iteration
  for (;;) {
    TraceRow row;
    row.worker = worker();
    row.clock = clock;
    row.start = row.end = end;
    Status status = client_->check();
    SspPolicy::Decision decision = decide();
    if (status.ok() && decision == SspPolicy::Decision::wait) {
      status = client_->wait_until([&] { return (decision = decide()) != SspPolicy::Decision::wait; });
      row.wait = seconds() - row.start;
    }
    if (status.ok() && decision == SspPolicy::Decision::finish)
      status = client_->wait_until([] { return false; });  // the stop word
    if (status.code() != StatusCode::stopped) leave_failed_job(status);
    if (!status.ok()) return;
    bool stopped = false;
    try {
      Iteration iteration(*client_, policy, straggling, tape, options.trace, row);
      body(iteration);
      iteration.tick();
      clock = clock.next();
    } catch (const JobStopped&) {
      stopped = true;  // an iteration that was cut short is traced where it had begun to compute
    }
    row.finish(end = seconds());
    if (options.trace && (!stopped || row.compute > 0)) log.trace.add(row);
    if (stopped) return;
  }
}

void Job::leave_failed_job(const Status& status) const {
  if (status.ok()) return;
  liveness_->check().or_throw();  // the message that names who
  status.or_throw();
}

}  // namespace wolfpack::runtime
