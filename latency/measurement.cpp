#include "latency/measurement.hpp"

#include <array>
#include <exception>

#include "base/bytes.hpp"
#include "latency/verbs_operations.hpp"
#include "runtime/agree.hpp"
#include "runtime/signals.hpp"
#include "transport/probe.hpp"

namespace wolfpack::latency {
namespace {

constexpr double kProbePatienceSeconds = 0.05;

/// This rank's part. Whoever fails tells the others, who would wait for it.
void take_part(const Circumstances& all, Operation& operation, const Ends& ends, const Roles& roles,
               const MeterSettings& meter, Outcome& own) {
  try {
    if (!roles.initiates()) {
      while (ends.end_word() == 0) operation.attend();
      return;
    }
    const auto perform = [&](std::uint64_t count) { return operation.perform(count); };
    own.measurement = measure(all.clock, meter, perform, runtime::interrupt_requested);
    own.lanes = operation.lanes();
  } catch (const std::exception&) {
    if (ends.has_failed_target()) {  // it says what was wrong
      ends.put_end_words();
      return;
    }
    if (ends.met_silence())
      ends.leave_end_words();
    else
      ends.put_end_words();
    throw;
  }
  ends.put_end_words();
}

Bytes encode(const Outcome& outcome) {
  Bytes out;
  ByteWriter writer(out);
  writer.value(outcome.measurement.batch);
  writer.value(outcome.measurement.timings);
  writer.blob(outcome.measurement.times.encode());
  writer.text(outcome.lanes);
  return out;
}

Outcome decode(const Bytes& bytes) {
  ByteReader reader(bytes);
  Outcome outcome;
  outcome.measurement.batch = reader.value<std::uint64_t>();
  outcome.measurement.timings = reader.value<std::uint64_t>();
  const auto times = reader.blob();
  outcome.measurement.times = Histogram::decode(Bytes(times.begin(), times.end()));
  outcome.lanes = reader.text();
  return outcome;
}

}  // namespace

Outcome measure_operation(const Circumstances& all, OperationKind kind, std::uint64_t bytes, const Roles& roles,
                          const MeterSettings& meter) {
  EndsOptions options{.participants = roles.participants(),
                      .regions_bytes = {},
                      .names = all.names,
                      .manners = all.manners,
                      .initiates = roles.initiates()};
  if (roles.takes_part()) options.regions_bytes = regions_of(kind, bytes, roles, all.bootstrap.size());
  std::unique_ptr<Operation> operation;  // outlives the channel, which may still read or fill its memory
  Ends ends(all.bootstrap, all.transport, std::move(options));
  Outcome own;
  {
    if (describe(kind).is_verbs) {
      const transport::ServingThread serving(all.transport);
      operation = make_verbs_operation(kind, bytes, roles, all.bootstrap, all.names, ends);
    }
    runtime::agree(all.bootstrap, [&] {
      if (roles.takes_part() && !operation) operation = make_operation(kind, bytes, roles, all.bootstrap.size(), ends);
    });
    std::exception_ptr failure;
    try {
      if (operation) take_part(all, *operation, ends, roles, meter, own);
    } catch (...) {
      failure = std::current_exception();
    }
    // Who does not answer will not come to agree either: this rank speaks for itself.
    if (failure && ends.met_silence()) std::rethrow_exception(failure);
    // Of a target that has seen the end, the flush of it may not have been served yet.
    const transport::ServingThread serving(all.transport);
    runtime::agree(all.bootstrap, [&] {
      if (failure) std::rethrow_exception(failure);
    });
    const std::vector<Bytes> outcomes = all.bootstrap.allgather(roles.initiates() ? encode(own) : Bytes());
    if (all.bootstrap.rank().value == 0) own = decode(outcomes[roles.initiator]);
  }
  ends.close();
  return own;
}

PairFacts probe_pair(const Circumstances& all, const Pair& pair) {
  const Roles roles{.initiator = pair.initiator, .targets = {pair.target}, .self = all.bootstrap.rank().value};
  EndsOptions options{
      .participants = roles.participants(), .regions_bytes = {4096}, .names = all.names, .manners = all.manners};
  std::uint64_t word = 0, before = 0;
  transport::Completion got, added;
  Ends ends(all.bootstrap, all.transport, std::move(options));
  std::array<transport::OneSided, 2> found{transport::OneSided::native, transport::OneSided::native};
  all.bootstrap.barrier();  // nobody serves from here to the next one
  runtime::agree(all.bootstrap, [&] {
    if (!roles.initiates()) return;
    const transport::RemoteRegion& remote = ends.remote(pair.target, 0);
    found[0] =
        transport::probe(ends.channel(), std::span(&remote, 1), 0, std::span(&word, 1), got, kProbePatienceSeconds);
    found[1] = transport::probe_fetch_add(ends.channel(), remote, 8, before, added, kProbePatienceSeconds);
  });
  const std::vector<Bytes> told = all.bootstrap.allgather(std::as_bytes(std::span(found)));
  {
    const transport::ServingThread serving(all.transport);
    runtime::agree(all.bootstrap, [&] {
      if (!roles.initiates()) return;
      transport::wait(ends.channel(), got, all.manners.patience_seconds).or_throw();
      transport::wait(ends.channel(), added, all.manners.patience_seconds).or_throw();
    });
  }
  ends.close();
  ByteReader reader(told[pair.initiator]);
  PairFacts facts{.pair = pair};
  facts.one_sided = reader.value<transport::OneSided>();
  facts.atomics = reader.value<transport::OneSided>();
  return facts;
}

}  // namespace wolfpack::latency
