"""The race as lines for people and as records for JSON."""


def figure(seconds):
    return f"{seconds:.3g}"


def ahead(outcomes):
    """(name of the best other contestant, its seconds / Wolfpack's); None where either is absent."""
    others = {name: outcome.seconds for name, outcome in outcomes.items() if name != "Wolfpack" and not outcome.reason}
    wolfpack = outcomes.get("Wolfpack")
    if not others or wolfpack is None or wolfpack.reason:
        return None
    best = min(others, key=others.get)
    return best, others[best] / wolfpack.seconds


def heading(names, path):
    return (f"{'path to' if path else 'lambda/max':>10} {'gap':>6} {'limit s':>8} " + "".join(f" {name + ' s':>14} {'/limit':>8}" for name in names)
            + f" {'non-zeros':>9} {'passes':>6} {'its reading s':>13}  best other / Wolfpack")


def row(ratio, gap, limit, speed, outcomes):
    cells = []
    for outcome in outcomes.values():
        time = outcome.seconds
        cells.append(f" {figure(time):>14} {time / limit:>8.3g}" if time is not None else
                     f" {outcome.reason if outcome.reason.startswith('> ') else '-':>14} {'':>8}")
    nonzeros = next((outcome.fits[0].nonzeros for outcome in outcomes.values() if not outcome.reason), "-")
    passes, reading = "-", "-"
    if "Wolfpack" in outcomes and not outcomes["Wolfpack"].reason:
        facts = outcomes["Wolfpack"].fits[0].facts
        passes = "-" if facts["full_passes"] is None else f"{facts['full_passes']:.1f}"
        reading = "-" if facts["bytes_read"] is None else figure(facts["bytes_read"] / speed * 1e-9)
    best = ahead(outcomes)
    return (f"{ratio:>10} {gap:>6.0e} {figure(limit):>8} " + "".join(cells) + f" {nonzeros:>9} {passes:>6} {reading:>13}  "
            + (f"{best[1]:.2f} ({best[0]})" if best else "-"))


def settings(rows):
    """A line a contestant: which variant won where (lambda/max at gap), and the tolerance it needed."""
    lines, reasons = [], []
    for name in rows[0][2]:
        groups = {}
        for ratio, gap, outcomes in rows:
            outcome = outcomes[name]
            if outcome.reason:
                if not outcome.reason.startswith("> "):
                    reasons.append(f"  {name} at {ratio}, {gap:.0e}: {outcome.reason}")
                continue
            words = ", ".join(f"{key} {value}" for key, value in outcome.variant.items())
            groups.setdefault(words, []).append(f"{ratio} {gap:.0e}: {outcome.tolerance:.2g}")
        if groups:
            lines.append(f"  {name}: " + "; ".join(f"{words or 'as it is'} [{', '.join(cells)}]" for words, cells in groups.items()))
    return lines + reasons


def record(outcome):
    if outcome.reason:
        return {"reason": outcome.reason}
    return {"median_seconds": outcome.seconds, "seconds": [fit.seconds for fit in outcome.fits], "setting": outcome.variant,
            "tolerance": outcome.tolerance, "confirmed_gaps": [fit.gap for fit in outcome.fits], "nonzeros": outcome.fits[0].nonzeros,
            **({"facts": [fit.facts for fit in outcome.fits]} if outcome.fits[0].facts else {})}
