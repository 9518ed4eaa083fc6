#!/usr/bin/python3
"""What staleness wins beside a straggler, and costs without one, on the wide Gaussian instance (500 x 50,000, float32).

    scripts/install-packages bench && cmake --preset release && cmake --build --preset release
    experiments/bench/straggler.py --json straggler.json

Four workers, all equal and then worker 1 ten times slower, at several stalenesses: clocks of the slowest worker, passes over the matrix,
milliseconds until the relative gap of 1e-6 was certified, and until an iteration ended on a model whose true error f - f* was below
1e-6 f(0), f* being the objective of a run to a gap of 1e-12. Medians, of runs in turn, so that a busy machine slows all alike; and how many times
sooner than BSP.
"""
import argparse
import datetime
import json
import pathlib
import statistics
import tempfile

import numpy as np

from methods import ROOT, solve
from racing import data_sets, machine

GAP = 1e-6


def seconds_to_true_error(result, rows, best):
    """Until an iteration on such a model had ended, or, where none did, until the last model was published."""
    for row in rows:
        if row["objective"] is not None and row["objective"] - best <= GAP * result["null_objective"]:
            return row["end"]
    return result["solve_seconds"]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--binary", default=str(ROOT / "build/release/bin/wolfpack"))
    parser.add_argument("--ratios", nargs="+", type=float, default=[0.1, 0.05, 0.01], help="lambda / lambda_max")
    parser.add_argument("--staleness", nargs="+", default=["bsp", "3", "10"], help="the first is what the others are compared with")
    parser.add_argument("--workers", type=int, default=4)
    parser.add_argument("--slowdown", default="10")
    parser.add_argument("--repeats", type=int, default=21)
    parser.add_argument("--json", help="also write the numbers there")
    arguments = parser.parse_args()

    binaries = pathlib.Path(arguments.binary).parent
    record = {"date": datetime.date.today().isoformat(), "machine": machine.describe(), "versions": machine.versions(binaries), "gap": GAP,
              "settings": {name: value for name, value in vars(arguments).items() if name not in ("binary", "json")}, "results": []}
    with tempfile.TemporaryDirectory() as scratch:
        folder = pathlib.Path(scratch)
        data = data_sets.gaussian()
        np.save(folder / "matrix.npy", np.asfortranarray(data.matrix, dtype=np.float32))
        np.save(folder / "target.npy", data.target)
        largest = float(np.max(np.abs(data.matrix.T @ data.target)))
        print(f"{'lambda/max':>10}  {'--straggler':<21} {'staleness':>9} {'clocks':>6} {'passes':>6} {'certified ms':>12} {'sooner':>6} "
              f"{'true error ms':>13} {'sooner':>6}")
        for ratio in arguments.ratios:
            problem = ["--target", folder / "target.npy", "--lambda", repr(ratio * largest)]
            run = lambda *options: solve(arguments.binary, folder / "matrix.npy", folder / "run", *problem, *options)
            best = run("--workers", "1", "--tolerance", "1e-12")[0]["objective"]
            for straggler in (None, f"worker=1,slowdown={arguments.slowdown}"):
                options = ["--workers", str(arguments.workers)] + (["--straggler", straggler] if straggler else [])
                runs = {staleness: [] for staleness in arguments.staleness}
                for _ in range(arguments.repeats):
                    for staleness, solved in runs.items():
                        result, rows = run("--staleness", staleness, *options)
                        slowest = min(sum(row["worker"] == worker for row in rows) for worker in range(arguments.workers))
                        solved.append((slowest, result["full_passes"], result["solve_seconds"], seconds_to_true_error(result, rows, best)))
                first = None
                for staleness, solved in runs.items():
                    clocks, passes, certified, true = (statistics.median(values) for values in zip(*solved))
                    first = first or (certified, true)
                    print(f"{ratio:>10}  {straggler or '-':<21} {staleness:>9} {clocks:>6.0f} {passes:>6.2f} {1e3 * certified:>12.1f} "
                          f"{first[0] / certified:>6.2f} {1e3 * true:>13.1f} {first[1] / true:>6.2f}", flush=True)
                    record["results"].append({"lambda_ratio": ratio, "straggler": straggler, "staleness": staleness,
                                              "clocks_of_the_slowest": clocks, "full_passes": passes, "median_seconds_to_the_certificate": certified,
                                              "median_seconds_to_the_true_error": true})
    if arguments.json:
        pathlib.Path(arguments.json).write_text(json.dumps(record, indent=1) + "\n")


if __name__ == "__main__":
    main()
