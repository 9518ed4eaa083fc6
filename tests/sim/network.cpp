#include "tests/sim/network.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

#include "base/bytes.hpp"
#include "base/time.hpp"
#include "base/words.hpp"

namespace wolfpack::sim {

using transport::Completion;
using transport::PeerIndex;
using transport::RemoteRegion;

Network::Network(Simulation& simulation, const Weather& weather, std::size_t processes, Wrap wrap)
    : simulation_(simulation), weather_(weather), wrap_(std::move(wrap)), processes_(processes) {}
Network::~Network() = default;

void Network::reach(const Memory& memory) {
  if (memory.given_back && !simulation_.is_dead(memory.process)) ++reaches_into_freed_memory_;
}

class SimulatedRegion final : public transport::Region {
 public:
  SimulatedRegion(Network& network, std::size_t process, std::size_t size_bytes) : number_(network.memories_.size()) {
    memory_ = std::make_shared<Network::Memory>();
    memory_->process = process;
    memory_->size_bytes = size_bytes;
    memory_->words.resize((size_bytes + 7) / 8);
    network.memories_.push_back(memory_);
  }
  SimulatedRegion(const SimulatedRegion&) = delete;
  SimulatedRegion& operator=(const SimulatedRegion&) = delete;
  ~SimulatedRegion() override { memory_->given_back = true; }

  [[nodiscard]] std::span<std::byte> bytes() const override { return {memory_->bytes(), memory_->size_bytes}; }
  [[nodiscard]] transport::MemoryKind kind() const override { return transport::MemoryKind::host; }
  [[nodiscard]] Bytes descriptor() const override {
    Bytes out;
    ByteWriter(out).value<std::uint64_t>(number_);
    return out;
  }

 private:
  std::shared_ptr<Network::Memory> memory_;
  std::uint64_t number_;
};

/// What an operation under way refers to: outlives its channel.
struct Network::Line {
  struct Operation {
    Completion::State* completion;
    std::size_t target;
    std::string peer;
    bool ended = false;
    Status outcome;
  };
  using Handle = std::shared_ptr<Operation>;

  void end(const Handle& operation, Status outcome) {
    if (closed || std::exchange(operation->ended, true)) return;
    operation->outcome = std::move(outcome);
    ended.push_back(operation);
  }

  bool closed = false;
  std::vector<Handle> under_way;
  std::deque<Handle> ended;  // progress() tells their completions
};

namespace {

Status lost(const std::string& peer) { return {StatusCode::transport_error, peer + ": connection reset by peer"}; }

}  // namespace

void Network::kill(std::size_t process) {
  simulation_.kill(process);
  if (!weather_.emulated) return;  // its memory stays where it is
  for (const auto& weak : lines_)
    if (const auto line = weak.lock())
      simulation_.at(simulation_.now_seconds() + latency(), [line, process] {
        for (const auto& operation : line->under_way)
          if (operation->target == process) line->end(operation, lost(operation->peer));
      });
}

class SimulatedChannel final : public transport::Channel {
 public:
  SimulatedChannel(Network& network, std::size_t process)
      : network_(network), process_(process), line_(std::make_shared<Network::Line>()) {
    network_.lines_.push_back(line_);
  }
  SimulatedChannel(const SimulatedChannel&) = delete;
  SimulatedChannel& operator=(const SimulatedChannel&) = delete;
  ~SimulatedChannel() override {
    line_->closed = true;
    for (const auto& operation : line_->under_way)
      Completion::finish(operation->completion,
                         operation->ended ? operation->outcome : Status(StatusCode::transport_error, "closed"));
  }

  PeerIndex connect(std::span<const std::byte> address, const std::string& name) override {
    peers_.push_back({.process = ByteReader(address).value<std::uint64_t>(), .name = name});
    return {static_cast<std::uint32_t>(peers_.size() - 1)};
  }
  RemoteRegion open(PeerIndex peer, std::span<const std::byte> descriptor) override {
    regions_.push_back(network_.memories_.at(ByteReader(descriptor).value<std::uint64_t>()));
    return {peer, static_cast<std::uint32_t>(regions_.size() - 1), regions_.back()->size_bytes};
  }

  Status put(const RemoteRegion& to, std::uint64_t offset, std::span<const std::byte> source,
             Completion& done) override {
    return put(Order::none, to, offset, source, done);
  }
  Status ordered_put(const RemoteRegion& to, std::uint64_t offset, std::span<const std::byte> source,
                     Completion& done) override {
    return put(Order::after_earlier_puts, to, offset, source, done);
  }
  Status get(const RemoteRegion& from, std::uint64_t offset, std::span<std::byte> destination,
             Completion& done) override {
    if (!from.holds(offset, destination.size())) return transport::past_the_end(from, offset, destination.size());
    Peer& peer = peers_[from.peer.value];
    if (Status status = ready(peer); !status.ok() || is_dead()) return status;
    const auto operation = begin(done, peer);
    start_in_turn(peer, Order::none, [=, this, &peer] {
      if (network_.weather_.emulated)
        ask_to_get(peer, regions_[from.index], offset, destination, operation);
      else
        get_piecewise(peer, regions_[from.index], offset, destination, operation);
    });
    return {};
  }
  Status fetch_add(const RemoteRegion& to, std::uint64_t offset, std::uint64_t value, std::uint64_t& before,
                   Completion& done) override {
    if (!to.holds(offset, sizeof value)) return transport::past_the_end(to, offset, sizeof value);
    Peer& peer = peers_[to.peer.value];
    if (Status status = ready(peer); !status.ok() || is_dead()) return status;
    const auto operation = begin(done, peer);
    start_in_turn(peer, Order::none, [=, this, &peer, &before] {
      const auto add = [=, &network = network_, &before, line = line_, memory = regions_[to.index]] {
        network.reach(*memory);
        const std::uint64_t held = add_to_word(memory->bytes() + offset, value);
        answer(network, line, operation, network.latency(), [held, &before] { before = held; });
      };
      if (network_.weather_.emulated)
        ask(peer, now(), network_.latency(), add);
      else
        network_.simulation_.at(now() + network_.latency(), add);
    });
    return {};
  }
  Status flush(PeerIndex index, Completion& done) override {
    Peer& peer = peers_[index.value];
    if (Status status = ready(peer); !status.ok() || is_dead()) return status;
    const auto operation = begin(done, peer);
    start_in_turn(peer, Order::none, [=, this, &peer] {
      if (network_.weather_.emulated)
        ask(peer, now(), network_.latency(), [&network = network_, line = line_, operation] {
          answer(network, line, operation, network.latency(), [] {});
        });
      else
        end_at(std::max({now(), peer.puts_landed_at, peer.gets_done_at}) + network_.latency(), operation);
    });
    return {};
  }
  void progress() override {
    for (Peer& peer : peers_)
      for (; !peer.held.empty() && may_start(peer, peer.held.front().order); peer.held.pop_front())
        peer.held.front().start();
    for (; !line_->ended.empty(); line_->ended.pop_front()) {
      const auto operation = line_->ended.front();
      auto& under_way = line_->under_way;
      under_way.erase(std::find(under_way.begin(), under_way.end(), operation));
      Completion::finish(operation->completion, operation->outcome);
    }
  }
  [[nodiscard]] std::string lanes(PeerIndex) const override { return "simulated"; }

 private:
  using Handle = Network::Line::Handle;
  using MemoryHandle = std::shared_ptr<Network::Memory>;

  enum class Order { none, after_earlier_puts };

  /// An operation that progress() has to start, as the channel's thread has to where a put waits for a flush.
  struct Held {
    Order order;
    std::function<void()> start;
  };
  struct Peer {
    std::size_t process;
    std::string name;
    std::deque<Held> held = {};
    double puts_landed_at = 0.0;
    double gets_done_at = 0.0;
    double asked_at = 0.0;  // emulated: requests arrive in order
  };

  [[nodiscard]] double now() const { return network_.simulation_.now_seconds(); }
  /// A dead process's calls, made while it is unwound, do nothing.
  [[nodiscard]] bool is_dead() const { return network_.simulation_.is_dead(process_); }

  Status ready(const Peer& peer) {
    detail::before_shared_access();
    return network_.weather_.emulated && network_.simulation_.is_dead(peer.process) ? lost(peer.name) : Status();
  }
  [[nodiscard]] bool may_start(const Peer& peer, Order order) const {
    return order == Order::none || now() >= peer.puts_landed_at;
  }
  void start_in_turn(Peer& peer, Order order, std::function<void()> start) {
    if (peer.held.empty() && may_start(peer, order)) return start();
    peer.held.push_back({order, std::move(start)});
  }
  Handle begin(Completion& done, const Peer& peer) {
    const auto operation = std::make_shared<Network::Line::Operation>(
        Network::Line::Operation{done.begin(in_flight_), peer.process, peer.name, false, {}});
    line_->under_way.push_back(operation);
    return operation;
  }
  void end_at(double seconds, const Handle& operation) {
    network_.simulation_.at(seconds, [line = line_, operation] { line->end(operation, {}); });
  }

  /// Cuts [offset, offset + bytes) at aligned words into pieces of random sizes.
  template <class Visit>
  void for_each_piece(std::uint64_t offset, std::size_t bytes, Visit visit) {
    for (std::size_t start = 0; start < bytes;) {
      const std::uint64_t most = 8 * (1 + below(network_.simulation_.random(), network_.weather_.largest_piece / 8));
      const std::uint64_t end = std::min<std::uint64_t>((offset + start + most) / 8 * 8 - offset, bytes);
      visit(start, end - start);
      start = end;
    }
  }

  void get_piecewise(Peer& peer, const MemoryHandle& memory, std::uint64_t offset, std::span<std::byte> destination,
                     const Handle& operation) {
    double last = now();
    const double whole = network_.weather_.whole(network_.random(), LatencyTable::Operation::get, destination.size());
    for_each_piece(offset, destination.size(), [&](std::size_t start, std::size_t bytes) {
      const double when =
          now() + network_.weather_.piece(network_.random(), whole, start + bytes == destination.size());
      last = std::max(last, when);
      network_.simulation_.at(when, [&network = network_, line = line_, memory, offset, destination, start, bytes] {
        if (line->closed) return;
        network.reach(*memory);
        std::memcpy(destination.data() + start, memory->bytes() + offset + start, bytes);
      });
    });
    peer.gets_done_at = std::max(peer.gets_done_at, last);
    end_at(last, operation);
  }

  void ask_to_get(Peer& peer, const MemoryHandle& memory, std::uint64_t offset, std::span<std::byte> destination,
                  const Handle& operation) {
    const double whole = network_.weather_.whole(network_.random(), LatencyTable::Operation::get, destination.size());
    const double there = network_.weather_.one_way(network_.random(), whole);
    ask(peer, now(), there, [&network = network_, line = line_, memory, offset, destination, operation, whole] {
      network.reach(*memory);
      Bytes copy(destination.size());
      load_shared(copy, memory->bytes() + offset);  // word by word: others may run in between
      answer(network, line, operation, network.weather_.one_way(network.random(), whole),
             [copy, destination] { std::copy(copy.begin(), copy.end(), destination.begin()); });
    });
  }

  Status put(Order order, const RemoteRegion& to, std::uint64_t offset, std::span<const std::byte> source,
             Completion& done) {
    if (!to.holds(offset, source.size())) return transport::past_the_end(to, offset, source.size());
    Peer& peer = peers_[to.peer.value];
    if (Status status = ready(peer); !status.ok() || is_dead()) return status;
    const auto operation = begin(done, peer);
    start_in_turn(peer, order, [=, this, &peer] {
      if (network_.weather_.emulated)
        ask_to_put(peer, regions_[to.index], offset, source, operation);
      else
        put_piecewise(peer, regions_[to.index], offset, source, operation);
    });
    return {};
  }

  void put_piecewise(Peer& peer, const MemoryHandle& memory, std::uint64_t offset, std::span<const std::byte> source,
                     const Handle& operation) {
    double last_read = now();
    const double whole = network_.weather_.whole(network_.random(), LatencyTable::Operation::put, source.size());
    for_each_piece(offset, source.size(), [&](std::size_t start, std::size_t bytes) {
      const auto [read_at, lands_at] =
          network_.weather_.put_piece(network_.random(), now(), whole, start + bytes == source.size());
      last_read = std::max(last_read, read_at);
      peer.puts_landed_at = std::max(peer.puts_landed_at, lands_at);
      const auto piece = std::make_shared<Bytes>();
      network_.simulation_.at(read_at,
                              [&network = network_, process = process_, line = line_, piece, source, start, bytes] {
                                if (line->closed || network.simulation_.is_dead(process)) return;
                                const auto part = source.subspan(start, bytes);
                                piece->assign(part.begin(), part.end());
                              });
      network_.simulation_.at(lands_at, [&network = network_, memory, piece, offset, start] {
        if (piece->empty()) return;
        network.reach(*memory);
        std::memcpy(memory->bytes() + offset + start, piece->data(), piece->size());
      });
    });
    end_at(last_read, operation);
  }

  void ask_to_put(Peer& peer, const MemoryHandle& memory, std::uint64_t offset, std::span<const std::byte> source,
                  const Handle& operation) {
    const double whole = network_.weather_.whole(network_.random(), LatencyTable::Operation::put, source.size());
    const Weather::Sending sending = network_.weather_.sending(network_.random(), now(), peer.asked_at, whole);
    const auto copy = std::make_shared<Bytes>();
    network_.simulation_.at(sending.sent_at,
                            [&network = network_, process = process_, line = line_, copy, source, operation] {
                              if (line->closed || network.simulation_.is_dead(process)) return;
                              copy->assign(source.begin(), source.end());
                              line->end(operation, {});
                            });
    ask(peer, sending.sent_at, sending.travels, [&network = network_, memory, offset, copy] {
      network.reach(*memory);
      store_shared(memory->bytes() + offset, *copy);  // word by word: others may run in between
    });
  }

  /// The target carries `request` out when it serves.
  void ask(Peer& peer, double earliest, double travels, std::function<void()> request) {
    peer.asked_at = network_.weather_.arrives_at(peer.asked_at, earliest, travels);
    network_.simulation_.at(peer.asked_at, [&network = network_, target = peer.process, request = std::move(request)] {
      Network::Process& process = network.processes_[target];
      process.requests.push_back(request);
      if (std::exchange(process.sleeps, false)) network.simulation_.wake(process.serving_thread);
    });
  }
  /// In the target's thread.
  static void answer(Network& network, const std::shared_ptr<Network::Line>& line, const Handle& operation,
                     double travels, const std::function<void()>& effect) {
    network.simulation_.at(network.simulation_.now_seconds() + travels, [line, operation, effect] {
      if (line->closed || operation->ended) return;
      effect();
      line->end(operation, {});
    });
  }

  Network& network_;
  std::size_t process_;
  std::shared_ptr<Network::Line> line_;
  std::uint64_t in_flight_ = 0;
  std::deque<Peer> peers_;  // whose places stay: what is held refers to them
  std::vector<MemoryHandle> regions_;
};

class SimulatedTransport final : public transport::Transport {
 public:
  SimulatedTransport(Network& network, std::size_t process) : network_(network), process_(process) {}

  [[nodiscard]] std::unique_ptr<transport::Region> allocate(std::size_t size_bytes, transport::MemoryKind) override {
    return std::make_unique<SimulatedRegion>(network_, process_, size_bytes);
  }
  [[nodiscard]] std::unique_ptr<transport::Channel> open_channel() override {
    std::unique_ptr<transport::Channel> channel = std::make_unique<SimulatedChannel>(network_, process_);
    const std::size_t opened = network_.processes_[process_].channels++;
    return network_.wrap_ ? network_.wrap_(std::move(channel), process_, opened) : std::move(channel);
  }
  [[nodiscard]] Bytes address() const override {
    Bytes out;
    ByteWriter(out).value<std::uint64_t>(process_);
    return out;
  }
  bool serve() override {
    auto& requests = network_.processes_[process_].requests;
    if (requests.empty()) return false;
    const auto request = std::move(requests.front());
    requests.pop_front();
    request();
    detail::before_shared_access();
    return true;
  }
  void wait_for_requests(double seconds) override {
    Network::Process& process = network_.processes_[process_];
    if (!process.requests.empty()) return;
    process.serving_thread = network_.simulation_.thread();
    process.sleeps = true;
    sleep_seconds(seconds);
    process.sleeps = false;
  }
  [[nodiscard]] std::string name() const override { return "simulated"; }
  [[nodiscard]] std::string library() const override { return "none"; }

 private:
  Network& network_;
  std::size_t process_;
};

std::unique_ptr<transport::Transport> Network::transport(std::size_t process) {
  return std::make_unique<SimulatedTransport>(*this, process);
}

}  // namespace wolfpack::sim
