#include "transport/pmix_bootstrap.hpp"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <cstdlib>
#include <functional>
#include <mutex>
#include <random>
#include <string>
#include <utility>

#include <fmt/format.h>
#include <pmix.h>

#include "base/bytes.hpp"
#include "base/status.hpp"
#include "base/time.hpp"

namespace wolfpack::transport {
namespace {

/// A server keeps values in segments, of 4 MiB by default, and one that exceeds them ends Open MPI's 4.1 launcher: long
/// messages are put in pieces.
constexpr std::size_t kPieceBytes = 256 * 1024;
/// How long a rank's bytes may take to come from the server of this machine, which has them once the fence is over; and
/// where the fence has failed, and somebody's are missing.
constexpr int kGetSeconds = 60, kGetAfterFailureSeconds = 2;
/// How long who leaves waits for the others to come to their ends: they may have long to write, or be lost.
constexpr std::chrono::seconds kLeaveTogether{30};
/// What a process has said is on its way through the launcher, which may drop it as it ends the job; and worker 0 may
/// be about to speak for this one.
constexpr double kToBeHeardSeconds = 0.3;

void check(const char* call, pmix_status_t status) {
  if (status != PMIX_SUCCESS)
    throw RuntimeFailure(fmt::format("PMIx: {}: {} ({})", call, PMIx_Error_string(status), status));
}

pmix_proc_t process(const pmix_nspace_t& job, pmix_rank_t rank) {
  pmix_proc_t process;
  PMIX_LOAD_PROCID(&process, job, rank);
  return process;
}

/// One attribute of a call, of a type that owns nothing. PMIx takes pointers by their value, all else by its address.
pmix_info_t attribute(const char* key, const void* value, pmix_data_type_t type) {
  pmix_info_t info;
  PMIX_INFO_CONSTRUCT(&info);
  check("PMIx_Info_load", PMIx_Info_load(&info, key, value, type));
  return info;
}

pmix_info_t flag(const char* key) {
  constexpr bool kTrue = true;
  return attribute(key, &kTrue, PMIX_BOOL);
}

/// What PMIx's own thread tells the one that waits. Outlives the bootstrap where a fence is still under way at its end.
class Rounds {
 public:
  /// For who is told of a process or of the launcher; written before anybody is.
  pmix_proc_t self{};
  std::function<void(WorkerId)> on_launcher_lost;

  /// From any thread. The first reason is the one that is told.
  void end(const std::string& why, bool is_peer) {
    const std::lock_guard lock(mutex_);
    if (!why_ended_.empty()) return;
    why_ended_ = why;
    is_peer_ = is_peer;
    changed_.notify_all();
  }
  void finish(std::uint64_t round, pmix_status_t status) {
    const std::lock_guard lock(mutex_);
    finished_ = round;
    status_ = status;
    changed_.notify_all();
  }
  void require_not_ended() {
    const std::lock_guard lock(mutex_);
    throw_if_ended();
  }
  /// Blocks until round `round` is over.
  pmix_status_t wait_for(std::uint64_t round) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return is_over(round); });
    if (finished_ == round && status_ == PMIX_SUCCESS) return status_;
    throw_if_ended();
    return status_;
  }
  void wait_for(std::uint64_t round, std::chrono::seconds limit) {
    std::unique_lock lock(mutex_);
    (void)changed_.wait_for(lock, limit, [&] { return is_over(round); });
  }

 private:
  [[nodiscard]] bool is_over(std::uint64_t round) const { return finished_ == round || !why_ended_.empty(); }
  void throw_if_ended() const {
    if (why_ended_.empty()) return;
    if (is_peer_) throw PeerFailure(why_ended_);
    throw RuntimeFailure(why_ended_);
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  std::uint64_t finished_ = 0;  // rounds count from 1
  pmix_status_t status_ = PMIX_SUCCESS;
  std::string why_ended_;
  bool is_peer_ = false;
};

constexpr const char* kLauncherGone = "PMIx: the launcher is gone";

/// A process of the job has ended before its time, or the launcher has. An event of any other kind is no business of
/// ours: a launcher tells much, and more in each version.
bool tells_of_a_loss(pmix_status_t event) {
  static constexpr pmix_status_t kLosses[] = {
      PMIX_ERR_PROC_ABORTED,        PMIX_ERR_PROC_ABORTING,      PMIX_ERR_PROC_REQUESTED_ABORT,
      PMIX_ERR_PROC_TERM_WO_SYNC,   PMIX_ERR_PROC_KILLED_BY_CMD, PMIX_ERR_PROC_FAILED_TO_START,
      PMIX_ERR_PROC_ABORTED_BY_SIG, PMIX_ERR_LOST_CONNECTION,    PMIX_ERR_UNREACH};
  return std::find(std::begin(kLosses), std::end(kLosses), event) != std::end(kLosses);
}

/// On PMIx's own thread, for every event of the job.
void on_event(std::size_t, pmix_status_t event, const pmix_proc_t* source, pmix_info_t info[], std::size_t infos,
              pmix_info_t*, std::size_t, pmix_event_notification_cbfunc_fn_t done, void* done_data) {
  Rounds* rounds = nullptr;
  const pmix_proc_t* affected = source;
  for (std::size_t i = 0; i < infos; ++i) {
    if (PMIX_CHECK_KEY(&info[i], PMIX_EVENT_RETURN_OBJECT)) rounds = static_cast<Rounds*>(info[i].value.data.ptr);
    if (PMIX_CHECK_KEY(&info[i], PMIX_EVENT_AFFECTED_PROC)) affected = info[i].value.data.proc;
  }
  if (rounds != nullptr && tells_of_a_loss(event)) {
    if (affected != nullptr && PMIX_CHECK_NSPACE(affected->nspace, rounds->self.nspace) &&
        affected->rank < PMIX_RANK_VALID) {
      rounds->end(fmt::format("worker {} is lost: the launcher says {}", affected->rank, PMIx_Error_string(event)),
                  true);
    } else {
      rounds->end(kLauncherGone, false);
      rounds->on_launcher_lost(WorkerId{rounds->self.rank});
    }
  }
  if (done != nullptr) done(PMIX_EVENT_ACTION_COMPLETE, nullptr, 0, nullptr, nullptr, done_data);
}

/// A fence under way: its attribute has to stay until it is over, which may be after who began it has given up.
struct Fence {
  std::shared_ptr<Rounds> rounds;
  std::uint64_t round;
  pmix_info_t collect = flag(PMIX_COLLECT_DATA);
};

void on_fence(pmix_status_t status, void* data) {
  const std::unique_ptr<Fence> fence(static_cast<Fence*>(data));
  fence->rounds->finish(fence->round, status);
}

class PmixBootstrap final : public Bootstrap {
 public:
  explicit PmixBootstrap(std::function<void(WorkerId)> on_launcher_lost) {
    if (const pmix_status_t status = PMIx_Init(&self_, nullptr, 0); status != PMIX_SUCCESS)
      throw RuntimeFailure(fmt::format(
          "PMIX_RANK is set, but no PMIx server answers ({}): start all with one mpirun or srun --mpi=pmix, "
          "or unset PMIX_RANK",
          PMIx_Error_string(status)));
    try {
      join(std::move(on_launcher_lost));
    } catch (...) {
      finalize();
      throw;
    }
  }
  PmixBootstrap(const PmixBootstrap&) = delete;
  PmixBootstrap& operator=(const PmixBootstrap&) = delete;
  ~PmixBootstrap() override {
    wait_for_all_to_leave();
    finalize();
  }

  [[nodiscard]] WorkerId rank() const override { return WorkerId{self_.rank}; }
  [[nodiscard]] std::size_t size() const override { return size_; }
  [[nodiscard]] std::uint64_t job_id() const override { return job_id_; }

  [[nodiscard]] std::vector<Bytes> allgather(std::span<const std::byte> mine) override { return exchange(mine, true); }
  [[nodiscard]] std::vector<Bytes> gather(std::span<const std::byte> mine) override {
    return exchange(mine, self_.rank == 0);
  }
  void abandon(const std::string& why) override { rounds_->end(why, true); }

 private:
  std::vector<Bytes> exchange(std::span<const std::byte> mine, bool is_for_me) {
    rounds_->require_not_ended();
    ++round_;
    put(mine);
    const pmix_status_t status = fence();
    std::vector<Bytes> all(size_);
    for (std::uint32_t i = 0; is_for_me && i < all.size(); ++i)
      all[i] = i == self_.rank ? Bytes(mine.begin(), mine.end()) : message_of(i, status == PMIX_SUCCESS);
    if (status != PMIX_SUCCESS)
      fail(fmt::format("a worker ended while others waited for it: PMIx_Fence: {} ({})", PMIx_Error_string(status),
                       status));
    return all;
  }

  void join(std::function<void(WorkerId)> on_launcher_lost) {
    rounds_->self = self_;
    rounds_->on_launcher_lost = std::move(on_launcher_lost);
    const pmix_proc_t job = process(self_.nspace, PMIX_RANK_WILDCARD);
    pmix_value_t* value = nullptr;
    check("PMIx_Get of the job's size", PMIx_Get(&job, PMIX_JOB_SIZE, nullptr, 0, &value));
    size_ = value->data.uint32;
    PMIX_VALUE_RELEASE(value);
    // Where the server has no events to give, the launcher itself ends a job that has lost a process.
    pmix_info_t object = attribute(PMIX_EVENT_RETURN_OBJECT, rounds_.get(), PMIX_POINTER);
    handler_ = PMIx_Register_event_handler(nullptr, 0, &object, 1, on_event, nullptr, nullptr);
    std::random_device draw;
    job_id_ = (std::uint64_t{draw()} << 32) | draw();
    job_id_ = ByteReader(allgather(std::as_bytes(std::span(&job_id_, 1)))[0]).value<std::uint64_t>();
  }

  [[noreturn]] void fail(const std::string& why) {
    abandon(why);  // nobody is waited for any more
    throw PeerFailure(why);
  }

  /// A process that has taken its leave counts no more, not even as one that is missing: who began to wait for it just
  /// after would wait for ever. So this last fence meets that of who still wants to gather, who then finds nothing from
  /// this process.
  void wait_for_all_to_leave() {
    try {
      rounds_->require_not_ended();
      ++round_;
      if (begin_fence()) rounds_->wait_for(round_, kLeaveTogether);
    } catch (const RuntimeFailure&) {
      // Nobody is left to wait for.
    }
  }

  void finalize() const {
    if (handler_ >= 0) (void)PMIx_Deregister_event_handler(static_cast<std::size_t>(handler_), nullptr, nullptr);
    (void)PMIx_Finalize(nullptr, 0);
  }

  [[nodiscard]] std::string key(std::size_t piece) const { return fmt::format("wolfpack.{}.{}", round_, piece); }

  /// Its length goes before the message, in the first piece.
  void put(std::span<const std::byte> mine) {
    Bytes message;
    ByteWriter(message).blob(mine);
    for (std::size_t begin = 0; begin < message.size(); begin += kPieceBytes) {
      const auto piece = std::span(message).subspan(begin, std::min(kPieceBytes, message.size() - begin));
      pmix_value_t value;
      PMIX_VALUE_CONSTRUCT(&value);
      value.type = PMIX_BYTE_OBJECT;
      value.data.bo.bytes = reinterpret_cast<char*>(piece.data());
      value.data.bo.size = piece.size();
      check("PMIx_Put", PMIx_Put(PMIX_GLOBAL, key(begin / kPieceBytes).c_str(), &value));
    }
    check("PMIx_Commit", PMIx_Commit());
  }

  /// False where it is over already.
  bool begin_fence() {
    const pmix_proc_t job = process(self_.nspace, PMIX_RANK_WILDCARD);
    auto fence = std::make_unique<Fence>(Fence{rounds_, round_});
    const pmix_status_t begun = PMIx_Fence_nb(&job, 1, &fence->collect, 1, on_fence, fence.get());
    if (begun == PMIX_OPERATION_SUCCEEDED) return false;  // and nobody will be called
    check("PMIx_Fence", begun);
    (void)fence.release();  // on_fence has it, perhaps already destroyed
    return true;
  }

  /// Blocks until everybody has put. Fails where one will not any more, in as many ways as there are servers.
  pmix_status_t fence() {
    const pmix_status_t status = begin_fence() ? rounds_->wait_for(round_) : PMIX_SUCCESS;
    if (status == PMIX_ERR_LOST_CONNECTION || status == PMIX_ERR_UNREACH || status == PMIX_ERR_COMM_FAILURE)
      throw RuntimeFailure(kLauncherGone);
    return status;
  }

  Bytes message_of(pmix_rank_t rank, bool all_came) {
    Bytes message;
    std::uint64_t bytes = 0;
    for (std::size_t piece = 0; piece == 0 || message.size() < bytes; ++piece) {
      const std::size_t before = message.size();
      if (!append_piece(rank, piece, all_came ? kGetSeconds : kGetAfterFailureSeconds, message)) {
        rounds_->require_not_ended();
        fail(fmt::format("worker {} is lost: it ended while others waited for it", rank));
      }
      if (piece == 0) bytes = sizeof bytes + ByteReader(message).value<std::uint64_t>();
      if (message.size() == before) break;
    }
    const auto blob = ByteReader(message).blob();
    return {blob.begin(), blob.end()};
  }

  bool append_piece(pmix_rank_t rank, std::size_t piece, int seconds, Bytes& message) {
    const pmix_proc_t from = process(self_.nspace, rank);
    const pmix_info_t limits[] = {flag(PMIX_IMMEDIATE), attribute(PMIX_TIMEOUT, &seconds, PMIX_INT)};
    pmix_value_t* value = nullptr;
    if (PMIx_Get(&from, key(piece).c_str(), limits, std::size(limits), &value) != PMIX_SUCCESS) return false;
    if (value->type == PMIX_BYTE_OBJECT) {
      const auto bytes = std::as_bytes(std::span(value->data.bo.bytes, value->data.bo.size));
      message.insert(message.end(), bytes.begin(), bytes.end());
    }
    PMIX_VALUE_RELEASE(value);
    return true;
  }

  pmix_proc_t self_{};
  std::size_t size_ = 0;
  std::uint64_t job_id_ = 0;
  std::uint64_t round_ = 0;
  pmix_status_t handler_ = PMIX_ERROR;
  std::shared_ptr<Rounds> rounds_ = std::make_shared<Rounds>();
};

}  // namespace

std::unique_ptr<Bootstrap> make_pmix_bootstrap(std::function<void(WorkerId)> on_launcher_lost) {
  return std::make_unique<PmixBootstrap>(std::move(on_launcher_lost));
}

void end_job_at_exit(std::unique_ptr<Bootstrap> bootstrap) {
  (void)bootstrap.release();  // never destroyed: PMIx's thread has use for what it holds
  std::atexit([] {
    sleep_seconds(kToBeHeardSeconds);
    (void)PMIx_Abort(1, "wolfpack has failed", nullptr, 0);
  });
}

}  // namespace wolfpack::transport

#ifdef __SANITIZE_ADDRESS__
// PMIx 4.2 forgets some bytes at its end, and a fence that nobody waits for any more.
extern "C" {
const char* __lsan_default_suppressions();
const char* __lsan_default_suppressions() { return "leak:libpmix\n"; }
const char* __lsan_default_options();
const char* __lsan_default_options() { return "print_suppressions=0"; }
}
#endif
