#include "ps/client.hpp"

#include <algorithm>
#include <limits>
#include <utility>

#include <fmt/format.h>

#include "base/time.hpp"
#include "base/words.hpp"

namespace wolfpack::ps {

Client::Client(const JobLayout& layout, const std::vector<RowSpec>& rows, WorkerId self, transport::Channel& channel,
               std::span<std::byte> own_board, const std::vector<transport::RemoteRegion>& boards,
               const std::vector<transport::RemoteRegion>& shards, transport::WaitCheck check,
               std::function<bool()> meanwhile)
    : layout_(layout),
      rows_(rows),
      self_(self),
      channel_(channel),
      board_(own_board),
      check_(std::move(check)),
      meanwhile_(std::move(meanwhile)),
      while_waiting_([this] {
        if (meanwhile_) use_the_wait();
        return this->check();
      }),
      clocks_(layout, self, own_board, channel, boards),
      shards_(shards),
      own_(rows.size()),
      overlaid_(rows.size()),
      reads_(layout.shards) {
  for (std::uint64_t s = 0; s < layout.shards; ++s)
    lanes_.push_back(
        std::make_unique<LaneWriter>(channel, shards[s], layout, self, board_.data() + layout.lane_head_offset(s)));
  for (std::uint32_t k = 0; k < rows.size(); ++k)
    readers_.push_back(std::make_unique<RowReader>(channel, shards[layout.shard_of({k})], layout, Key{k},
                                                   board_.data() + layout.newest_offset({k})));
}

StopWord Client::stop() const { return stop_of(layout_, board_); }

Status Client::check() const {
  if (stop().reason != StopReason::running) return {StatusCode::stopped, "the job has stopped"};
  return check_();
}

Status Client::wait_a_little(Backoff& backoff) {
  if (stop().reason != StopReason::running) return {StatusCode::stopped, "the job has stopped"};
  if (meanwhile_ && meanwhile_()) {
    backoff = Backoff();
    return {};
  }
  if (!backoff.is_looking()) {
    channel_.progress();
    if (Status status = clocks_.catch_up(); !status.ok()) return status;
  }
  if (backoff.is_sleeping())
    if (Status status = check_(); !status.ok()) return status;
  backoff.pause();
  return {};
}

// The transport is waited for by naps here, which take longer than a look at the clock.
void Client::use_the_wait() {
  const double start = monotonic_seconds();
  (void)meanwhile_();
  meanwhile_seconds_ += monotonic_seconds() - start;
}

double Client::update_put_seconds() const {
  double seconds = 0.0;
  for (const auto& lane : lanes_) seconds += lane->append_put_seconds();
  return seconds;
}

Clock Client::floor_of(const RowSnapshot& snapshot, OwnUpdates own) const {
  Clock floor{std::numeric_limits<std::uint64_t>::max()};
  for (std::uint32_t i = 0; i < layout_.workers; ++i)
    if (i != self_.value || own == OwnUpdates::wait) floor = std::min(floor, snapshot.folded[i]);
  return floor;
}

Status Client::get(Key key, Clock required, Row& row) {
  check_key(key, rows_);
  RowReader& reader = *readers_[key.value];
  const OwnUpdates own = rows_[key.value].own_updates;
  // Where nothing stands in for the own updates, those of all clocks that have ended have to be folded in: the open
  // clock's cannot be.
  const Clock own_required = own == OwnUpdates::wait ? clocks_.clock(self_) : Clock{0};
  double wait_start = 0.0, waited = 0.0;
  const auto end_wait = [&] {
    if (wait_start != 0.0) waited += monotonic_seconds() - std::exchange(wait_start, 0.0);
  };
  for (Backoff backoff;;) {
    // The floor before the newest word: the words of the rows that a floor covers were on the board before it
    // (owner_push.hpp).
    const std::byte* words = board_.data() + layout_.floor_offset(layout_.shard_of(key));
    const Clock pushed_floor{load_word(words)};
    const Clock pushed_own{load_word(words + 8)};
    bool is_newest = false;
    if (const Version newest = reader.newest(); newest.value != 0) {
      if (newest != reader.snapshot().version) end_wait();  // a get follows
      if (Status status = reader.refresh(is_newest, while_waiting_); !status.ok()) return status;
    }
    if (is_newest) {
      const RowSnapshot& snapshot = reader.snapshot();
      const Clock floor = std::max(pushed_floor, floor_of(snapshot, own));
      const Clock own_folded = std::max(pushed_own, snapshot.folded[self_.value]);
      if (floor >= required && own_folded >= own_required) {
        end_wait();
        row = {snapshot.version, floor, own_folded, with_own_updates(key, snapshot), waited};
        return {};
      }
    }
    if (wait_start == 0.0) wait_start = monotonic_seconds();
    if (Status status = wait_a_little(backoff); !status.ok()) return status;
  }
}

Status Client::get_version(Key key, Version version, Row& row) {
  check_key(key, rows_);
  RowReader& reader = *readers_[key.value];
  if (Status status = wait_until([&] { return reader.newest() >= version; }); !status.ok()) return status;
  bool is_there = false;
  if (Status status = reader.read_held(version, is_there, while_waiting_); !status.ok()) return status;
  if (!is_there) return {StatusCode::out_of_range, fmt::format("row {}: version {} is gone", key.value, version.value)};
  const RowSnapshot& snapshot = reader.snapshot();
  row = {version, floor_of(snapshot, rows_[key.value].own_updates), snapshot.folded[self_.value],
         with_own_updates(key, snapshot), 0.0};
  return {};
}

Status Client::tell_read(Key key) {
  check_key(key, rows_);
  if (Status status = wait(channel_, read_told_, while_waiting_); !status.ok()) return status;  // an earlier one's
  const std::uint64_t shard = layout_.shard_of(key);
  const auto source = std::as_bytes(std::span(&++reads_[shard], 1));
  if (Status status = channel_.put(shards_[shard], layout_.reads_offset(self_), source, read_told_); !status.ok())
    return status;
  if (Status status = channel_.flush(shards_[shard].peer, read_told_); !status.ok()) return status;
  return wait(channel_, read_told_, while_waiting_);
}

void Client::forget_before(Clock folded, Key key) {
  auto& own = own_[key.value];
  while (!own.empty() && own.front().clock < folded) own.pop_front();
}

std::span<const std::byte> Client::with_own_updates(Key key, const RowSnapshot& snapshot) {
  forget_before(snapshot.folded[self_.value], key);
  const auto& own = own_[key.value];
  if (own.empty()) return snapshot.payload;
  Bytes& payload = overlaid_[key.value];
  payload.assign(snapshot.payload.begin(), snapshot.payload.end());
  for (const OwnUpdate& update : own) overlay(rows_[key.value].own_updates, self_, update.clock, update.value, payload);
  return payload;
}

Status Client::update(Key key, Clock clock, std::span<const std::byte> value) {
  check_key(key, rows_);
  if (value.size() > layout_.rows[key.value].update_bytes)
    throw RuntimeFailure(fmt::format("an update of {} bytes for key {}: its capacity was declared as {} bytes",
                                     value.size(), key.value, layout_.rows[key.value].update_bytes));
  const OwnUpdates own = rows_[key.value].own_updates;
  if (is_overlaid(own)) {
    // What the own folded word covers is in the newest version, which every later read begins with: the word was put
    // after that version's (owner_push.hpp). So a row that is only written is not kept here for the whole run.
    const Clock folded{load_word(board_.data() + layout_.floor_offset(layout_.shard_of(key)) + 8)};
    if (!keeps_until_read_) forget_before(folded, key);
    own_[key.value].push_back({clock, Bytes(value.begin(), value.end())});
  }
  return lanes_[layout_.shard_of(key)]->append(RecordKind::update, key, clock, value, while_waiting_);
}

Status Client::tick(Clock clock) {
  bool has_ended = false;  // in one shard at least: then it has ended, and a stop comes too late
  const auto is_over = [&has_ended](const Status& status) {
    return !status.ok() && (status.code() != StatusCode::stopped || !has_ended);
  };
  for (std::uint64_t s = 0; s < lanes_.size(); ++s) {
    if (!layout_.has_rows(s)) continue;
    Status status = lanes_[s]->append(RecordKind::end_of_clock, {}, clock, {}, while_waiting_);
    if (status.ok()) status = lanes_[s]->publish(while_waiting_);
    if (is_over(status)) return status;
    has_ended = true;
  }
  has_ended = true;
  Status status = clocks_.advance(clock.next());
  for (auto& lane : lanes_)
    if (status.ok()) status = lane->settle(while_waiting_);
  if (status.ok()) status = clocks_.catch_up();  // who was a moment late should not wait for this worker's next wait
  return is_over(status) ? status : Status();
}

}  // namespace wolfpack::ps
