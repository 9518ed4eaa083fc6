"""The race on one problem: for every contestant the loosest setting that reaches the gap, untimed, and then the times of all in turn."""
import dataclasses
import statistics

import numpy as np

from .certificate import relative_gaps
from .contestants import Failed, TimedOut

TIGHTEST = 30  # the exponent of tolerance 1e-15
# What ends so soon is at the scheduler's mercy: its median is of so many fits.
SHORT_SECONDS, REPEATS_OF_SHORT = 0.01, 31


def tolerance_of(exponent):
    return float(f"{10 ** (-exponent / 2):.3g}")


@dataclasses.dataclass
class Fit:
    seconds: float
    gap: float  # the largest over all lambdas, as the certificate sees it
    nonzeros: int  # at the last lambda
    facts: dict


@dataclasses.dataclass
class Outcome:
    """Either a setting that reaches the gap, with its times, or the reason why there is none."""
    variant: dict = None
    exponent: int = 0
    fits: list = dataclasses.field(default_factory=list)
    reason: str = None

    @property
    def tolerance(self):
        return tolerance_of(self.exponent)

    @property
    def seconds(self):
        return None if self.reason else statistics.median(fit.seconds for fit in self.fits)


@dataclasses.dataclass
class Memory:
    """What a contestant's problems at larger lambdas and the same gap have taught: where to start the search, not what it finds."""
    exponents: dict = dataclasses.field(default_factory=dict)  # variant -> the one that was right
    winner: int = 0
    slow: set = dataclasses.field(default_factory=set)  # variants that took more than twice as long as the winner
    hopeless: bool = False  # no variant was in time


class Entry:
    """A contestant on one problem: its lambdas and what was learnt of its settings."""

    def __init__(self, contestant, lambdas, cap):
        self.contestant, self.lambdas, self.cap = contestant, lambdas, cap
        variants = getattr(contestant, "path_variants", contestant.variants) if len(lambdas) > 1 else contestant.variants
        self.variants = variants()
        self.tried = {}  # (variant, exponent) -> Fit
        self.too_slow = {}  # variant -> the seconds that it was given in vain, and the exponent at that

    def fit(self, number, exponent, cap):
        solution = self.contestant.solve(self.lambdas, self.variants[number], tolerance_of(exponent), cap)
        gaps = relative_gaps(self.contestant.data.in_float64, self.contestant.data.target, solution.coefficients, self.lambdas)
        return Fit(solution.seconds, float(np.max(gaps)), int(np.count_nonzero(solution.coefficients[:, -1])), solution.facts)

    def try_out(self, number, exponent, cap):
        given, at = self.too_slow.get(number, (0.0, 0))
        if given >= cap and at <= exponent:
            raise TimedOut
        if (number, exponent) not in self.tried:
            try:
                self.tried[number, exponent] = self.fit(number, exponent, cap)
            except TimedOut:
                self.too_slow[number] = (cap, exponent)
                raise
        return self.tried[number, exponent]

    def loosest(self, number, gap, cap, memory, best):
        """The loosest exponent at which this variant reaches the gap, going by steps of the square root of ten from the last one found.

        Given up where already a fit that is too loose takes much longer than `best` seconds. A tolerance that is not met in time may be
        one that rounding forbids: then looser ones come first.
        """
        lowest = round(-2 * np.log10(gap)) if self.contestant.tolerance_is_the_gap else 0
        before = max((at for variant, at in self.tried if variant == number), default=self.contestant.first_exponent)
        exponent = max(lowest, memory.exponents.get(number, before))
        while True:
            try:
                fit = self.try_out(number, exponent, cap)
                break
            except TimedOut:
                if exponent <= lowest:
                    raise
                exponent = max(lowest, exponent - 4)
        if fit.gap <= gap:
            while exponent > lowest and self.try_out(number, exponent - 1, cap).gap <= gap:
                exponent -= 1
        else:
            while (fit := self.try_out(number, exponent, cap)).gap > gap:
                if fit.seconds > 1.5 * best:
                    raise TimedOut
                exponent += 1
                if exponent > TIGHTEST:
                    raise Failed(f"no tolerance reaches the gap; {min(fit.gap for fit in self.tried.values()):.1e} at best")
        memory.exponents[number] = exponent
        return exponent

    def settle(self, gap, memory):
        """The fastest of all fits that reach the gap; a variant that is clearly slower than the best so far is given up early.

        Variants that were far behind at a larger lambda are tried only where the others fail, and where none was in time there, only one is.
        """
        order = sorted(range(len(self.variants)), key=lambda number: (number in memory.slow, number != memory.winner))
        reasons = []
        for number in order[:1] if memory.hopeless else order:
            best = min(self.reaching(gap), default=None)
            if best and number in memory.slow:
                break
            cap = min(self.cap, max(2.0, 1.5 * best[0])) if best else self.cap
            try:
                self.loosest(number, gap, cap, memory, best[0] if best else np.inf)
            except TimedOut:
                reasons.insert(0, f"> {self.cap:.0f} s")
            except Failed as failure:
                reasons.append(str(failure))
        reaching = sorted(self.reaching(gap))
        if not reaching:
            memory.hopeless = reasons[0].startswith("> ")
            return Outcome(reason=reasons[0])
        seconds, winner, exponent = reaching[0]
        memory.winner, memory.hopeless = winner, False
        memory.slow = set(order) - {number for taken, number, _ in reaching if taken <= 2 * seconds}
        return Outcome(self.variants[winner], exponent)

    def reaching(self, gap):
        return [(fit.seconds, *key) for key, fit in self.tried.items() if fit.gap <= gap]


def is_timed_enough(fits, repeats, seconds_of_repeats):
    spent = sum(fit.seconds for fit in fits)
    if len(fits) >= repeats and spent < SHORT_SECONDS * len(fits):
        return len(fits) >= REPEATS_OF_SHORT
    return len(fits) >= repeats or (len(fits) >= 2 and spent > seconds_of_repeats)


def race(entries, gap, memories, repeats, seconds_of_repeats):
    """{name: Outcome}. Times are taken in turn, so that a busy machine slows all alike; every one of these fits is certified too."""
    outcomes = {entry.contestant.name: entry.settle(gap, memories.setdefault((entry.contestant.name, gap), Memory())) for entry in entries}
    going = True
    while going:
        going = False
        for entry in entries:
            outcome = outcomes[entry.contestant.name]
            if outcome.reason or is_timed_enough(outcome.fits, repeats, seconds_of_repeats):
                continue
            going = True
            try:
                fit = entry.fit(entry.variants.index(outcome.variant), outcome.exponent, entry.cap)
            except TimedOut:
                outcome.reason = f"> {entry.cap:.0f} s"
                continue
            except Failed as failure:
                outcome.reason = str(failure)
                continue
            outcome.fits.append(fit)
            if fit.gap > gap:  # a solver that depends on timing missed it this time: it must be told to aim lower
                outcome.fits.clear()
                outcome.exponent += 1
                if outcome.exponent > TIGHTEST:
                    outcome.reason = "does not reach the gap every time"
    return outcomes
