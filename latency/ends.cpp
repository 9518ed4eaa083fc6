#include "latency/ends.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "base/bytes.hpp"
#include "runtime/agree.hpp"

namespace wolfpack::latency {
namespace {

bool contains(const std::vector<std::uint32_t>& ranks, std::uint32_t rank) {
  return std::find(ranks.begin(), ranks.end(), rank) != ranks.end();
}

}  // namespace

Ends::Ends(transport::Bootstrap& bootstrap, transport::Transport& transport, EndsOptions options)
    : bootstrap_(bootstrap), transport_(transport), options_(std::move(options)), remotes_(bootstrap.size()) {
  const bool takes_part = contains(options_.participants, bootstrap.rank().value);
  Bytes mine;
  runtime::agree(bootstrap, [&] {
    if (!takes_part) return;
    for (const std::uint64_t bytes : options_.regions_bytes)
      regions_.push_back(transport.allocate(bytes, transport::MemoryKind::host));
    channel_ = transport.open_channel();
    ByteWriter writer(mine);
    writer.blob(transport.address());
    for (const auto& region : regions_) writer.blob(region->descriptor());
  });
  const std::vector<Bytes> all = bootstrap.allgather(mine);
  {
    const transport::ServingThread serving(transport);
    runtime::agree(bootstrap, [&] {
      if (!takes_part) return;
      for (const std::uint32_t rank : options_.participants) {
        ByteReader reader(all[rank]);
        const auto address = reader.blob();
        const transport::PeerIndex peer = channel_->connect(address, options_.names[rank]);
        while (!reader.rest().empty()) remotes_[rank].push_back(channel_->open(peer, reader.blob()));
      }
    });
  }
  bootstrap.barrier();  // from here on nobody serves but who waits
}

Ends::~Ends() { channel_.reset(); }  // before the regions that its operations may still fill

void Ends::close() {
  {
    const transport::ServingThread serving(transport_);
    runtime::agree(bootstrap_, [&] {
      if (takes_part()) flush_all();
      channel_.reset();
    });
  }
  bootstrap_.barrier();
  regions_.clear();
}

void Ends::leave_end_words() const {
  const auto word = std::as_bytes(std::span(&over_, 1));
  transport::Completion unnoticed;
  for (const std::uint32_t rank : options_.participants)
    if (rank != bootstrap_.rank().value) (void)channel_->put(remote(rank, 0), kEndWordOffset, word, unnoticed);
  channel_->progress();
}

void Ends::put_end_words() const {
  const auto word = std::as_bytes(std::span(&over_, 1));
  transport::Completion done;
  for (const std::uint32_t rank : options_.participants) {
    if (rank == bootstrap_.rank().value) continue;
    channel_->put(remote(rank, 0), kEndWordOffset, word, done).or_throw();
    channel_->flush(remote(rank, 0).peer, done).or_throw();
  }
  const auto check = [this, deadline = monotonic_seconds() + options_.manners.patience_seconds] {
    serve();
    return monotonic_seconds() < deadline ? Status() : silent();
  };
  transport::wait(*channel_, done, check).or_throw();
}

void Ends::flush_all() {
  transport::Completion done;
  for (const auto& remotes : remotes_)
    if (!remotes.empty()) channel_->flush(remotes.front().peer, done).or_throw();
  transport::wait(*channel_, done, options_.manners.patience_seconds).or_throw();
}

Status Ends::look_at_the_clock() const {
  if (has_failed_target()) return {StatusCode::peer_lost, "a target has failed"};
  const double now = monotonic_seconds();
  if (deadline_ == 0.0) deadline_ = now + options_.manners.patience_seconds;
  return now < deadline_ ? Status() : silent();
}

Status Ends::silent() const {
  met_silence_ = true;
  std::string others;
  for (const std::uint32_t rank : options_.participants)
    if (rank != bootstrap_.rank().value) others += (others.empty() ? "" : ", ") + options_.names[rank];
  return {StatusCode::deadline_exceeded,
          fmt::format("{} did not answer for {:g} s", others, options_.manners.patience_seconds)};
}

}  // namespace wolfpack::latency
