// A job: the workers of one run, their parameter server, and the iterations they make together.
//
//     Job job(bootstrap, transport, {.rows = {ps::add_row(std::vector<double>(1000))}});
//     const IterateResult result = job.iterate({.iterations = 100, .staleness = {3}}, body);
//
// Every process (or thread) of the job constructs a Job with the same options, on the thread that will iterate. Workers
// 0 .. shards - 1 host a shard each: its memory, and a thread for its owner. Errors throw RuntimeFailure in every
// process that still lives. It is a PeerFailure where another worker is to blame: worker 0's names it, or, where worker
// 0 is to blame, the others' do. Where the transport cannot reach a peer of whose loss nobody hears, it is that
// worker's PeerUnreachable.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "ps/client.hpp"
#include "ps/shard.hpp"
#include "runtime/clock_comparison.hpp"
#include "runtime/iteration.hpp"
#include "runtime/liveness.hpp"
#include "runtime/recording.hpp"
#include "runtime/shard_owner.hpp"
#include "transport/bootstrap.hpp"
#include "transport/transport.hpp"

namespace wolfpack::runtime {

/// Whether a worker that waits steps the shard, if it has rows, that its process hosts (runtime/shard_owner.hpp).
enum class ShardHelp {
  automatic,  ///< where cores are short; at staleness > 0 not where they are too few for the workers alone: whoever
              ///< steps it sees its own updates before the others theirs, and may run ahead and leave them behind
  where_cores_are_short,  ///< where there is no core for each of the workers and owners that share this one's
  always,
  never,
};

struct JobOptions {
  std::vector<ps::RowSpec> rows;
  std::uint64_t shards = 1;                     ///< >= 1; more than there are workers count as that many
  std::uint64_t smallest_lane_bytes = 1 << 20;  ///< a lane holds at least four of the largest update in any case
  double heartbeat_timeout_seconds = 4.0;       ///< > 0
  ShardHelp shard_help = ShardHelp::automatic;
};

struct IterateOptions {
  std::optional<std::uint64_t> iterations =
      std::nullopt;  ///< a worker; none: until a merge policy or a limit stops the job
  Staleness staleness{};
  std::optional<StragglerSpec> straggler = std::nullopt;
  std::uint64_t seed = 0;                                   ///< of a random straggler
  std::optional<double> time_limit_seconds = std::nullopt;  ///< from the start of the iterations
  double fold_patience = 0.0;  ///< at staleness > 0: share of a round that the owner waits for more before it folds
  bool record = false;         ///< see runtime/recording.hpp
  const Recording* replay = nullptr;  ///< stragglers and limits are then as they were
  bool trace = true;  ///< times iterations and keeps a row of each: some 0.1 µs and 144 bytes an iteration
};

struct IterateResult {
  ps::StopWord stop;
  double seconds = 0.0;  ///< from when all were ready to begin to the decision to stop; in processes that host a shard
  Clock clock;           ///< iterations this worker finished
  Trace trace;           ///< this worker's
  Recording recording;   ///< where asked for: in worker 0, of all
  bool is_replayed = false;  ///< all that the recording holds was made again: nothing stopped the replay before
};

/// How the job's processes reach each other, for the record.
struct TransportRecord {
  std::string name;     ///< "shm", "threads"
  std::string library;  ///< "UCX 1.13.1"
  std::string lanes;    ///< what carries worker 0's operations to the others, each kind once, and native or emulated
  bool native = true;   ///< every pair's one-sided operations need no progress of the target
  std::size_t hosts = 1;
};

class Job {
 public:
  /// Throws InputError where an option is none of those accepted.
  Job(transport::Bootstrap& bootstrap, transport::Transport& transport, JobOptions options);
  Job(const Job&) = delete;
  Job& operator=(const Job&) = delete;
  /// Without a close() before: the way of a job that failed.
  ~Job();

  /// Collective: ends the job in good order, so that no process reaches for memory that is gone. The last call.
  void close();

  [[nodiscard]] WorkerId worker() const { return bootstrap_.rank(); }
  [[nodiscard]] std::size_t workers() const { return bootstrap_.size(); }
  [[nodiscard]] bool hosts_shard() const { return worker().value < layout_.shards; }
  [[nodiscard]] const TransportRecord& transport_record() const { return record_; }

  /// Collective. Calls `body` once an iteration until the iterations are done or the job stops; returns when it has
  /// stopped everywhere. May be called again: rows begin anew with what their RowSpec makes.
  IterateResult iterate(const IterateOptions& options, const std::function<void(Iteration&)>& body);

  /// The policy of a row that this process hosts, as the last iterate() left it, until close(); while iterate() runs it
  /// belongs to whoever steps the shard. Throws InputError where there is none.
  [[nodiscard]] ps::MergePolicy& policy(ps::Key key);

  /// Collective; while iterations run, from nowhere.
  void barrier() { bootstrap_.barrier(); }
  [[nodiscard]] std::vector<Bytes> allgather(std::span<const std::byte> mine) { return bootstrap_.allgather(mine); }
  /// All workers' rows, in the workers' order; empty but in worker 0. Collective.
  [[nodiscard]] Trace gather_trace(const Trace& mine);

 private:
  struct PeerInfo;
  /// Whom there is a core each for, among the workers and owners that share this worker's cores.
  enum class Cores { for_all, for_workers, too_few };
  /// What a worker keeps of its iterations.
  struct Log {
    TraceLog trace;
    std::vector<ReadRecord> reads;
  };

  [[nodiscard]] std::vector<PeerInfo> exchange();
  void connect(const std::vector<PeerInfo>& peers);
  void flush_all();
  void probe(const std::vector<PeerInfo>& peers);
  void verify(const transport::RemoteRegion& region, std::uint64_t owner, const std::string& name);
  [[nodiscard]] double ahead_of_this_clock();
  void agree_on_start();
  [[nodiscard]] std::unique_ptr<ps::Shard> make_shard(const IterateOptions& options);
  [[nodiscard]] bool helps_owner(Staleness staleness) const;
  void start_owner(std::unique_ptr<ps::Shard> shard, const IterateOptions& options, bool is_helped);
  void begin(const IterateOptions& options);
  void run_worker(const IterateOptions& options, const std::function<void(Iteration&)>& body, Clock& clock, Log& log);
  void count_cores(const std::vector<PeerInfo>& peers);
  void leave_failed_job(const Status& status) const;
  [[noreturn]] void rethrow_unreachable();
  void check_replay(const Recording& recording) const;

  transport::Bootstrap& bootstrap_;
  transport::Transport& transport_;
  JobOptions options_;
  ps::JobLayout layout_;
  std::vector<std::string> peer_names_;
  std::vector<std::uint64_t> probed_;          // where the probe's gets go, perhaps until channel_ is closed
  ps::RegionHeader verified_;                  // likewise verify()'s
  std::vector<std::string> hosts_;             // by worker
  std::optional<ClockComparison> comparison_;  // its puts, too
  std::unique_ptr<transport::Region> board_;
  std::unique_ptr<transport::Region> shard_memory_;
  std::unique_ptr<transport::Channel> channel_;        // the iterating thread's
  std::vector<transport::RemoteRegion> boards_;        // by worker, on channel_
  std::vector<transport::RemoteRegion> shards_;        // by shard, on channel_
  std::unique_ptr<transport::Channel> owner_channel_;  // the shard owner's thread's, where there is a shard
  std::vector<transport::RemoteRegion> owner_boards_;  // by worker, on owner_channel_
  std::unique_ptr<Liveness> liveness_;
  std::unique_ptr<ShardOwner> owner_;
  std::unique_ptr<ps::Client> client_;
  TransportRecord record_;
  Cores cores_ = Cores::for_all;
  std::size_t rank_on_cores_ = 0;  // among the workers that share this one's cores
  double start_seconds_ = 0.0;     // of the iterations, on the monotonic clock of this host
};

}  // namespace wolfpack::runtime
