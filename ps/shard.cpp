#include "ps/shard.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "base/time.hpp"
#include "base/words.hpp"

namespace wolfpack::ps {

struct Shard::Update {
  Key key;
  Bytes payload;
};

struct Shard::PendingClock {
  Clock clock;
  bool ended = false;
  std::vector<Update> updates;
};

struct Shard::Row {
  Row(Key k, const RowSpec& spec, const JobLayout& layout, std::span<std::byte> memory)
      : key(k), policy(spec.make_policy()), publisher(layout, k, memory) {}
  Key key;
  std::unique_ptr<MergePolicy> policy;
  RowPublisher publisher;
};

Shard::Shard(const JobLayout& layout, const std::vector<RowSpec>& rows, const ShardOptions& options,
             std::span<std::byte> memory, transport::Channel& channel,
             const std::vector<transport::RemoteRegion>& boards)
    : layout_(layout),
      options_(options),
      channel_(channel),
      pending_(layout.workers),
      folded_(layout.workers, 0),
      patience_(options.fold_patience, layout.workers) {
  for (std::uint32_t i = 0; i < layout.workers; ++i) {
    lanes_.emplace_back(memory.subspan(layout.lane_offset({i}), layout.lane_bytes),
                        memory.data() + layout.tail_offset({i}));
    reads_words_.push_back(memory.data() + layout.reads_offset({i}));
    pushes_.push_back(std::make_unique<OwnerPush>(layout, options.shard, channel, boards[i]));
  }
  for (std::uint32_t k = 0; k < rows.size(); ++k) {
    if (layout.shard_of({k}) != options.shard) continue;
    rows_.push_back(std::make_unique<Row>(Key{k}, rows[k], layout, memory));
    payload_.clear();
    rows_.back()->policy->write_row(payload_);
    rows_.back()->publisher.publish(payload_, folded_);
  }
  if (options_.last_clock == Clock{0} && !options_.script)
    request_stop(StopReason::iterations_done);  // there is nothing to fold that would say so
}

Shard::~Shard() = default;

bool Shard::step(double now) {
  now_ = now;
  patience_.began(now);
  channel_.progress();
  const bool drained = drain();
  const bool published =
      stop_.reason == StopReason::running && (rows_.empty() ? end_without_rows() : fold_and_publish());
  const bool pushed = push();
  if (published)
    for (const auto& row : rows_) row->publisher.prefetch_next_slot();
  return drained || published || pushed;
}

bool Shard::drain() {
  bool any = false;
  for (std::uint32_t i = 0; i < lanes_.size(); ++i) {
    auto& queue = pending_[i];
    any |= lanes_[i].drain([&](const RecordHeader& header, std::span<const std::byte> payload) {
      if (queue.empty() || queue.back().ended)
        queue.push_back({.clock = {header.clock}, .ended = false, .updates = {}});
      PendingClock& open = queue.back();
      if (header.clock != open.clock.value)
        throw RuntimeFailure(
            fmt::format("worker {}: a record of clock {} inside clock {}", i, header.clock, open.clock.value));
      if (header.kind == RecordKind::end_of_clock) {
        open.ended = true;
        patience_.arrived({i}, now_);
      } else {
        open.updates.push_back({{header.key}, Bytes(payload.begin(), payload.end())});
      }
    });
  }
  return any;
}

bool Shard::end_without_rows() {
  if ((!options_.last_clock && !options_.script) || options_.host_board.empty()) return false;
  for (std::uint32_t i = 0; i < layout_.workers; ++i) {
    const Clock last = options_.script ? options_.script->clocks[i] : *options_.last_clock;
    if (load_word(options_.host_board.data() + layout_.clock_offset({i})) < last.value) return false;
  }
  request_stop(StopReason::iterations_done);
  return true;
}

bool Shard::everyone_finished(Clock clock) const {
  return std::all_of(pending_.begin(), pending_.end(), [clock](const auto& queue) {
    return !queue.empty() && queue.front().ended && queue.front().clock == clock;
  });
}

bool Shard::has_arrived(WorkerId writer, std::uint64_t clocks) const {
  const auto& queue = pending_[writer.value];
  const std::uint64_t complete = folded_[writer.value] + queue.size() - (!queue.empty() && !queue.back().ended);
  return complete >= clocks;
}

bool Shard::merge_by_script() {
  const FoldScript& script = *options_.script;
  if (folds_ == script.folds.size()) {  // the end, once everybody has made all its reads and clocks
    for (std::uint32_t i = 0; i < pending_.size(); ++i)
      if (!has_arrived({i}, script.clocks[i].value)) return false;
    request_stop(StopReason::iterations_done);
    return false;
  }
  const Fold& fold = script.folds[folds_];
  for (std::uint32_t i = 0; i < pending_.size(); ++i) {
    if (!has_arrived({i}, fold.clocks[i])) return false;
    const std::uint64_t reads_made = load_word(reads_words_[i]);
    for (const Key key : fold.published)
      if (script.reads[i].holds_slot(reads_made, key, version(key))) return false;
  }
  for (std::uint32_t i = 0; i < pending_.size(); ++i)
    while (folded_[i] < fold.clocks[i]) merge_next_clock({i});
  return true;
}

/// What follows from the same updates of the same clocks is the same, or they were not the same.
void Shard::check_script(const Fold& fold) const {
  const FoldScript& script = *options_.script;
  const bool is_last = folds_ == script.folds.size();
  const char* what = fold != script.folds[folds_ - 1]                         ? "publishes other rows"
                     : said_ != (is_last ? script.said : StopReason::running) ? "stops, or does not stop, the job"
                                                                              : nullptr;
  if (what != nullptr)
    throw RuntimeFailure(
        fmt::format("{}: shard {} {} after fold {}", kLeavesTheRecording, options_.shard, what, folds_));
}

bool Shard::merge() {
  if (options_.script) return merge_by_script();
  if (options_.staleness.is_bulk_synchronous()) {
    if (!everyone_finished(floor())) return false;
    for (std::uint32_t i = 0; i < pending_.size(); ++i) merge_next_clock({i});
    return true;
  }
  if (!patience_.is_over(now_, [this](WorkerId worker) { return needs_a_fold(worker); })) return false;
  bool any = false;
  for (std::uint32_t i = 0; i < pending_.size(); ++i)
    for (; !pending_[i].empty() && pending_[i].front().ended; any = true) merge_next_clock({i});
  return any;
}

// Whether the read rule keeps this worker, all of whose clocks are folded, from its next iteration.
bool Shard::needs_a_fold(WorkerId worker) const {
  const std::uint64_t own = folded_[worker.value];
  return own - std::min(own, options_.staleness.value) > floor().value;
}

void Shard::merge_next_clock(WorkerId writer) {
  const PendingClock pending = std::move(pending_[writer.value].front());
  pending_[writer.value].pop_front();
  if (pending.clock.value != folded_[writer.value])
    throw RuntimeFailure(
        fmt::format("worker {}: clock {} follows clock {}", writer.value, pending.clock.value, folded_[writer.value]));
  for (const Update& update : pending.updates) {
    Row* row = find(update.key);
    if (row == nullptr)
      throw RuntimeFailure(
          fmt::format("worker {}: an update of key {}, which is not here", writer.value, update.key.value));
    row->policy->merge(writer, pending.clock, update.payload);
  }
  folded_[writer.value] = pending.clock.next().value;
}

bool Shard::may_publish() const {
  return std::all_of(pushes_.begin(), pushes_.end(), [this](const auto& push) {
    return std::all_of(rows_.begin(), rows_.end(),
                       [&](const auto& row) { return push->flushed_newest(row->key) >= row->publisher.version(); });
  });
}

bool Shard::fold_and_publish() {
  if (!may_publish() || !merge()) return false;
  ++folds_;
  const bool is_on_tape = options_.records_folds || options_.script;
  Fold fold;
  for (auto& row : rows_) {
    const Settlement settled = row->policy->settle(
        {.next = row->publisher.version().next(), .publishes_unchanged = options_.staleness.is_bulk_synchronous()});
    if (settled.changed || options_.staleness.is_bulk_synchronous()) {
      payload_.clear();
      row->policy->write_row(payload_);
      row->publisher.publish(payload_, folded_);
      if (is_on_tape) fold.published.push_back(row->key);
    }
    if (settled.stop && said_ == StopReason::running) said_ = *settled.stop;
  }
  if (is_on_tape) fold.clocks = folded_;
  if (options_.script) {
    check_script(fold);
  } else if (said_ != StopReason::running) {
    request_stop(said_);
  } else if (options_.last_clock && floor() >= *options_.last_clock) {
    request_stop(StopReason::iterations_done);
  }
  if (options_.records_folds) recorded_folds_.push_back(std::move(fold));
  patience_.folded(now_);
  return true;
}

void Shard::request_stop(StopReason reason) {
  if (stop_.reason == StopReason::running)
    stop_ = {reason, rows_.empty() ? Version{} : rows_.front()->publisher.version()};
}

bool Shard::push() {
  bool any = false;
  newest_.clear();
  for (const auto& row : rows_) newest_.emplace_back(row->key, row->publisher.version().value);
  const std::uint64_t least = floor().value;
  for (std::uint32_t i = 0; i < pushes_.size(); ++i)
    any |= pushes_[i]->step(
        {.stop = stop_.encode(), .lane_head = lanes_[i].head(), .newest = newest_, .folded = {least, folded_[i]}});
  return any;
}

bool Shard::stop_is_known_everywhere() const {
  return std::all_of(pushes_.begin(), pushes_.end(), [](const auto& push) { return push->stop_is_known(); });
}

Clock Shard::floor() const { return {*std::min_element(folded_.begin(), folded_.end())}; }

Version Shard::version(Key key) const {
  const Row* row = find(key);
  return row == nullptr ? Version{} : row->publisher.version();
}

MergePolicy& Shard::policy(Key key) { return *find(key)->policy; }

const Shard::Row* Shard::find(Key key) const {
  const auto found = std::find_if(rows_.begin(), rows_.end(), [key](const auto& row) { return row->key == key; });
  return found == rows_.end() ? nullptr : found->get();
}

Shard::Row* Shard::find(Key key) { return const_cast<Row*>(std::as_const(*this).find(key)); }

}  // namespace wolfpack::ps
