// How simulated processes find each other: transport/bootstrap.hpp by polling in virtual time. As under a launcher, who
// waits for a dead process is told so after a while.
//
//     Group group(simulation, workers);                 // shared by all
//     SimulatedBootstrap bootstrap(group, WorkerId{i}); // in process i
#pragma once

#include <string>
#include <vector>

#include "base/status.hpp"
#include "base/time.hpp"
#include "tests/sim/simulation.hpp"
#include "transport/bootstrap.hpp"

namespace wolfpack::sim {

struct Group {
  Group(Simulation& s, std::size_t size) : simulation(s), messages(size) {}
  Simulation& simulation;
  std::vector<Bytes> messages;
  std::vector<Bytes> gathered;
  std::size_t arrived = 0;
  std::uint64_t round = 0;
};

class SimulatedBootstrap final : public transport::Bootstrap {
 public:
  SimulatedBootstrap(Group& group, WorkerId rank) : group_(group), rank_(rank) {}

  [[nodiscard]] WorkerId rank() const override { return rank_; }
  [[nodiscard]] std::size_t size() const override { return group_.messages.size(); }
  [[nodiscard]] std::uint64_t job_id() const override { return 77; }

  [[nodiscard]] std::vector<Bytes> allgather(std::span<const std::byte> mine) override {
    const std::uint64_t round = group_.round;
    if (why_abandoned_.empty()) {
      group_.messages[rank_.value].assign(mine.begin(), mine.end());
      if (++group_.arrived == size()) {
        group_.gathered = group_.messages;
        group_.arrived = 0;
        ++group_.round;
      }
    }
    for (; group_.round == round && why_abandoned_.empty(); sleep_seconds(2e-5)) give_up_on_the_dead();
    if (group_.round == round) throw PeerFailure(why_abandoned_);
    return group_.gathered;  // stays until the next round, which this process has to join first
  }
  void abandon(const std::string& why) override {
    if (why_abandoned_.empty()) why_abandoned_ = why;
  }

 private:
  void give_up_on_the_dead() {
    constexpr double kPatienceSeconds = 0.1;
    for (std::size_t i = 0; i < size(); ++i)
      if (group_.simulation.is_dead(i) && dead_since_ == 0.0) dead_since_ = monotonic_seconds();
    for (std::size_t i = 0; i < size() && dead_since_ != 0.0; ++i)
      if (group_.simulation.is_dead(i) && monotonic_seconds() > dead_since_ + kPatienceSeconds)
        abandon("worker " + std::to_string(i) + " was killed");
  }

  Group& group_;
  WorkerId rank_;
  double dead_since_ = 0.0;
  std::string why_abandoned_;
};

}  // namespace wolfpack::sim
