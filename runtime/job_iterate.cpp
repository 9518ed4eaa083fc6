// What a job does again and again: iterations, and how they end. How it is set up and closed: job.cpp.
#include <algorithm>
#include <optional>

#include <fmt/format.h>

#include "base/bytes.hpp"
#include "base/cores.hpp"
#include "base/time.hpp"
#include "base/words.hpp"
#include "runtime/agree.hpp"
#include "runtime/gather_recording.hpp"
#include "runtime/job.hpp"
#include "runtime/signals.hpp"

namespace wolfpack::runtime {
namespace {

/// How long the updates and the tick of one iteration were inside puts, at one look at the clock beside those that an
/// iteration takes anyway.
class PutTime {
 public:
  explicit PutTime(const ps::Client& client) : client_(client), updates_seconds_(client.update_put_seconds()) {}

  void begin_tick(double now) {
    updates_seconds_ = client_.update_put_seconds() - updates_seconds_;
    helped_seconds_ = client_.meanwhile_seconds();
    tick_start_ = now;
  }
  /// 0 where the iteration was cut short before its tick.
  [[nodiscard]] double until(double now) const {
    if (!tick_start_) return 0.0;
    const double helped = client_.meanwhile_seconds() - helped_seconds_;  // a fold, which is the owner's work
    return updates_seconds_ + std::max(0.0, now - *tick_start_ - helped);
  }

 private:
  const ps::Client& client_;
  double updates_seconds_;  // from begin_tick() on of this iteration's updates; before it, of all earlier ones
  double helped_seconds_ = 0.0;
  std::optional<double> tick_start_;
};

}  // namespace

ps::MergePolicy& Job::policy(ps::Key key) {
  ps::check_key(key, options_.rows);
  if (const std::uint64_t host = layout_.shard_of(key); host != worker().value)
    throw InputError(
        fmt::format("worker {} has no policy of row {}: worker {} hosts it", worker().value, key.value, host));
  if (owner_ == nullptr)
    throw InputError(fmt::format("row {} has a policy from the first iterate() to close() only", key.value));
  return owner_->shard().policy(key);
}

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
    if (options.replay != nullptr) client_->keep_updates_until_read();
    if (hosts_shard()) shard = make_shard(options);
  });

  if (cores_ != Cores::too_few) move_to_core(rank_on_cores_);
  agree_on_start();
  if (shard) start_owner(std::move(shard), options, steps_shard && workers() == 1);
}

/// Seconds to add to this host's clock to have that of worker 0's. Collective where there are several hosts.
double Job::ahead_of_this_clock() {
  const auto check = [this] { return liveness_->check(); };
  const bool is_far = hosts_[worker().value] != hosts_[0];
  if (is_far) return comparison_->ask(check);
  if (worker().value == 0)
    for (std::uint32_t i = 1; i < hosts_.size(); ++i)
      if (hosts_[i] != hosts_[0]) comparison_->answer({i}, check);
  return 0.0;
}

/// The moment that all times of the iterations count from: when the last worker was ready.
void Job::agree_on_start() {
  const double ahead = ahead_of_this_clock();
  Bytes mine;
  ByteWriter(mine).value(monotonic_seconds() + ahead);
  double start = 0.0;  // on worker 0's clock
  for (const Bytes& other : allgather(mine)) start = std::max(start, ByteReader(other).value<double>());
  start_seconds_ = start - ahead;
}

std::unique_ptr<ps::Shard> Job::make_shard(const IterateOptions& options) {
  const ps::ShardOptions shard_options{
      .shard = worker().value,
      .staleness = options.staleness,
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
    if (interrupt_requested() || liveness_->is_asked_to_stop()) return ps::StopReason::interrupted;
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
  } catch (const PeerUnreachable&) {
    rethrow_unreachable();
  } catch (...) {
    liveness_->announce_failure();
    if (owner_ && owner_->check().code() == StatusCode::transport_error)
      owner_->join();  // the cause of what arrived here; a peer that it cannot reach is a consequence
    throw;
  }
}

// In the handler of a PeerUnreachable. Who is lost, if anybody is, liveness finds out, or the owners have heard of:
// then that is to blame. Else the way to the peer is broken, and that is this worker's failure.
void Job::rethrow_unreachable() {
  constexpr double kNapSeconds = 1e-3;
  constexpr double kWordOfWorker0Seconds = 1.0;  // after it has found somebody silent
  const double deadline = monotonic_seconds() + options_.heartbeat_timeout_seconds + kWordOfWorker0Seconds;
  const auto loss = [this]() -> Status {
    if (Status status = liveness_->check(); !status.ok()) return status;
    if (ps::stop_of(layout_, board_->bytes()).reason != ps::StopReason::failed) return {};
    return {StatusCode::peer_lost, "another worker failed"};
  };
  Status lost = loss();
  for (; lost.ok() && monotonic_seconds() < deadline && !interrupt_requested(); lost = loss())
    sleep_seconds(kNapSeconds);
  liveness_->announce_failure();
  lost.or_throw();
  if (owner_ && !owner_->check().ok()) owner_->join();  // throws what it died of, which names the peer
  throw;
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
    PutTime puts(*client_);
    try {
      Iteration iteration(*client_, policy, straggling, tape, options.trace, row);
      body(iteration);
      puts.begin_tick(seconds());
      iteration.tick();
      clock = clock.next();
    } catch (const JobStopped&) {
      stopped = true;  // an iteration that was cut short is traced where it had begun to compute
    }
    end = seconds();
    row.put = puts.until(end);
    row.finish(end);
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
