#include "tests/sim/simulation.hpp"

#include <algorithm>
#include <exception>
#include <semaphore.h>
#include <thread>

namespace wolfpack::sim {

struct Simulation::Thread {
  std::uint64_t number = 0;
  std::size_t process = 0;
  double wakes_at = 0.0;
  bool ended = false;
  bool dying = false;  // has been told to die

  Thread() { sem_init(&turn_, 0, 0); }
  Thread(const Thread&) = delete;
  Thread& operator=(const Thread&) = delete;
  ~Thread() { sem_destroy(&turn_); }

  void give_turn() { sem_post(&turn_); }
  void await_turn() {
    while (sem_wait(&turn_) != 0) {
    }
  }

 private:
  sem_t turn_;
};

thread_local Simulation::Thread* Simulation::self_ = nullptr;

Simulation::Simulation(const Options& options) : options_(options), random_(options.seed) {
  // Turns are handed from thread to thread: on one core that is a plain context switch.
  CPU_ZERO(&original_cores_);
  (void)sched_getaffinity(0, sizeof original_cores_, &original_cores_);
  const int core = sched_getcpu();
  cpu_set_t one;
  CPU_ZERO(&one);
  if (core >= 0) CPU_SET(core, &one);
  (void)sched_setaffinity(0, sizeof one, &one);
}

Simulation::~Simulation() { (void)sched_setaffinity(0, sizeof original_cores_, &original_cores_); }

std::string Simulation::run(const std::vector<std::function<void()>>& mains) {
  processes_.resize(mains.size());
  caller_ = std::make_unique<Thread>();
  std::vector<std::thread> threads;
  for (std::size_t i = 0; i < mains.size(); ++i) {
    const std::uint64_t number = announce_thread();
    threads_[number]->process = i;
    threads.emplace_back([this, number, &mains, i] { run_thread(number, mains[i]); });
  }
  next()->give_turn();
  caller_->await_turn();
  for (auto& thread : threads) thread.join();
  return hang_;
}

void Simulation::at(double seconds, std::function<void()> event) {
  agenda_.push({std::max(seconds, now_), events_++, std::move(event)});
}

void Simulation::kill(std::size_t process) {
  processes_[process].dead = true;
  for (auto& thread : threads_) {
    if (thread->process != process || thread->ended) continue;
    thread->dying = true;
    thread->wakes_at = now_;
  }
}

void Simulation::suspend(std::size_t process, double seconds) {
  processes_[process].suspended_until = now_ + seconds;
  for (auto& thread : threads_)
    if (thread->process == process) thread->wakes_at = std::max(thread->wakes_at, now_ + seconds);
}

std::size_t Simulation::process() const { return self_->process; }
std::uint64_t Simulation::thread() const { return self_->number; }

void Simulation::wake(std::uint64_t thread) {
  Thread& sleeper = *threads_[thread];
  sleeper.wakes_at = std::min(sleeper.wakes_at, std::max(now_, processes_[sleeper.process].suspended_until));
}

void Simulation::rest(double seconds) {
  rest_without_dying(seconds);
  if (self_->dying && std::uncaught_exceptions() == 0) throw Killed{};
}

void Simulation::rest_without_dying(double seconds) {
  double lasts = seconds * (1.0 + unit(random_));
  if (chance(random_, options_.stall_share)) lasts += options_.stall_seconds * unit(random_);
  self_->wakes_at = now_ + lasts;
  Thread* to = next();
  if (to == self_) return;
  to->give_turn();
  self_->await_turn();
}

void Simulation::before_shared_access() {
  if (chance(random_, options_.switch_share)) rest(2e-7 * unit(random_));
}

std::uint64_t Simulation::announce_thread() {
  auto thread = std::make_unique<Thread>();
  thread->number = threads_.size();
  thread->process = self_ == nullptr ? 0 : self_->process;
  thread->dying = self_ != nullptr && self_->dying;
  thread->wakes_at = now_ + 1e-5 * unit(random_);
  const std::lock_guard lock(starting_);
  threads_.push_back(std::move(thread));
  ++alive_;
  return threads_.back()->number;
}

void Simulation::run_thread(std::uint64_t number, const std::function<void()>& main) {
  {
    const std::lock_guard lock(starting_);
    self_ = threads_[number].get();
  }
  self_->await_turn();
  install(this);
  try {
    if (!self_->dying) main();
  } catch (const Killed&) {  // it is dead, and unwound
  }
  install(nullptr);
  self_->ended = true;
  (--alive_ == 0 ? caller_.get() : next())->give_turn();
  self_ = nullptr;
}

void Simulation::await_thread(std::uint64_t number) {
  while (!threads_[number]->ended) rest_without_dying(1e-5);
}

// Whose turn is next. Until then, what is on the agenda happens.
Simulation::Thread* Simulation::next() {
  for (;;) {
    Thread* earliest = nullptr;
    for (const auto& thread : threads_)
      if (!thread->ended && (earliest == nullptr || thread->wakes_at < earliest->wakes_at)) earliest = thread.get();
    if (!agenda_.empty() && agenda_.top().seconds <= earliest->wakes_at) {
      const Event event = agenda_.top();
      agenda_.pop();
      now_ = std::max(now_, event.seconds);
      event.happen();
      continue;
    }
    now_ = std::max(now_, earliest->wakes_at);
    if (hang_.empty() && (now_ > options_.longest_seconds || ++turns_ > options_.most_turns))
      cut_off("it does not end: virtual second " + std::to_string(now_) + ", turn " + std::to_string(turns_));
    return earliest;
  }
}

void Simulation::cut_off(const std::string& why) {
  hang_ = why;
  for (std::size_t i = 0; i < processes_.size(); ++i) kill(i);
}

}  // namespace wolfpack::sim
