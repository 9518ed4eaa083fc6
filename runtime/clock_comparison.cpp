#include "runtime/clock_comparison.hpp"

#include <bit>
#include <limits>
#include <utility>

#include "base/backoff.hpp"
#include "base/words.hpp"

namespace wolfpack::runtime {
namespace {

constexpr int kRounds = 16;

}  // namespace

ClockComparison::ClockComparison(transport::Channel& channel, const ps::JobLayout& layout, WorkerId self,
                                 std::span<const std::byte> own_board, std::span<const transport::RemoteRegion> boards,
                                 Now now)
    : channel_(channel),
      layout_(layout),
      self_(self),
      own_board_(own_board),
      boards_(boards),
      now_(std::move(now)),
      last_(boards.size()) {}

void ClockComparison::answer(WorkerId asker, const transport::WaitCheck& check) {
  for (int round = 0; round < kRounds; ++round) {
    std::uint64_t& last = last_[asker.value];
    last = wait_for_word(asker, last, check);
    put_word(asker, std::bit_cast<std::uint64_t>(now_()), check);
  }
}

double ClockComparison::ask(const transport::WaitCheck& check) {
  constexpr WorkerId kAnswers{0};
  double ahead = 0.0, quickest = std::numeric_limits<double>::infinity();
  for (int round = 0; round < kRounds; ++round) {
    std::uint64_t& last = last_[kAnswers.value];
    const double sent = now_();
    put_word(kAnswers, ++asked_, check);
    last = wait_for_word(kAnswers, last, check);
    const double came = now_();
    if (came - sent >= quickest) continue;
    quickest = came - sent;
    ahead = std::bit_cast<double>(last) - (sent + came) / 2;
  }
  return ahead;
}

void ClockComparison::put_word(WorkerId to, std::uint64_t word, const transport::WaitCheck& check) {
  word_ = word;
  transport::Completion done;
  channel_.put(boards_[to.value], layout_.comparison_offset(self_), std::as_bytes(std::span(&word_, 1)), done)
      .or_throw();
  wait(channel_, done, check).or_throw();
}

// Answers differ, since a clock does not stand still for as long as a round takes.
std::uint64_t ClockComparison::wait_for_word(WorkerId from, std::uint64_t other_than,
                                             const transport::WaitCheck& check) {
  const std::byte* const at = own_board_.data() + layout_.comparison_offset(from);
  for (Backoff backoff;; backoff.pause()) {
    if (const std::uint64_t word = load_word(at); word != other_than) return word;
    channel_.progress();
    if (!backoff.is_looking()) check().or_throw();
  }
}

}  // namespace wolfpack::runtime
