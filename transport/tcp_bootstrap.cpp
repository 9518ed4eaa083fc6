#include "transport/tcp_bootstrap.hpp"

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <charconv>
#include <cstdlib>
#include <cstring>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <random>
#include <sys/socket.h>
#include <thread>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/environment.hpp"
#include "base/status.hpp"
#include "base/time.hpp"
#include "transport/cannot_join.hpp"
#include "transport/local_bootstrap.hpp"

namespace wolfpack::transport {
namespace {

/// What a rank says first, and what rank 0 answers. Both ends are x86-64.
constexpr std::uint64_t kHelloMagic = 0x324b434150464c57;   // "WLFPACK2"
constexpr std::uint64_t kAnswerMagic = 0x334b434150464c57;  // "WLFPACK3": a socket may be connected to itself
struct Hello {
  std::uint64_t magic = kHelloMagic;
  std::uint32_t rank = 0;
  std::uint32_t size = 0;
};
enum class Verdict : std::uint32_t { welcome, rank_is_taken, other_size };
struct Answer {
  std::uint64_t magic = kAnswerMagic;
  std::uint64_t job_id = 0;
  Verdict verdict = Verdict::welcome;
  std::uint32_t size = 0;  // that rank 0 expects
};

/// Of a connection that is made or asked for: somebody who says nothing holds nobody up for longer.
constexpr int kHelloSeconds = 2;
/// Who takes nothing in for as long, or does not answer the kernel, is gone.
constexpr int kSilenceSeconds = 30;
constexpr std::uint32_t kMostRanks = 1 << 16;
/// The others may be told of the cause by other ways, and end by themselves.
constexpr double kToBeHeardSeconds = 0.5;
/// How long rank 0 waits in the end for the others to come to theirs.
constexpr double kLeaveTogetherSeconds = 30.0;

template <class Number>
std::optional<Number> number_of(const std::string& text) {
  Number number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (text.empty() || error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

/// WORLD_SIZE where RANK is set, too, and there are others.
std::optional<std::string> several_ranks() {
  const std::string size = environment("WORLD_SIZE");
  return std::getenv("RANK") == nullptr || size.empty() || size == "1" ? std::nullopt : std::optional(size);
}

/// Whole or not at all, within kHelloSeconds a piece.
template <class Message>
bool send_message(int fd, const Message& message) {
  return send(fd, &message, sizeof message, MSG_NOSIGNAL) == sizeof message;
}
template <class Message>
bool receive_message(int fd, Message& message) {
  return recv(fd, &message, sizeof message, MSG_WAITALL) == sizeof message;
}

void set_limits(int fd, int seconds) {
  const timeval limit{seconds, 0};
  for (const int option : {SO_RCVTIMEO, SO_SNDTIMEO}) (void)setsockopt(fd, SOL_SOCKET, option, &limit, sizeof limit);
}

/// For a connection that may rest for hours: a machine that is gone is noticed within half a minute, also with data
/// under way.
void keep_alive(int fd) {
  const int on = 1, idle_seconds = 10, between_seconds = 5, probes = 4, silence_milliseconds = 1000 * kSilenceSeconds;
  (void)setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &silence_milliseconds, sizeof silence_milliseconds);
  (void)setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
  (void)setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &idle_seconds, sizeof idle_seconds);
  (void)setsockopt(fd, IPPROTO_TCP, TCP_KEEPINTVL, &between_seconds, sizeof between_seconds);
  (void)setsockopt(fd, IPPROTO_TCP, TCP_KEEPCNT, &probes, sizeof probes);
  (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

FileDescriptor listen_on(const std::string& port) {
  const auto number = number_of<std::uint16_t>(port);
  FileDescriptor listening(socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const bool has_ipv6 = listening.get() >= 0;
  if (!has_ipv6) listening = FileDescriptor(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const int on = 1, off = 0;
  (void)setsockopt(listening.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (has_ipv6) (void)setsockopt(listening.get(), IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off);
  sockaddr_in6 all6{};
  all6.sin6_family = AF_INET6;
  all6.sin6_port = htons(number.value_or(0));
  sockaddr_in all{};
  all.sin_family = AF_INET;
  all.sin_port = all6.sin6_port;
  const int bound = has_ipv6 ? bind(listening.get(), reinterpret_cast<sockaddr*>(&all6), sizeof all6)
                             : bind(listening.get(), reinterpret_cast<sockaddr*>(&all), sizeof all);
  if (bound != 0 || listen(listening.get(), SOMAXCONN) != 0)
    throw CannotJoin(
        fmt::format("MASTER_PORT={}: rank 0 cannot listen there: {}; accepted: a free port, the same in all ranks",
                    port, std::strerror(errno)));
  return listening;
}

bool has_hung_up(int fd) {
  char byte = 0;
  const ssize_t got = recv(fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT);
  return got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR);
}

/// A wait for other ranks that is told of once.
class Wait {
 public:
  explicit Wait(const TcpPatience& patience) : patience_(patience) {}

  [[nodiscard]] double seconds_left() const { return patience_.seconds - (monotonic_seconds() - start_seconds_); }
  template <class What>
  void look(What&& what) {
    constexpr double kTellAfterSeconds = 3.0;
    if (is_told_ || !patience_.tell || monotonic_seconds() - start_seconds_ < kTellAfterSeconds) return;
    is_told_ = true;
    patience_.tell(fmt::format("{}; it is waited for, {:g} s in all", what(), patience_.seconds));
  }

 private:
  const TcpPatience& patience_;
  double start_seconds_ = monotonic_seconds();
  bool is_told_ = false;
};

/// Rank 0's sockets to the others, by rank; the first is empty.
std::vector<FileDescriptor> wait_for_others(const TcpMembership& member, std::uint64_t job_id,
                                            const TcpPatience& patience) {
  const FileDescriptor listening = listen_on(member.port);
  std::vector<FileDescriptor> ranks(member.size);
  // One that has come may go again before all are there, and come back.
  const auto is_missing = [&](std::size_t rank) {
    if (ranks[rank].get() >= 0 && has_hung_up(ranks[rank].get())) ranks[rank].reset();
    return ranks[rank].get() < 0;
  };
  const auto missing = [&] {
    std::vector<std::size_t> all;
    for (std::size_t rank = 1; rank < ranks.size(); ++rank)
      if (is_missing(rank)) all.push_back(rank);
    return all;
  };
  for (Wait wait(patience); !missing().empty();) {
    const auto who = [&] {
      return fmt::format("ranks {} have not come to MASTER_PORT={}", fmt::join(missing(), ", "), member.port);
    };
    const double left = wait.seconds_left();
    if (left <= 0) throw RuntimeFailure(fmt::format("{} within {:g} s", who(), patience.seconds));
    wait.look(who);
    pollfd watched{listening.get(), POLLIN, 0};
    if (poll(&watched, 1, static_cast<int>(std::min(left, 1.0) * 1e3) + 1) <= 0) continue;
    FileDescriptor connection(accept4(listening.get(), nullptr, nullptr, SOCK_CLOEXEC));
    if (connection.get() < 0 && (errno == EMFILE || errno == ENFILE))
      throw RuntimeFailure(
          fmt::format("accept: {}: raise the limit, ulimit -n {}", std::strerror(errno), 2 * member.size));
    if (connection.get() < 0) continue;
    set_limits(connection.get(), kHelloSeconds);
    Hello hello;
    if (!receive_message(connection.get(), hello) || hello.magic != kHelloMagic) continue;  // somebody else
    Answer answer{.job_id = job_id, .size = static_cast<std::uint32_t>(member.size)};
    if (hello.size != member.size || hello.rank >= member.size)
      answer.verdict = Verdict::other_size;
    else if (hello.rank == 0 || !is_missing(hello.rank))
      answer.verdict = Verdict::rank_is_taken;
    if (!send_message(connection.get(), answer) || answer.verdict != Verdict::welcome) continue;
    keep_alive(connection.get());
    ranks[hello.rank] = std::move(connection);
  }
  return ranks;
}

/// A socket to rank 0's port; none where it cannot be had now.
FileDescriptor connect_once(const TcpMembership& member, std::string& why) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (const int error = getaddrinfo(member.address.c_str(), member.port.c_str(), &hints, &found); error != 0) {
    why = gai_strerror(error);
    return FileDescriptor();
  }
  const std::unique_ptr<addrinfo, void (*)(addrinfo*)> addresses(found, freeaddrinfo);
  for (const addrinfo* address = found; address != nullptr; address = address->ai_next) {
    FileDescriptor connection(socket(address->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0));
    set_limits(connection.get(), kHelloSeconds);
    if (connect(connection.get(), address->ai_addr, address->ai_addrlen) == 0) return connection;
    why = errno == EINPROGRESS ? "no answer" : std::strerror(errno);
  }
  return FileDescriptor();
}

/// Rank 0 may come later than this one, and its machine's name, too.
LocalBootstrap::Membership join(const TcpMembership& member, const TcpPatience& patience) {
  constexpr double kNapSeconds = 0.05;
  std::string why = "no answer";
  const auto what = [&] {
    return fmt::format("rank 0 cannot be reached at MASTER_ADDR={} MASTER_PORT={}: {}", member.address, member.port,
                       why);
  };
  for (Wait wait(patience); wait.seconds_left() > 0; sleep_seconds(kNapSeconds)) {
    wait.look(what);
    FileDescriptor connection = connect_once(member, why);
    Answer answer;
    if (connection.get() < 0 || !send_message(connection.get(), Hello{.rank = member.rank.value,
                                                                      .size = static_cast<std::uint32_t>(member.size)}))
      continue;
    set_limits(connection.get(), static_cast<int>(patience.seconds) + 1);  // others may be asked first
    if (!receive_message(connection.get(), answer) || answer.magic != kAnswerMagic) {
      why = "it is not rank 0 that answers there";
      continue;
    }
    if (answer.verdict == Verdict::rank_is_taken)
      throw CannotJoin(fmt::format("RANK={}: another process is that rank; accepted: each of 0 to {} once",
                                   member.rank.value, member.size - 1));
    if (answer.verdict == Verdict::other_size)
      throw CannotJoin(fmt::format("WORLD_SIZE={}: rank 0 expects {} ranks; accepted: the same everywhere", member.size,
                                   answer.size));
    set_limits(connection.get(), 0);
    keep_alive(connection.get());
    return {connection.release(), member.rank, member.size, answer.job_id};
  }
  throw RuntimeFailure(what());
}

/// Rank 0's thread through which all messages go.
class Exchange {
 public:
  Exchange(std::vector<FileDescriptor> ranks, std::uint64_t job_id)
      : server_(std::move(ranks), job_id, kSilenceSeconds), thread_([this] { run(); }) {}
  Exchange(const Exchange&) = delete;
  Exchange& operator=(const Exchange&) = delete;
  /// Once this rank has left: waits for the others to leave, too.
  ~Exchange() {
    leaves_at_ = monotonic_seconds() + kLeaveTogetherSeconds;
    thread_.join();
  }

 private:
  void run() {
    constexpr int kLookMilliseconds = 100;  // at leaves_at_
    for (;;) {
      std::vector<pollfd> watched;
      for (std::uint32_t i = 0; i < server_.size(); ++i) watched.push_back(server_.watched({i}));
      const bool has_left =
          std::all_of(watched.begin(), watched.end(), [](const pollfd& entry) { return entry.fd < 0; });
      if (has_left || (leaves_at_ != 0.0 && monotonic_seconds() > leaves_at_)) return;
      (void)poll(watched.data(), watched.size(), kLookMilliseconds);
      for (std::uint32_t i = 0; i < server_.size(); ++i) server_.handle({i}, watched[i].revents);
      server_.refuse_to_wait_for_the_dead();
    }
  }

  LocalBootstrapServer server_;
  std::atomic<double> leaves_at_ = 0.0;  // 0: not yet
  std::thread thread_;
};

/// A LocalBootstrap whose launcher is rank 0.
class TcpBootstrap final : public Bootstrap {
 public:
  TcpBootstrap(std::unique_ptr<Exchange> exchange, const LocalBootstrap::Membership& membership,
               std::function<void(WorkerId)> on_rank_0_lost)
      : exchange_(std::move(exchange)), client_(membership, std::move(on_rank_0_lost)) {}

  [[nodiscard]] WorkerId rank() const override { return client_.rank(); }
  [[nodiscard]] std::size_t size() const override { return client_.size(); }
  [[nodiscard]] std::uint64_t job_id() const override { return client_.job_id(); }
  [[nodiscard]] std::vector<Bytes> allgather(std::span<const std::byte> mine) override {
    return client_.allgather(mine);
  }
  [[nodiscard]] std::vector<Bytes> gather(std::span<const std::byte> mine) override { return client_.gather(mine); }
  void abandon(const std::string& why) override { client_.abandon(why); }

 private:
  std::unique_ptr<Exchange> exchange_;  // rank 0's
  LocalBootstrap client_;
};

}  // namespace

std::optional<WorkerId> tcp_rank() {
  if (!several_ranks()) return std::nullopt;
  const auto rank = number_of<std::uint32_t>(environment("RANK"));
  return rank ? std::optional(WorkerId{*rank}) : std::nullopt;
}

std::optional<TcpMembership> TcpMembership::from_environment() {
  const auto size_text = several_ranks();
  if (!size_text) return std::nullopt;
  const auto size = number_of<std::uint32_t>(*size_text);
  if (!size || *size == 0 || *size > kMostRanks)
    throw CannotJoin(
        fmt::format("WORLD_SIZE={}: accepted: 1 to {}, or unset RANK and WORLD_SIZE", *size_text, kMostRanks));
  const auto rank = number_of<std::uint32_t>(environment("RANK"));
  if (!rank || *rank >= *size)
    throw CannotJoin(fmt::format("RANK={} with WORLD_SIZE={}: accepted: 0 to {}, or unset both", environment("RANK"),
                                 *size, *size - 1));
  TcpMembership member{{*rank}, *size, environment("MASTER_ADDR"), environment("MASTER_PORT")};
  if (member.address.empty() || number_of<std::uint16_t>(member.port).value_or(0) == 0)
    throw CannotJoin(
        fmt::format("RANK={} WORLD_SIZE={} MASTER_ADDR={} MASTER_PORT={}: accepted: with the address of rank 0's "
                    "machine and a free port of it, 1 to 65535; or unset RANK",
                    *rank, *size, member.address, member.port));
  return member;
}

std::unique_ptr<Bootstrap> make_tcp_bootstrap(const TcpMembership& member, std::function<void(WorkerId)> on_rank_0_lost,
                                              const TcpPatience& patience) {
  if (member.rank.value != 0)
    return std::make_unique<TcpBootstrap>(nullptr, join(member, patience), std::move(on_rank_0_lost));
  std::random_device draw;
  const std::uint64_t job_id = (std::uint64_t{draw()} << 32) | draw();
  std::vector<FileDescriptor> ranks = wait_for_others(member, job_id, patience);
  int ends[2];
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0)
    throw RuntimeFailure(fmt::format("socketpair: {}", std::strerror(errno)));
  ranks[0] = FileDescriptor(ends[0]);
  return std::make_unique<TcpBootstrap>(std::make_unique<Exchange>(std::move(ranks), job_id),
                                        LocalBootstrap::Membership{ends[1], member.rank, member.size, job_id},
                                        std::move(on_rank_0_lost));
}

void leave_at_exit(std::unique_ptr<Bootstrap> bootstrap) {
  (void)bootstrap.release();  // never destroyed: its threads go on until the process ends
  std::atexit([] { sleep_seconds(kToBeHeardSeconds); });
}

}  // namespace wolfpack::transport
