#!/usr/bin/python3
"""Races LASSO solvers from zero to a certified relative duality gap: Wolfpack, glmnet, scikit-learn, celer, skglm, and FISTA in NumPy.

    scripts/install-packages bench && experiments/bench/race.py --json race.json

All solve min 1/2 ||y - A alpha||^2 + lambda ||alpha||_1 without intercept or scaling, pinned to the same core or cores, at lambda /
lambda_max 0.1, 0.05 and 0.01. One float64 function judges the coefficients of all: only a gap that it confirms, divided by f(0) =
1/2 ||y||^2, counts. Each solver runs with the fastest of its variants (order, precision, warm starts) at its loosest tolerance that
reaches the gap; finding these is not timed, nor is loading or converting the data, nor a first call, which compiles. Times are
medians, taken in turn. Beside each stands how many times the limit it is: the stored matrix read once at the speed that
bench_atom_selection measures in the same run over as many bytes. --paths adds regularisation paths of 100 lambdas down to 0.01 lambda_max.
"""
import argparse
import datetime
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
VENV = ROOT / "build/bench-venv"
POINTS, SMALLEST_OF_PATH = 100, 0.01
os.environ.setdefault("PYTHONDONTWRITEBYTECODE", "1")
sys.dont_write_bytecode = True

from racing import machine  # noqa: E402  (needs nothing but Python)


def prefer_the_virtual_environment():
    """celer and skglm live in build/bench-venv; and BLAS reads its settings when it is loaded, so they must be right before."""
    python = VENV / "bin/python"
    if python.exists() and pathlib.Path(sys.prefix).resolve() != VENV.resolve():
        os.execve(python, [str(python), *sys.argv], machine.environment(len(os.sched_getaffinity(0))))


def build():
    print("Building with the preset release (log: build/race.log)", file=sys.stderr)
    (ROOT / "build").mkdir(exist_ok=True)
    with open(ROOT / "build/race.log", "w") as log:
        for command in (["cmake", "--preset", "release"], ["cmake", "--build", "--preset", "release", "--target", "wolfpack",
                                                           "wolfpack-fashion-mnist", "bench_atom_selection"]):
            if subprocess.run(command, cwd=ROOT, stdout=log, stderr=log).returncode != 0:
                sys.exit("race.py: the build failed; build/race.log says why")


def arguments_of_the_command():
    from racing import contestants, data_sets
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sets", nargs="+", choices=data_sets.NAMES, help="default: all")
    parser.add_argument("--solvers", nargs="+", choices=contestants.NAMES, default=contestants.NAMES, help="default: all")
    parser.add_argument("--newsgroups", metavar="FILE", help="20 newsgroups as svmlight text; without it the set is skipped")
    parser.add_argument("--ratios", nargs="+", type=float, help="lambda / lambda_max (default: 0.1 0.05 0.01)")
    parser.add_argument("--gaps", nargs="+", type=float, default=[1e-6, 1e-4], help="relative gaps to reach (default: 1e-6 1e-4)")
    parser.add_argument("--cores", choices=("1", "2", "both"), default="1")
    parser.add_argument("--paths", action="store_true", help="also regularisation paths of 100 lambdas, to the smallest of --gaps")
    parser.add_argument("--cap", type=float, help="seconds a fit at most, five times as many a path (default: 60)")
    parser.add_argument("--repeats", type=int, help="fits that are timed; fewer, but two, where they take more than 10 s, and 31 where one takes less than 10 ms (default: 9)")
    parser.add_argument("--quick", action="store_true", help="to see that it works: leukemia and paper at 0.1, a cap of 10 s")
    parser.add_argument("--binaries", type=pathlib.Path, help="where the programs are (default: they are built)")
    parser.add_argument("--json", help="also write everything there")
    parser.add_argument("--self-test", action="store_true", help="check the certificate alone, on problems whose optimum is known")
    arguments = parser.parse_args()
    arguments.sets = arguments.sets or (["leukemia", "paper"] if arguments.quick else data_sets.NAMES)
    arguments.ratios = arguments.ratios or ([0.1] if arguments.quick else [0.1, 0.05, 0.01])
    arguments.cap = arguments.cap or (10.0 if arguments.quick else 60.0)
    arguments.repeats = arguments.repeats or 9
    arguments.gaps.sort()  # what reaches the smallest reaches the others too
    return arguments


def race_on(data, cores, names, arguments, binaries):
    """The records of all problems on one data set, on so many cores; prints the table as it grows."""
    from racing import limits, table
    from racing.contestants import enter
    speed, threads = limits.read_speed(binaries, data.bytes, cores)
    limit = data.bytes / speed * 1e-9
    print(f"\n{data.name}, {cores} core{'s' * (cores > 1)}: {data.description}\n  {data.matrix.shape[0]:,} x {data.matrix.shape[1]:,}, "
          f"{data.bytes / 1e6:.1f} MB, read at {speed:.1f} GB/s by {threads} thread{'s' * (threads > 1)}", flush=True)
    common = {"set": data.name, "description": data.description, "cores": cores, "lambda_max": data.largest_lambda,
              "matrix_bytes": data.bytes, "read_gb_per_second": speed, "read_threads": threads, "limit_seconds": limit}
    entered = [enter(name, data, cores, machine.environment(cores), binaries) for name in names]
    records = []
    try:
        for path in [False] + [True] * arguments.paths:
            rows = []
            for ratio, gap, outcomes in problems(data, path, [one for one in entered if one.has_path or not path], arguments):
                if not rows:
                    print(table.heading(outcomes, path))
                rows.append((ratio, gap, outcomes))
                print(table.row(ratio, gap, limit, speed, outcomes), flush=True)
                records.append({**common, "problem": f"path of {POINTS}" if path else "lone", "lambda_ratio": ratio, "gap": gap,
                                "best_other_over_wolfpack": table.ahead(outcomes),
                                "solvers": {name: table.record(outcome) for name, outcome in outcomes.items()}})
            print("\n".join(table.settings(rows)), flush=True)
    finally:
        for one in entered:
            one.close()
    return records


def problems(data, path, contestants, arguments):
    """Yields (lambda / lambda_max, gap, {name: outcome}) of each problem, once it has been raced."""
    from racing import heats
    import numpy as np
    memories = {}
    for ratio in [SMALLEST_OF_PATH] if path else arguments.ratios:
        lambdas = data.largest_lambda * (np.geomspace(1, ratio, POINTS) if path else np.array([ratio]))
        entries = [heats.Entry(one, lambdas, arguments.cap * (5 if path else 1)) for one in contestants]
        for gap in arguments.gaps[:1] if path else arguments.gaps:
            yield ratio, gap, heats.race(entries, gap, memories, arguments.repeats, seconds_of_repeats=10.0)


def check_blas(data, name, cores, binaries, described):
    """[[library, threads, kernels], ...] as a Python contestant has them."""
    from racing.contestants import enter
    contestant = enter(name, data, cores, machine.environment(cores), binaries)
    try:
        pools = contestant.blas()
    finally:
        contestant.close()
    if not any(library == "openblas" for library, _, _ in pools):
        print(f"race.py: NumPy has no OpenBLAS here ({pools or 'plain BLAS'}): FISTA is slower than it could be", file=sys.stderr)
    for library, _, kernels in pools:
        if described["avx512"] and kernels in ("Prescott", "Nehalem", "Sandybridge", "Haswell", "Zen", "generic"):
            print(f"race.py: {library} runs its {kernels} kernels though this CPU has AVX-512", file=sys.stderr)
    return pools


def main():
    prefer_the_virtual_environment()
    from racing import certificate, data_sets
    arguments = arguments_of_the_command()
    certificate.self_test()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that what is written to /tmp goes with us
    if arguments.self_test:
        return print("The certificate is right where the optimum is known.")
    if not arguments.binaries:
        build()
    binaries = (arguments.binaries or ROOT / "build/release/bin").resolve()
    versions, described, skipped, allowed = machine.versions(binaries), machine.describe(), {}, os.sched_getaffinity(0)
    for name in arguments.solvers:
        if machine.lacking(name, versions):
            skipped[name] = machine.lacking(name, versions)
    names = [name for name in arguments.solvers if name not in skipped]
    record = {"date": datetime.datetime.now().isoformat(timespec="seconds"), "machine": described, "versions": versions,
              "settings": {name: str(value) if isinstance(value, pathlib.Path) else value for name, value in vars(arguments).items()},
              "blas": {}, "skipped": skipped, "results": []}
    print(", ".join(f"{name} {version}" for name, version in versions.items() if version), f"\n{described['cpu']}, load "
          f"{described['load_average'][0]:.1f}; median seconds, and how many times the limit (the matrix read once) they are")
    with tempfile.TemporaryDirectory(prefix="wolfpack-race-") as folder:
        for name in arguments.sets:
            try:
                data = data_sets.load(name, folder, binaries, arguments.newsgroups)
            except data_sets.Skipped as reason:
                skipped[name] = str(reason)
                continue
            for cores in {"1": [1], "2": [2], "both": [1, 2]}[arguments.cores]:
                if len(allowed) < cores:
                    skipped[f"{cores} cores"] = f"only {len(allowed)} to be had"
                    continue
                cpus = machine.pin(cores, allowed)
                python = next((one for one in names if one not in ("Wolfpack", "glmnet")), None)
                if python and str(cores) not in record["blas"]:
                    record["blas"][str(cores)] = {"cpus": cpus, "threads_of": machine.THREADS,
                                                  "pools": check_blas(data, python, cores, binaries, described)}
                record["results"] += race_on(data, cores, names, arguments, binaries)
                if arguments.json:
                    pathlib.Path(arguments.json).write_text(json.dumps(record, indent=1) + "\n")
            os.sched_setaffinity(0, allowed)
            shutil.rmtree(data.folder)
    for name, reason in skipped.items():
        print(f"Without {name}: {reason}")
    if arguments.json:
        pathlib.Path(arguments.json).write_text(json.dumps(record, indent=1) + "\n")


if __name__ == "__main__":
    main()
