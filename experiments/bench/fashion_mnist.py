#!/usr/bin/python3
"""Solves LASSO on Fashion-MNIST (784 x 60,000) from zero to a certified 1e-6 and prints median solve_seconds.

    scripts/fashion-mnist && scripts/install-packages bench && experiments/bench/fashion_mnist.py --json results.json

Beside each median stands, measured in the same run, what NumPy needs for as many products A'w alone: a floor for any plain NumPy
solver that makes these passes. A second table slows one of four workers down ten times. beta is found by bisection so that
lambda / lambda_max at the solution is 0.1, 0.05 and 0.01.
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
import sys
import tempfile
import time

import numpy as np

ROOT = pathlib.Path(__file__).resolve().parents[2]
DATA = ROOT / "build/fashion-mnist"


STRAGGLER = "worker=1,slowdown=10"


def solve(binary, folder, beta, workers, staleness, *more):
    subprocess.run([binary, "lasso", "--data", DATA / "pictures.npy", "--target", DATA / "picture.npy", "--beta", repr(beta),
                    "--workers", str(workers), "--staleness", staleness, "--quiet", "--output", folder, *more], check=True)
    return json.loads((pathlib.Path(folder) / "result.json").read_text())


def level(matrix, target, folder):
    residual = target.astype(np.float64)
    rows = list(csv.DictReader(open(pathlib.Path(folder) / "coefficients.csv")))
    for row in rows:
        residual = residual - float(row["value"]) * matrix[:, int(row["index"])]
    return max(abs(matrix[:, int(row["index"])] @ residual) for row in rows)


def beta_for(ratio, matrix, target, binary, folder):
    largest = np.abs(matrix.T @ target).max()
    low, high = 0.01, 10.0
    for _ in range(14):
        middle = (low + high) / 2
        solve(binary, folder, middle, 2, "bsp")
        low, high = (middle, high) if level(matrix, target, folder) > ratio * largest else (low, middle)
    return (low + high) / 2


def seconds_a_pass(matrix, target):
    residual = target.astype(matrix.dtype)
    times = []
    for _ in range(9):
        start = time.perf_counter()
        matrix.T @ residual
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--binary", default=ROOT / "build/release/bin/wolfpack")
    parser.add_argument("--repeats", type=int, default=9)
    parser.add_argument("--json", help="also write the table there")
    arguments = parser.parse_args()
    if not (DATA / "pictures.npy").exists():
        sys.exit("fashion_mnist.py: build/fashion-mnist/pictures.npy is absent; run scripts/fashion-mnist first")

    matrix, target = np.load(DATA / "pictures.npy"), np.load(DATA / "picture.npy")
    numpy_pass = seconds_a_pass(matrix, target)
    record = {"date": datetime.date.today().isoformat(), "machine": platform.processor() or platform.machine(),
              "cores": len(os.sched_getaffinity(0)), "numpy_seconds_a_pass": numpy_pass,
              "repeats": arguments.repeats, "results": []}
    print(f"{'lambda/max':>10} {'beta':>7} {'workers':>7} {'staleness':>9} {'non-zeros':>9} {'passes':>6} "
          f"{'median s':>9} {'numpy passes alone':>18} {'ratio':>6}")
    with tempfile.TemporaryDirectory() as folder:
        for ratio in (0.1, 0.05, 0.01):
            beta = beta_for(ratio, matrix, target, arguments.binary, folder)
            for workers in (1, 2):
                for staleness in ("bsp", "3"):
                    runs = [solve(arguments.binary, folder, beta, workers, staleness) for _ in range(arguments.repeats)]
                    assert all(run["status"] == "converged" for run in runs)
                    seconds = statistics.median(run["solve_seconds"] for run in runs)
                    passes = statistics.median(run["full_passes"] for run in runs)
                    floor = passes * numpy_pass
                    print(f"{ratio:>10} {beta:>7.4f} {workers:>7} {staleness:>9} {runs[0]['nonzeros']:>9} {passes:>6.1f} "
                          f"{seconds:>9.4f} {floor:>18.4f} {floor / seconds:>6.2f}")
                    record["results"].append({"lambda_ratio": ratio, "beta": beta, "workers": workers, "staleness": staleness,
                                              "nonzeros": runs[0]["nonzeros"], "full_passes": passes,
                                              "median_solve_seconds": seconds, "numpy_passes_alone_seconds": floor})
        print(f"\nlambda/max 0.01, 4 workers, --straggler {STRAGGLER}\n{'staleness':>9} {'passes':>6} {'median s':>9} {'BSP over it':>11}")
        bulk_synchronous = None
        for staleness in ("bsp", "3", "10"):
            runs = [solve(arguments.binary, folder, beta, 4, staleness, "--straggler", STRAGGLER) for _ in range(arguments.repeats)]
            seconds = statistics.median(run["solve_seconds"] for run in runs)
            passes = statistics.median(run["full_passes"] for run in runs)
            bulk_synchronous = bulk_synchronous or seconds
            print(f"{staleness:>9} {passes:>6.1f} {seconds:>9.4f} {bulk_synchronous / seconds:>11.2f}")
            record["results"].append({"lambda_ratio": 0.01, "beta": beta, "workers": 4, "staleness": staleness, "straggler": STRAGGLER,
                                      "full_passes": passes, "median_solve_seconds": seconds})
    if arguments.json:
        pathlib.Path(arguments.json).write_text(json.dumps(record, indent=1) + "\n")


if __name__ == "__main__":
    main()
