// What an epoch is, and how far asynchronous workers may be apart, where workers do not keep pace.
//
// Steps at rates r_i on the losses f_i of the workers' samples end at the optimum of sum r_i f_i, however short they
// are (Wang, Liu, Liang, Joshi, Poor, "Tackling the objective inconsistency problem in heterogeneous federated
// optimization", NeurIPS 2020): of two workers, one 10 times slower, the fast one's half of the samples would decide.
// Where clocks differ by a bounded number, the rates are the same in the long run, and no step has to know of them; SSP
// converges for any bound (Ho et al., NIPS 2013), and so do asynchronous steps for bounded delays (Agarwal, Duchi,
// "Distributed delayed stochastic optimization", NIPS 2011). So asynchronous workers wait for nobody who is less than
// two epochs behind.
#pragma once

#include <algorithm>
#include <cstdint>

#include "base/types.hpp"

namespace wolfpack::sgd {

/// Few, since the slowest worker does that many by itself at the end; many, since what delays a worker now and then
/// should hold nobody back.
inline constexpr std::uint64_t kMostEpochsAhead = 2;

/// Of a run with `steps` clocks an epoch.
[[nodiscard]] constexpr Staleness staleness_in_effect(Staleness asked, std::uint64_t steps) {
  return asked.is_asynchronous() ? Staleness{kMostEpochsAhead * steps} : asked;
}

/// The epochs that a model has behind it which a worker proposes at clock `own`, `slowest` being the slowest worker's:
/// none counts of which not everybody has done half. So whoever is ahead neither ends a run by epochs that the others
/// have no part in, nor has a straggler do nothing but evaluate.
[[nodiscard]] constexpr std::uint64_t epochs_passed(Clock own, Clock slowest, std::uint64_t steps) {
  return std::min(own.value, slowest.value + steps / 2) / steps;
}

}  // namespace wolfpack::sgd
