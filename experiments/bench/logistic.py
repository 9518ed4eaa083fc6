#!/usr/bin/python3
"""Logistic regression by scikit-learn and by wolfpack in one run: seconds to within 0.5% and 0.1% of the optimum.

    scripts/install-packages bench && experiments/bench/logistic.py --data FILE.libsvm --json results.json

The optimum is scikit-learn's (lbfgs, run until it can do no better); its own seconds to 0.5% and 0.1% are those of the fewest
iterations that get there. wolfpack's are from the start of the iterations to when the model was there (objectives.csv,
made_seconds); evaluating it, which takes part of the same time, is included. Medians over --repeats runs, with and without a
straggler; a run that did not get there counts as infinity, and "-" is where that is the median.
"""
import argparse
import csv
import datetime
import json
import os
import pathlib
import platform
import statistics
import subprocess
import tempfile
import time
import warnings

import numpy as np
from sklearn.datasets import load_svmlight_file
from sklearn.linear_model import LogisticRegression

ROOT = pathlib.Path(__file__).resolve().parents[2]
SHARES = (0.005, 0.001)


def objective(matrix, labels, model, l2):
    margins = labels * (matrix @ model.coef_[0] + model.intercept_[0])
    return float(np.logaddexp(0, -margins).mean() + l2 / 2 * model.coef_[0] @ model.coef_[0])


def fit(matrix, labels, l2, iterations):
    """C = 1 / (n l2), and tol so small that the iterations alone end it."""
    model = LogisticRegression(C=1 / (len(labels) * l2), tol=1e-12, max_iter=iterations)
    start = time.perf_counter()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model.fit(matrix, labels)
    return time.perf_counter() - start, objective(matrix, labels, model, l2), int(model.n_iter_[0])


def scikit_learn(matrix, labels, l2, repeats):
    _, optimum, most = fit(matrix, labels, l2, 100000)
    result = {"optimum": optimum, "iterations_to_the_optimum": most}
    for share in SHARES:
        low, high = 1, most  # the fewest iterations that get there
        while low < high:
            middle = (low + high) // 2
            low, high = (low, middle) if fit(matrix, labels, l2, middle)[1] <= optimum * (1 + share) else (middle + 1, high)
        result[f"seconds_to_{share}"] = statistics.median(fit(matrix, labels, l2, low)[0] for _ in range(repeats))
        result[f"iterations_to_{share}"] = low
    return result


def wolfpack(arguments, l2, folder, workers, staleness, more):
    subprocess.run([arguments.binary, "logistic", "--data", arguments.data, "--l2", repr(l2), "--workers", str(workers),
                    "--staleness", staleness, "--quiet", "--output", folder, *more], check=True)
    folder = pathlib.Path(folder)
    with open(folder / "objectives.csv") as file:
        history = [(float(row["made_seconds"]), float(row["objective"])) for row in csv.DictReader(file)]
    return json.loads((folder / "result.json").read_text()), history


def seconds_to(runs, level):
    """The median over all runs, never having got there counting as infinity; None where that is the median."""
    times = [min((t for t, f in history if f <= level), default=float("inf")) for _, history in runs]
    middle = statistics.median_high(times)
    return None if middle == float("inf") else middle


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", required=True, help="svmlight text of two classes, gzipped or not")
    parser.add_argument("--l2", type=float, help="default: 1 / samples")
    parser.add_argument("--workers", default="1,2,4")
    parser.add_argument("--staleness", default="bsp,3,asp")
    parser.add_argument("--straggler", default="worker=1,slowdown=10")
    parser.add_argument("--binary", default=ROOT / "build/release/bin/wolfpack")
    parser.add_argument("--repeats", type=int, default=9)
    parser.add_argument("--json", help="also write the table there")
    arguments = parser.parse_args()

    matrix, target = load_svmlight_file(arguments.data)
    labels = np.where(target == target.max(), 1.0, -1.0)
    l2 = arguments.l2 or 1 / len(labels)
    reference = scikit_learn(matrix, labels, l2, arguments.repeats)
    record = {"date": datetime.date.today().isoformat(), "machine": platform.processor() or platform.machine(),
              "cores": len(os.sched_getaffinity(0)), "data": os.path.basename(arguments.data), "samples": matrix.shape[0],
              "features": matrix.shape[1], "l2": l2, "repeats": arguments.repeats, "scikit_learn": reference, "results": []}

    def text(seconds):
        return "-" if seconds is None else f"{1e3 * seconds:.1f}"

    print(f"{'':>24} {'workers':>7} {'staleness':>9} {'ms to 0.5%':>10} {'ms to 0.1%':>10} {'ms in all':>9} {'end %':>6} {'worst %':>7}")
    print(f"{'scikit-learn lbfgs':>24} {'':>7} {'':>9} {text(reference['seconds_to_0.005']):>10} "
          f"{text(reference['seconds_to_0.001']):>10} {'':>9} {0.0:>6.3f} {0.0:>7.3f}")
    with tempfile.TemporaryDirectory() as folder:
        for straggler in (None, arguments.straggler):
            for workers in map(int, arguments.workers.split(",")):
                if straggler and workers < 2:
                    continue
                for staleness in arguments.staleness.split(","):
                    more = ["--straggler", straggler] if straggler else []
                    runs = [wolfpack(arguments, l2, folder, workers, staleness, more) for _ in range(arguments.repeats)]
                    row = {f"median_seconds_to_{s}": seconds_to(runs, reference["optimum"] * (1 + s)) for s in SHARES}
                    seconds = statistics.median(result["solve_seconds"] for result, _ in runs)
                    excesses = [result["objective"] / reference["optimum"] - 1 for result, _ in runs]
                    excess = statistics.median(excesses)
                    print(f"{straggler or 'wolfpack':>24} {workers:>7} {staleness:>9} {text(row['median_seconds_to_0.005']):>10} "
                          f"{text(row['median_seconds_to_0.001']):>10} {text(seconds):>9} {100 * excess:>6.3f} "
                          f"{100 * max(excesses):>7.3f}", flush=True)
                    record["results"].append({"workers": workers, "staleness": staleness, "straggler": straggler, **row,
                                              "median_solve_seconds": seconds, "median_relative_excess": excess,
                                              "largest_relative_excess": max(excesses), "settings": {**runs[-1][0], "data": os.path.basename(arguments.data)}})
    if arguments.json:
        pathlib.Path(arguments.json).write_text(json.dumps(record, indent=1) + "\n")


if __name__ == "__main__":
    main()
