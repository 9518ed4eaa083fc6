#!/usr/bin/python3
"""The tax: what one-sided operations of Wolfpack's transport take beside those of ucx_perftest and of Open MPI.

    scripts/install-packages bench && experiments/bench/tax.py --json results.json

Runs all of them in turn, --repeats times, two processes pinned to a core each, over shared memory and tcp (and rdma where
--transports names it), and prints microseconds, medians over the repeats, and Wolfpack's over the others' of the same repeat. All put
figures are half a round trip, all others whole. Of ucx_perftest counts the better of its median and its average: a median of single
operations contains a reading of the clock. A ratio of at most 1.2 for a short operation, and 1.05 from 4 KiB, is the aim.
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
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
TESTS = {"put": "ucp_put_lat", "get": "ucp_get", "fetch_add": "ucp_fadd"}
TLS = {"shm": "posix,self", "tcp": "tcp,self", "rdma": "rc_v,self"}
MPI_TLS = {"shm": "posix,self,tcp", "tcp": "tcp,self", "rdma": "rc_v,self"}  # its messages need more than shared memory


def cores():
    """The two that all sides run on: Wolfpack takes the first that it may use, and so does MPI on a whole machine."""
    return [str(core) for core in sorted(os.sched_getaffinity(0))[:2]]


def timings(transport, size):
    """How many operations a figure is of."""
    return 400_000 if transport == "shm" and size < 4096 else 40_000 if transport == "shm" and size < 1 << 20 else 3000 if size < 1 << 20 else 400


def wolfpack(arguments, transport, operation, size):
    command = [arguments.build / "bin/wolfpack", "latency", "--json", "--transport", transport, "--operation", operation, "--size", size,
               "--rounds", 1, "--duration", arguments.seconds]
    done = subprocess.run([*map(str, command)], capture_output=True, text=True, timeout=120)
    if done.returncode != 0:
        sys.exit(f"tax.py: {' '.join(map(str, command))}: {done.stderr.strip()}")
    document = json.loads(done.stdout)
    return document["results"][0]["p50_us"], document["settings"]["library"]


def ucx(transport, operation, size, port):
    environment = dict(os.environ, UCX_TLS=TLS[transport], UCX_LOG_LEVEL="error")
    if transport == "tcp":
        environment["UCX_NET_DEVICES"] = "lo"
    server = subprocess.Popen(["taskset", "-c", cores()[1], "ucx_perftest", "-p", str(port)], env=environment, stdout=subprocess.DEVNULL,
                              stderr=subprocess.DEVNULL)
    try:
        time.sleep(0.3)
        count = timings(transport, size)
        done = subprocess.run(["taskset", "-c", cores()[0], "ucx_perftest", "-p", str(port), "127.0.0.1", "-f", "-t", TESTS[operation], "-s",
                               str(size), "-n", str(count), "-w", str(count // 10)],
                              env=environment, capture_output=True, text=True, timeout=120)
        numbers = re.findall(r"^\s*(?:Final:)?\s*\d+\s+([\d.]+)\s+([\d.]+)\s+([\d.]+)", done.stdout, re.M)
        return min(map(float, numbers[-1][:2])) if done.returncode == 0 and numbers else None
    except subprocess.TimeoutExpired:
        return None
    finally:
        server.kill()
        server.wait()


def mpi(arguments, component, transport, operation, size):
    binary = arguments.build / "bin/bench_one_sided_mpi"
    if not binary.exists():
        return None, None
    environment = dict(os.environ, OMPI_ALLOW_RUN_AS_ROOT="1", OMPI_ALLOW_RUN_AS_ROOT_CONFIRM="1")
    # Else Open MPI keeps to devices of its own choice.
    parts = ["--mca", "osc", component, "--mca", "opal_common_ucx_tls", "any", "--mca", "opal_common_ucx_devices", "any"]
    if component == "ucx":
        parts += ["--mca", "pml", "ucx", "-x", f"UCX_TLS={MPI_TLS[transport]}"] + (["-x", "UCX_NET_DEVICES=lo"] if transport == "tcp" else [])
    batch = 100 if transport == "shm" and size < 1 << 16 else 1
    command = ["mpirun", "--bind-to", "none", "--oversubscribe", "-np", 2, *parts, binary, operation, size, batch,
               max(20, timings(transport, size) // batch)] + (["progress"] if transport != "shm" else [])
    try:
        done = subprocess.run([*map(str, command)], env=environment, capture_output=True, text=True, timeout=60)
        found = json.loads(done.stdout) if done.returncode == 0 else {}
    except (subprocess.TimeoutExpired, json.JSONDecodeError):
        found = {}
    return found.get("p50_us"), found.get("library")


def measure(arguments, transport, operation, size, versions):
    sides = {}
    for repeat in range(arguments.repeats):
        own, versions["ucx"] = wolfpack(arguments, transport, operation, size)
        found = {"wolfpack": own, "ucx_perftest": ucx(transport, operation, size, 21000 + os.getpid() % 20000 + repeat)}
        for component in ["sm", "ucx"] if transport == "shm" else ["ucx"]:
            figure, library = mpi(arguments, component, transport, operation, size)
            found[f"osc/{component}"] = figure
            versions["mpi"] = library or versions.get("mpi")
        for side, figure in found.items():
            sides.setdefault(side, []).append(figure)
    row = {"transport": transport, "operation": operation, "bytes": size}
    for side, figures in sides.items():
        known = [f for f in figures if f is not None]
        row[side + "_us"] = statistics.median(known) if known else None
        ratios = [own / other for own, other in zip(sides["wolfpack"], figures) if other]
        row["ratio_to_" + side] = statistics.median(ratios) if ratios and side != "wolfpack" else None
    return {key: value for key, value in row.items() if key != "ratio_to_wolfpack"}


def show(row):
    def text(value, digits=3):
        return "-" if value is None else f"{value:.{digits}f}"
    others = ["ucx_perftest", "osc/sm", "osc/ucx"]
    print(f"{row['transport']:6}{row['operation']:10}{row['bytes']:9}{text(row['wolfpack_us']):>11}"
          + "".join(f"{text(row.get(o + '_us')):>14}{text(row.get('ratio_to_' + o), 2):>7}" for o in others), flush=True)


def build(folder):
    subprocess.run(["cmake", "--preset", "release", "-B", folder], cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
    listed = subprocess.run(["cmake", "--build", folder, "--target", "help"], check=True, capture_output=True, text=True).stdout
    targets = ["wolfpack"] + (["bench_one_sided_mpi"] if "bench_one_sided_mpi" in listed else [])
    subprocess.run(["cmake", "--build", folder, "--target", *targets], check=True, stdout=subprocess.DEVNULL)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", type=pathlib.Path, default=ROOT / "build/release")
    parser.add_argument("--transports", nargs="+", default=["shm", "tcp"], choices=list(TLS))
    parser.add_argument("--sizes", nargs="+", type=int, default=[8, 64, 512, 4096, 8192, 65536, 1 << 20])
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=0.1, help="of each of Wolfpack's figures")
    parser.add_argument("--as-built", action="store_true", help="build nothing first: where nothing may be written")
    parser.add_argument("--json", type=pathlib.Path)
    arguments = parser.parse_args()
    if len(cores()) < 2:
        sys.exit("tax.py: two processes need a core each, and this one may use but one")
    if not arguments.as_built:
        build(arguments.build)
    print(f"{'':25}{'wolfpack':>11}" + "".join(f"{name:>14}{'ratio':>7}" for name in ["ucx_perftest", "osc/sm", "osc/ucx"]))
    versions, rows = {}, []
    for transport in arguments.transports:
        for operation in TESTS:
            for size in arguments.sizes if operation != "fetch_add" else [8]:
                rows.append(measure(arguments, transport, operation, size, versions))
                show(rows[-1])
    if arguments.json:
        record = {"date": datetime.date.today().isoformat(), "machine": platform.processor() or platform.machine(),
                  "cores": len(os.sched_getaffinity(0)), "command": " ".join(["tax.py", *sys.argv[1:]]), "repeats": arguments.repeats,
                  "versions": versions, "results": rows}
        arguments.json.write_text(json.dumps(record, indent=1) + "\n")


if __name__ == "__main__":
    main()
