#include "runtime/iteration.hpp"

#include <algorithm>

#include "base/time.hpp"

namespace wolfpack::runtime {

void Iteration::leave_if_stopped(const Status& status) {
  if (status.code() == StatusCode::stopped) throw JobStopped{};
  status.or_throw();
}

void Iteration::noticed(ps::Key key, const ps::Row& row) {
  trace_.version = row.version;
  trace_.staleness = observed_staleness(trace_.clock, row.floor);
  if (tape_.record != nullptr) tape_.record->push_back({trace_.clock, key, 0, row.version, row.floor, row.own_folded});
}

// The recorded read; empty where it gave way.
std::optional<ps::Row> Iteration::read_again(ps::Key key) {
  const double start = now();
  const ReadRecord& recorded = tape_.replay->next(trace_.clock, key);
  ps::Row row;
  if (recorded.version.value != 0) leave_if_stopped(client_.get_version(key, recorded.version, row));
  leave_if_stopped(client_.tell_read(key));
  trace_.get += now() - start;
  if (recorded.version.value == 0) {
    if (tape_.record != nullptr) tape_.record->push_back(recorded);
    return std::nullopt;
  }
  row.floor = recorded.floor;
  row.own_folded = recorded.own_folded;
  noticed(key, row);
  return row;
}

ps::Row Iteration::get(ps::Key key) {
  if (tape_.replay != nullptr) {
    if (const auto row = read_again(key)) return *row;
    tape_.replay->leave(trace_.clock, key);
  }
  const double start = now();
  const double helped = client_.meanwhile_seconds();
  ps::Row row;
  leave_if_stopped(client_.get(key, policy_.required_by_reads(trace_.clock), row));
  if (timed_) {
    const double waited = row.waited_seconds + client_.meanwhile_seconds() - helped;
    trace_.wait += waited;
    trace_.get += now() - start - waited;
  }
  noticed(key, row);
  return row;
}

std::optional<ps::Row> Iteration::get_newer(ps::Key key, Version than) {
  if (tape_.replay != nullptr) return read_again(key);
  const double start = now();
  const auto gives_way = [&] {  // but not before there is anything to read: a first version always comes
    return client_.newest(key).value > 0 && policy_.should_give_way(trace_.clock, client_.clocks().fastest());
  };
  leave_if_stopped(client_.wait_until([&] { return client_.newest(key) > than || gives_way(); }));
  trace_.wait += now() - start;
  leave_if_stopped(client_.check());  // what is newest now may be the result
  if (client_.newest(key) <= than) {
    if (tape_.record != nullptr) tape_.record->push_back({trace_.clock, key, 0, {}, {}, {}});
    return std::nullopt;
  }
  return get(key);
}

void Iteration::update(ps::Key key, std::span<const std::byte> value) {
  leave_if_stopped(client_.update(key, trace_.clock, value));
}

void Iteration::end_of_compute(double start_seconds) {
  const double end = monotonic_seconds();
  trace_.compute += end - start_seconds;
  if (!straggling_.spec) return;
  const double delay = straggler_delay_seconds(*straggling_.spec, trace_.worker, straggling_.workers, straggling_.seed,
                                               end - straggling_.job_start_seconds, end - start_seconds);
  if (delay <= 0) return;
  const Status status = client_.wait_until([&] {
    const double left = end + delay - monotonic_seconds();
    if (left > 0.001) sleep_seconds(std::min(left, 0.01));
    return left <= 0;
  });
  trace_.straggle += monotonic_seconds() - end;
  leave_if_stopped(status);
}

void Iteration::tick() {
  if (tape_.replay != nullptr) tape_.replay->end(trace_.clock);
  leave_if_stopped(client_.tick(trace_.clock));
}

}  // namespace wolfpack::runtime
