#include "transport/local_bootstrap.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <poll.h>
#include <random>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>
#include <utility>

#include <fmt/format.h>

#include "base/bytes.hpp"
#include "base/status.hpp"
#include "base/time.hpp"

namespace wolfpack::transport {
namespace {

[[noreturn]] void fail(const char* call) {
  throw RuntimeFailure(fmt::format("local bootstrap: {}: {}", call, std::strerror(errno)));
}

void write_all(int fd, std::span<const std::byte> bytes) {
  while (!bytes.empty()) {
    const ssize_t written = send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) fail("send");
    bytes = bytes.subspan(static_cast<std::size_t>(written));
  }
}

void read_all(int fd, std::span<std::byte> bytes) {
  while (!bytes.empty()) {
    const ssize_t got = recv(fd, bytes.data(), bytes.size(), 0);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) fail("recv");
    if (got == 0) throw RuntimeFailure("local bootstrap: the launcher is gone");
    bytes = bytes.subspan(static_cast<std::size_t>(got));
  }
}

/// Instead of a length: what comes is no answer, but why there is none.
constexpr std::uint64_t kRefusal = ~std::uint64_t{0};

/// Beside the length of what a child says: only rank 0 is to hear what all say.
constexpr std::uint64_t kForRank0 = std::uint64_t{1} << 63;

std::uint64_t first_word(std::span<const std::byte> message) { return ByteReader(message).value<std::uint64_t>(); }

Bytes read_message(int fd) {
  std::uint64_t size = 0;
  read_all(fd, std::as_writable_bytes(std::span(&size, 1)));
  const bool is_refused = size == kRefusal;
  if (is_refused) read_all(fd, std::as_writable_bytes(std::span(&size, 1)));
  Bytes message(size);
  read_all(fd, message);
  if (is_refused) throw PeerFailure(std::string(reinterpret_cast<const char*>(message.data()), message.size()));
  return message;
}

void let_it_not_block(int fd) {
  if (fcntl(fd, F_SETFL, O_NONBLOCK) != 0) fail("fcntl");
}

}  // namespace

std::string LocalBootstrap::Membership::to_environment() const {
  return fmt::format("{}:{}:{}:{}", socket, rank.value, size, job_id);
}

std::optional<LocalBootstrap::Membership> LocalBootstrap::Membership::from_environment() {
  const char* text = std::getenv(kEnvironment);
  if (text == nullptr) return std::nullopt;
  Membership membership;
  unsigned rank = 0;
  unsigned long long size = 0, job_id = 0;
  if (std::sscanf(text, "%d:%u:%llu:%llu", &membership.socket, &rank, &size, &job_id) != 4 || rank >= size)
    throw RuntimeFailure(fmt::format("{}={}: not what a launcher sets; unset it", kEnvironment, text));
  membership.rank = {rank};
  membership.size = size;
  membership.job_id = job_id;
  return membership;
}

LocalBootstrap::LocalBootstrap(const Membership& membership, std::function<void(WorkerId)> on_launcher_lost)
    : membership_(membership), socket_(membership.socket), stop_watching_(eventfd(0, EFD_CLOEXEC)) {
  if (stop_watching_.get() < 0) fail("eventfd");
  if (fcntl(socket_.get(), F_SETFD, FD_CLOEXEC) != 0) fail("the launcher's socket");
  watcher_ = std::thread([this, lost = std::move(on_launcher_lost)] { watch(lost); });
}

LocalBootstrap::~LocalBootstrap() {
  const std::uint64_t one = 1;
  (void)!write(stop_watching_.get(), &one, sizeof one);
  watcher_.join();
}

void LocalBootstrap::watch(const std::function<void(WorkerId)>& on_launcher_lost) const {
  pollfd watched[] = {{socket_.get(), POLLRDHUP, 0}, {stop_watching_.get(), POLLIN, 0}};
  while (poll(watched, 2, -1) < 0 && errno == EINTR) {
  }
  if (watched[0].revents != 0 && !abandoned_)
    on_launcher_lost(membership_.rank);  // also where this process is about to end by itself
}

std::vector<Bytes> LocalBootstrap::allgather(std::span<const std::byte> mine) { return exchange(mine, 0); }

std::vector<Bytes> LocalBootstrap::gather(std::span<const std::byte> mine) { return exchange(mine, kForRank0); }

std::vector<Bytes> LocalBootstrap::exchange(std::span<const std::byte> mine, std::uint64_t flags) try {
  const std::uint64_t size = mine.size() | flags;
  write_all(socket_.get(), std::as_bytes(std::span(&size, 1)));
  write_all(socket_.get(), mine);
  std::vector<Bytes> all(membership_.size);
  for (auto& message : all) message = read_message(socket_.get());
  return all;
} catch (const RuntimeFailure&) {
  if (abandoned_) throw PeerFailure(why_abandoned_);
  throw;
}

void LocalBootstrap::abandon(const std::string& why) {
  if (abandoned_) return;
  why_abandoned_ = why;
  abandoned_ = true;
  shutdown(socket_.get(), SHUT_RDWR);  // wakes who reads it
}

LocalBootstrapServer::LocalBootstrapServer(std::size_t size)
    : job_id_((std::uint64_t{std::random_device{}()} << 32) | std::random_device{}()), peers_(size) {
  for (auto& peer : peers_) {
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) fail("socketpair");
    peer.ours = FileDescriptor(ends[0]);
    peer.theirs = FileDescriptor(ends[1]);
    let_it_not_block(ends[0]);
  }
}

LocalBootstrapServer::LocalBootstrapServer(std::vector<FileDescriptor> sockets, std::uint64_t job_id,
                                           double patience_seconds)
    : job_id_(job_id), peers_(sockets.size()), patience_seconds_(patience_seconds) {
  for (std::size_t i = 0; i < sockets.size(); ++i) {
    let_it_not_block(sockets[i].get());
    peers_[i].ours = std::move(sockets[i]);
  }
}

LocalBootstrap::Membership LocalBootstrapServer::membership(WorkerId rank) const {
  return {peers_[rank.value].theirs.get(), rank, peers_.size(), job_id_};
}

void LocalBootstrapServer::close_child_end(WorkerId rank) { peers_[rank.value].theirs.reset(); }

pollfd LocalBootstrapServer::watched(WorkerId rank) const {
  const Peer& peer = peers_[rank.value];
  return {peer.ours.get(), static_cast<short>(peer.answer ? POLLIN | POLLOUT : POLLIN), 0};
}

void LocalBootstrapServer::handle(WorkerId rank, short events) {
  const Peer& peer = peers_[rank.value];
  if ((events & POLLOUT) != 0) send_more(rank);
  if (peer.answer && monotonic_seconds() - peer.sent_at > patience_seconds_) hang_up(rank);
  if (peer.ours.get() >= 0 && (events & ~POLLOUT) != 0) receive(rank);
}

void LocalBootstrapServer::receive(WorkerId from) {
  Peer& peer = peers_[from.value];
  std::byte buffer[65536];
  for (;;) {
    const ssize_t got = recv(peer.ours.get(), buffer, sizeof buffer, 0);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0 && errno == EAGAIN) break;
    if (got <= 0) {
      hang_up(from);
      break;
    }
    peer.received.insert(peer.received.end(), buffer, buffer + got);
  }
  answer_if_complete();
}

bool LocalBootstrapServer::waits_for_the_dead() const {
  bool lost = false, waiting = false;
  for (const auto& peer : peers_) {
    lost = lost || (peer.ours.get() < 0 && peer.received.empty());
    waiting = waiting || !peer.received.empty();
  }
  return lost && waiting;
}

void LocalBootstrapServer::refuse_to_wait_for_the_dead() {
  if (!waits_for_the_dead()) return;
  const std::string why = fmt::format("worker {} is lost: it ended while others waited for it", first_gone_->value);
  const auto refusal = std::make_shared<Bytes>();
  ByteWriter writer(*refusal);
  writer.value(kRefusal);
  writer.blob(std::as_bytes(std::span(why)));
  for (std::uint32_t i = 0; i < peers_.size(); ++i)
    if (!std::exchange(peers_[i].received, {}).empty()) send({i}, refusal);
}

bool LocalBootstrapServer::Peer::has_message() const {
  return received.size() >= 8 && received.size() - 8 >= (first_word(received) & ~kForRank0);
}

void LocalBootstrapServer::answer_if_complete() {
  if (!std::all_of(peers_.begin(), peers_.end(), [](const Peer& peer) { return peer.has_message(); })) return;
  const auto answer = std::make_shared<Bytes>();
  ByteWriter writer(*answer);
  bool is_for_all = true;
  for (auto& peer : peers_) {
    is_for_all = is_for_all && (first_word(peer.received) & kForRank0) == 0;
    writer.blob(std::span(peer.received).subspan(sizeof(std::uint64_t)));
    peer.received.clear();
  }
  const auto nothing = is_for_all ? answer : std::make_shared<Bytes>(sizeof(std::uint64_t) * peers_.size());
  for (std::uint32_t i = 0; i < peers_.size(); ++i) send({i}, i == 0 ? answer : nothing);
}

void LocalBootstrapServer::hang_up(WorkerId on) {
  Peer& peer = peers_[on.value];
  if (!first_gone_) first_gone_ = on;
  peer.ours.reset();
  peer.answer.reset();
  if (!peer.has_message()) peer.received.clear();  // the rest will not come
}

/// Who has died is noticed elsewhere: by the launcher, from waitpid, or when its socket is read.
void LocalBootstrapServer::send(WorkerId to, std::shared_ptr<const Bytes> answer) {
  Peer& peer = peers_[to.value];
  if (peer.ours.get() < 0) return;
  peer.answer = std::move(answer);
  peer.sent_bytes = 0;
  peer.sent_at = monotonic_seconds();
  send_more(to);
}

void LocalBootstrapServer::send_more(WorkerId to) {
  Peer& peer = peers_[to.value];
  while (peer.answer) {
    const auto rest = std::span(*peer.answer).subspan(peer.sent_bytes);
    const ssize_t sent = ::send(peer.ours.get(), rest.data(), rest.size(), MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent < 0 && errno == EAGAIN) return;
    if (sent > 0) {
      peer.sent_bytes += static_cast<std::size_t>(sent);
      peer.sent_at = monotonic_seconds();
    }
    if (sent < 0 || peer.sent_bytes == peer.answer->size()) peer.answer.reset();
  }
}

}  // namespace wolfpack::transport
