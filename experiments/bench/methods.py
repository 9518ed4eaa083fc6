#!/usr/bin/python3
"""Compares the methods of `wolfpack lasso` on the instance of Tran, Peel and Skhiri (2015), with and without a straggler.

    cmake --preset release && cmake --build --preset release && experiments/bench/methods.py --json methods.json

Makes the instance (1,000 x 10,000, density 0.001, 100 non-zeros), runs every method with 5 workers at staleness 0 and 10, once with
equal workers and once with worker 1 ten times slower, and reads trace.jsonl: how many clocks of the fastest worker, passes over the
matrix and seconds it took until a worker read a model below each threshold. Two measures count, both divided by f(0): the certified
gap, which is what a run can know, and the true error f - f*, f* being the objective of a corrective run to a gap of 1e-12. Medians.
"""
import argparse
import datetime
import json
import os
import pathlib
import platform
import statistics
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
STRAGGLER = "worker=1,slowdown=10"
THRESHOLDS = (1e-2, 1e-3, 1e-6)
PAIRS = [(name, threshold) for name in ("gap", "error") for threshold in THRESHOLDS]
RUNS = [("corrective", ()), ("pairwise", ()), ("away", ()), ("line-search", ()), ("bellet", ()),
        ("bellet", ("--step", "open-loop")), ("tran", ())]


def solve(binary, data, folder, *options):
    """result.json and the rows of trace.jsonl, in the order in which they ended."""
    ended = subprocess.run([binary, "lasso", "--data", data, "--quiet", "--output", folder, *options])
    if ended.returncode not in (0, 3):
        sys.exit(f"{pathlib.Path(sys.argv[0]).name}: wolfpack lasso {' '.join(map(str, options))} ended with status {ended.returncode}")
    folder = pathlib.Path(folder)
    result = json.loads((folder / "result.json").read_text())
    rows = [json.loads(line) for line in (folder / "trace.jsonl").read_text().splitlines()]
    return result, sorted(rows, key=lambda row: row["end"])


def measures(result, rows, best):
    """When each threshold was first met: {"gap": {threshold: {clocks, passes, seconds}}, "error": ...}; absent where never."""
    null_objective, columns = result["null_objective"], result["columns"]
    met = {"gap": {}, "error": {}}
    clocks, evaluated = 0, 0

    def note(gap, objective, seconds):
        values = {"gap": gap, "error": None if objective is None else objective - best}
        for name, value in values.items():
            for threshold in THRESHOLDS:
                if value is not None and value <= threshold * null_objective:
                    met[name].setdefault(threshold, {"clocks": clocks, "passes": evaluated / columns, "seconds": seconds})

    for row in rows:
        clocks = max(clocks, row["clock"] + 1)
        evaluated += row["columns_evaluated"] or 0
        note(row["gap"], row["objective"], row["end"])
    note(result["gap"], result["objective"], result["solve_seconds"])  # the last fold, which nobody reads
    return met


def median_of(runs, name, threshold, field):
    """The median over all runs, never having met it counting as infinity; None where that is the median."""
    values = [run[name][threshold][field] if threshold in run[name] else float("inf") for run in runs]
    middle = statistics.median_high(values)
    return None if middle == float("inf") else middle


def cell(runs, name, threshold):
    clocks, passes = (median_of(runs, name, threshold, field) for field in ("clocks", "passes"))
    return f"{'-':>14}" if clocks is None else f"{clocks:>6} {passes:>7.0f}"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--binary", default=str(ROOT / "build/release/bin/wolfpack"))
    parser.add_argument("--workers", type=int, default=5)
    parser.add_argument("--staleness", nargs="+", default=["bsp", "10"])
    parser.add_argument("--max-clock", type=int, default=2000, help="iterations a worker at most")
    parser.add_argument("--time-limit", type=float, default=60.0, help="seconds a run at most")
    parser.add_argument("--noise", default="0", help="of the instance: the paper's are 0, 1e-3 and 1e-1")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--seed", default="0")
    parser.add_argument("--json", help="also write the numbers there")
    arguments = parser.parse_args()
    if not pathlib.Path(arguments.binary).exists():
        sys.exit(f"methods.py: {arguments.binary} is absent; run cmake --build --preset release first, or say --binary")

    record = {"date": datetime.date.today().isoformat(), "machine": platform.processor() or platform.machine(),
              "cores": len(os.sched_getaffinity(0)), **vars(arguments), "straggler": STRAGGLER, "results": []}
    with tempfile.TemporaryDirectory() as folder:
        data = f"{folder}/instance.libsvm"
        subprocess.run([arguments.binary, "generate", "--rows", "1000", "--columns", "10000", "--density", "0.001",
                        "--nonzeros", "100", "--noise", arguments.noise, "--seed", arguments.seed, "--output", data], check=True)
        best = solve(arguments.binary, data, folder, "--beta", "1", "--workers", "1", "--tolerance", "1e-12")[0]["objective"]
        common = ["--workers", str(arguments.workers), "--max-clock", str(arguments.max_clock), "--time-limit",
                  str(arguments.time_limit), "--seed", arguments.seed]
        for straggler in (None, STRAGGLER):
            pace = "all equal" if straggler is None else f"--straggler {straggler}"
            print(f"\n{arguments.workers} workers, {pace}; clocks and passes until the relative ...; seconds to a gap of "
                  f"{THRESHOLDS[1]:.0e}")
            print(f"{'':27}" + "".join(f"{name + ' ' + format(threshold, '.0e'):>16}" for name, threshold in PAIRS)
                  + f"{'ms a clock':>12}{'seconds':>10}")
            for method, step in RUNS:
                for staleness in arguments.staleness:
                    if method == "bellet" and staleness not in ("bsp", "0"):
                        continue
                    options = ["--method", method, *step, "--staleness", staleness, *common]
                    if straggler:
                        options += ["--straggler", straggler]
                    solved = [solve(arguments.binary, data, folder, "--beta", "1", *options) for _ in range(arguments.repeats)]
                    met = [measures(result, rows, best) for result, rows in solved]
                    clock_seconds = statistics.median(rows[-1]["end"] / max(row["clock"] + 1 for row in rows) for _, rows in solved)
                    name = " ".join([method, *step[1:]])
                    reached = median_of(met, "gap", THRESHOLDS[1], "seconds")
                    print(f"{name:<17} {staleness:>5}    " + "".join("  " + cell(met, *pair) for pair in PAIRS)
                          + f"{1e3 * clock_seconds:>12.3f}{'-' if reached is None else format(reached, '.3f'):>10}", flush=True)
                    record["results"].append({
                        "method": method, "step": step[1] if step else None, "staleness": staleness, "straggler": straggler,
                        "statuses": [result["status"] for result, _ in solved],
                        "relative_gaps": [result["relative_gap"] for result, _ in solved],
                        "relative_errors": [(result["objective"] - best) / result["null_objective"] for result, _ in solved],
                        "seconds_a_clock": clock_seconds,
                        "until": [{"of": pair[0], "threshold": pair[1], "value": field, "median": median_of(met, *pair, field)}
                                  for pair in PAIRS for field in ("clocks", "passes", "seconds")]})
    if arguments.json:
        pathlib.Path(arguments.json).write_text(json.dumps(record, indent=1) + "\n")


if __name__ == "__main__":
    main()
