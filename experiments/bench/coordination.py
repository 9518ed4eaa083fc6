#!/usr/bin/python3
"""What coordination alone costs: iterations of wolfpack that do nothing, beside Open MPI's barrier and allreduce.

    scripts/install-packages bench && experiments/bench/coordination.py --json results.json

Builds both sides (build/release) and runs them in turn, one process pinned to a core, --repeats times; each run is the median of
its batches, each figure the median of its runs, and each ratio the median of the ratios of neighbours in time. The cores of a
virtual machine may be near to each other now and far apart a minute later, which changes everything threefold: compare what ran
together, and look at "hop", what two processes need to put a word to each other and see the other's by the same transport. The
trace, on by default in a job, costs some 0.1 us an iteration; "clock" and "row" are without it, "+ trace" with it.

--priority takes the cores from other programs for the seconds of a run (root only): for a machine that is not idle.
"""
import argparse
import datetime
import json
import os
import pathlib
import platform
import re
import statistics
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = ROOT / "build/release"
WAITING_SHARE = 0.05


def build(folder):
    subprocess.run(["cmake", "--preset", "release", "-B", folder], cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
    targets = ["bench_coordination"]
    listed = subprocess.run(["cmake", "--build", folder, "--target", "help"], check=True, capture_output=True, text=True).stdout
    if "bench_coordination_mpi" in listed:
        targets.append("bench_coordination_mpi")
    subprocess.run(["cmake", "--build", folder, "--target", *targets], check=True, stdout=subprocess.DEVNULL)
    return len(targets) == 2


class Runner:
    """Runs a program and returns what it printed as JSON."""

    def __init__(self, arguments):
        self.arguments = arguments
        self.environment = dict(os.environ)
        if os.geteuid() == 0:
            self.environment.update(OMPI_ALLOW_RUN_AS_ROOT="1", OMPI_ALLOW_RUN_AS_ROOT_CONFIRM="1")

    def run(self, command, priority=True):
        # Real-time threads that spin would starve what ends them: that gets a higher priority.
        limit = ["timeout", "--signal=KILL", "120"]
        if self.arguments.priority and priority:
            limit = ["chrt", "-f", "2", *limit, "chrt", "-f", "1"]
        done = subprocess.run([*limit, *map(str, command)], env=self.environment, capture_output=True, text=True)
        if done.returncode != 0:
            sys.exit(f"coordination.py: {' '.join(map(str, command))} ended with status {done.returncode}: {done.stderr.strip()}")
        return json.loads(done.stdout)

    def wolfpack(self, what, workers, transport, batch, *more):
        binary = pathlib.Path(self.arguments.build) / "bin/bench_coordination"
        # Over tcp the progress threads share the cores with the workers: not with priority over them.
        return self.run([binary, "--what", what, "--workers", workers, "--transport", transport, "--batch", batch,
                         "--batches", self.arguments.batches, "--values", self.arguments.values, *more], transport == "shm")

    def mpi(self, what, workers, batch):
        binary = pathlib.Path(self.arguments.build) / "bin/bench_coordination_mpi"
        return self.run(["mpirun", "--bind-to", "none", "--oversubscribe", "-np", workers, binary, what, self.arguments.values,
                         batch, self.arguments.batches])


def measure(runner, workers, has_mpi):
    """Both sides in turn: lists of microseconds by name, one a repetition."""
    crowded = workers > len(os.sched_getaffinity(0))
    clock_batch, row_batch = (100, 50) if crowded else (20000, 1000)
    if workers == 1:  # shares its core with the owner's thread, and never waits for it: slow
        row_batch = 50
    sides = {"clock": lambda: runner.wolfpack("clock", workers, "shm", clock_batch),
             "clock + trace": lambda: runner.wolfpack("clock", workers, "shm", clock_batch, "--trace"),
             "row": lambda: runner.wolfpack("row", workers, "shm", row_batch),
             "row + trace": lambda: runner.wolfpack("row", workers, "shm", row_batch, "--trace")}
    if workers == 2:
        sides["hop"] = lambda: runner.wolfpack("hop", workers, "shm", clock_batch)
    if has_mpi:
        sides["MPI_Barrier"] = lambda: runner.mpi("barrier", workers, clock_batch)
        sides["MPI_Allreduce"] = lambda: runner.mpi("allreduce", workers, row_batch)
    order = [name for name in ("hop", "clock", "MPI_Barrier", "clock + trace", "row", "MPI_Allreduce", "row + trace") if name in sides]
    runs, libraries = {name: [] for name in order}, {}
    for _ in range(runner.arguments.repeats):
        for name in order:
            result = sides[name]()
            runs[name].append(statistics.median(result["microseconds"]))
            libraries[name] = result["library"]
    return runs, libraries


def ratio(runs, name):
    other = "MPI_Allreduce" if name.startswith("row") else "MPI_Barrier"
    if name == "hop" or name.startswith("MPI") or other not in runs:
        return None
    return statistics.median(mine / theirs for mine, theirs in zip(runs[name], runs[other]))


def version():
    revision = subprocess.run(["git", "-C", ROOT, "describe", "--always", "--dirty"], capture_output=True, text=True).stdout.strip()
    number = re.search(r"project\(wolfpack VERSION ([0-9.]+)", (ROOT / "CMakeLists.txt").read_text()).group(1)
    return number, revision


def processor():
    match = re.search(r"model name\s*: (.*)", pathlib.Path("/proc/cpuinfo").read_text())
    return match.group(1) if match else platform.machine()


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--build", default=BUILD, help="build folder (default: build/release)")
    parser.add_argument("--workers", default="1,2,4", help="comma-separated (default: 1,2,4)")
    parser.add_argument("--repeats", type=int, default=9)
    parser.add_argument("--batches", type=int, default=10, help="timed batches a run")
    parser.add_argument("--values", type=int, default=1024, help="doubles in the row")
    parser.add_argument("--priority", action="store_true", help="real-time priority for the runs over shm (root)")
    parser.add_argument("--json", help="also write the table there")
    arguments = parser.parse_args()
    has_mpi = build(arguments.build)
    if not has_mpi:
        print("coordination.py: no MPI here (scripts/install-packages bench); wolfpack alone", file=sys.stderr)
    runner = Runner(arguments)
    number, revision = version()
    record = {"benchmark": "coordination", "date": datetime.date.today().isoformat(), "machine": processor(),
              "cores": len(os.sched_getaffinity(0)), "load_before": os.getloadavg()[0], "wolfpack_version": number,
              "revision": revision, "repeats": arguments.repeats, "batches": arguments.batches, "values": arguments.values,
              "staleness": 0, "pinned": True, "priority": arguments.priority, "results": [], "waiting": []}

    print(f"{'workers':>7} {'transport':>9} {'what':>14} {'median us':>10} {'least us':>9} {'over MPI':>8}")

    def report(workers, transport, name, runs, library, over_mpi):
        median = statistics.median(runs)
        print(f"{workers:>7} {transport:>9} {name:>14} {median:>10.3f} {min(runs):>9.3f} "
              + (f"{over_mpi:>8.2f}" if over_mpi is not None else f"{'-':>8}"), flush=True)
        record["results"].append({"workers": workers, "transport": transport, "what": name, "median_us": median, "runs_us": runs,
                                  "library": library, "ratio_to_mpi": over_mpi})

    for workers in map(int, arguments.workers.split(",")):
        runs, libraries = measure(runner, workers, has_mpi)
        for name in runs:
            report(workers, "mpi" if name.startswith("MPI") else "shm", name, runs[name], libraries[name], ratio(runs, name))
    for name in ("clock", "row"):
        results = [runner.wolfpack(name, 2, "tcp", 200) for _ in range(3)]
        report(2, "tcp", name, [statistics.median(result["microseconds"]) for result in results], results[0]["library"], None)

    print(f"\n{'transport':>9} {'waits for':>12} {'worker 0':>9} {'worker 1':>9}   share of a core while it waits a second")
    for transport in ("shm", "tcp"):
        results = [runner.wolfpack("wait", 2, transport, 1) for _ in range(3)]
        for rule in ("lead_rule", "read_rule"):
            shares = [statistics.median(result[rule][worker] for result in results) for worker in (0, 1)]
            print(f"{transport:>9} {rule.replace('_', ' '):>12} {shares[0]:>9.1%} {shares[1]:>9.1%}   "
                  + ("ok" if max(shares) < WAITING_SHARE else f"above {WAITING_SHARE:.0%}"), flush=True)
            record["waiting"].append({"transport": transport, "rule": rule, "shares_of_a_core": shares})
    record["load_after"] = os.getloadavg()[0]
    if arguments.json:
        pathlib.Path(arguments.json).write_text(json.dumps(record, indent=1) + "\n")


if __name__ == "__main__":
    main()
