// One-sided communication as bad as the contract of transport/transport.hpp allows: delayed, split, torn between words,
// out of order where no order is promised.
//
//     Network network(simulation, Weather::of(random), processes);
//     auto transport = network.transport(process);         // in that process's main thread
//
// Native: a put is cut into pieces, each of which reads its source at some time and lands at some later time; a get
// likewise; nothing else is ordered but what ordered_put() and flush() order, and an ordered put that has to wait is
// only started by progress(). Emulated: operations queue, in order, at the target, and take effect when it serves; an
// operation with a dead peer fails.
//
// What must never happen is counted: operations that land in memory which its owner has given back.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "tests/sim/simulation.hpp"
#include "tests/sim/weather.hpp"
#include "transport/transport.hpp"

namespace wolfpack::sim {

class Network {
 public:
  /// May wrap a channel, to break it. `opened` counts the channels of that process so far.
  using Wrap = std::function<std::unique_ptr<transport::Channel>(std::unique_ptr<transport::Channel>,
                                                                 std::size_t process, std::size_t opened)>;

  Network(Simulation& simulation, const Weather& weather, std::size_t processes, Wrap wrap = {});
  ~Network();
  Network(const Network&) = delete;
  Network& operator=(const Network&) = delete;

  [[nodiscard]] std::unique_ptr<transport::Transport> transport(std::size_t process);

  /// Ends a process (Simulation::kill) as its peers see it: its memory stays where operations are native; where they
  /// are emulated they fail.
  void kill(std::size_t process);

  /// Pieces of operations that reached memory which its owner had given back. A job that ends in good order has none.
  [[nodiscard]] std::uint64_t reaches_into_freed_memory() const { return reaches_into_freed_memory_; }

 private:
  friend class SimulatedChannel;
  friend class SimulatedTransport;
  friend class SimulatedRegion;

  struct Line;
  struct Memory {
    std::size_t process = 0;
    std::vector<std::uint64_t> words;
    std::uint64_t size_bytes = 0;
    bool given_back = false;
    [[nodiscard]] std::byte* bytes() { return reinterpret_cast<std::byte*>(words.data()); }
  };
  struct Process {
    std::deque<std::function<void()>> requests;  // emulated: what peers ask of it
    std::uint64_t serving_thread = 0;
    bool sleeps = false;
    std::size_t channels = 0;
  };

  [[nodiscard]] Random& random() { return simulation_.random(); }
  [[nodiscard]] double latency() { return weather_.latency(random()); }
  void reach(const Memory& memory);

  Simulation& simulation_;
  Weather weather_;
  Wrap wrap_;
  std::vector<Process> processes_;
  std::vector<std::shared_ptr<Memory>> memories_;  // by number, which descriptors carry
  std::vector<std::weak_ptr<Line>> lines_;
  std::uint64_t reaches_into_freed_memory_ = 0;
};

}  // namespace wolfpack::sim
