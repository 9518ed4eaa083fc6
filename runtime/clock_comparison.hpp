// What to add to a worker's clock to have worker 0's: hosts count seconds from moments of their own.
//
//     worker 0:  for (worker of another host) comparison.answer(worker, check);
//     the other: const double ahead = comparison.ask(check);                      // worker 0's time = own + ahead
//
// Cristian's algorithm (Distributed Computing 3, 1989): a question put at a, answered with worker 0's time T, came back
// at b; T was read in between, so that T - (a + b) / 2 is wrong by (b - a) / 2 at most. The quickest of several rounds
// counts. Clocks drift apart by some 10 us a second at worst: compared anew before the iterations of each iterate().
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "base/time.hpp"
#include "ps/wire_layout.hpp"
#include "transport/transport.hpp"

namespace wolfpack::runtime {

class ClockComparison {
 public:
  using Now = std::function<double()>;

  /// `boards`, by worker, are opened on `channel`, which has to be closed before this is destroyed. `now`: for tests.
  ClockComparison(transport::Channel& channel, const ps::JobLayout& layout, WorkerId self,
                  std::span<const std::byte> own_board, std::span<const transport::RemoteRegion> boards,
                  Now now = monotonic_seconds);

  /// In worker 0: answers what `asker` asks in one ask(). Throws what `check` says while nothing comes.
  void answer(WorkerId asker, const transport::WaitCheck& check);
  /// In another worker, while worker 0 answers it: seconds by which worker 0's clock is ahead of this one.
  [[nodiscard]] double ask(const transport::WaitCheck& check);

 private:
  void put_word(WorkerId to, std::uint64_t word, const transport::WaitCheck& check);
  [[nodiscard]] std::uint64_t wait_for_word(WorkerId from, std::uint64_t other_than, const transport::WaitCheck& check);

  transport::Channel& channel_;
  const ps::JobLayout& layout_;
  WorkerId self_;
  std::span<const std::byte> own_board_;
  std::span<const transport::RemoteRegion> boards_;
  Now now_;
  std::uint64_t word_ = 0;           // the source of the put under way
  std::uint64_t asked_ = 0;          // questions, counted from 1
  std::vector<std::uint64_t> last_;  // by worker: the last word that came from it
};

}  // namespace wolfpack::runtime
