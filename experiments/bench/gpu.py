#!/usr/bin/env python3
"""Atom selection and whole LASSO problems on a GPU, beside what one would write with PyTorch, in one run.

    cmake --preset cuda && cmake --build --preset cuda --target bench_gpu_selection && experiments/bench/gpu.py --json results.json

For each size and storage: our pass (select(), K = 1, 10 and 100) as a share of the read speed measured in the same run, beside
PyTorch's product and topk (cuBLAS and CUB underneath) on a matrix of the same shape; and for float32, LASSO problems from zero to a
certified relative gap of 1e-6, beside FISTA and a corrective method in PyTorch on a problem drawn from the same distribution. Ratios
above 1 say that ours is faster. Where PyTorch is not installed its side is left out, and said so. Matrices of more than --cpu-gigabytes
are not solved by our CPU backend, which is slow there.

Runs anywhere with an NVIDIA driver: scripts/pack-gpu puts it into a folder with all that it needs.
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
import time

HERE = pathlib.Path(__file__).resolve().parent
TOLERANCE = 1e-6


def find_bench():
    for place in (HERE / "bin/bench_gpu_selection", HERE.parent.parent / "build/cuda/bin/bench_gpu_selection"):
        if place.exists():
            return place
    sys.exit("gpu.py: bench_gpu_selection is not built: cmake --preset cuda && cmake --build --preset cuda --target bench_gpu_selection")


def ours(arguments, storage, gigabytes):
    with tempfile.TemporaryDirectory() as folder:
        record = pathlib.Path(folder) / "record.json"
        command = [arguments.bench, "--rows", arguments.rows, "--gigabytes", gigabytes, "--storage", storage, "--repeats", arguments.repeats,
                   "--json", record]
        if storage == "float32":
            command += ["--lasso"]
            if gigabytes <= arguments.cpu_gigabytes:
                command += ["--cpu-threads", os.cpu_count()]
        packed = HERE / "lib"  # scripts/pack-gpu: for our program alone, Python has libraries of its own
        environment = {**os.environ, "LD_LIBRARY_PATH": str(packed)} if packed.is_dir() else None
        done = subprocess.run([str(word) for word in command], env=environment)
        if done.returncode != 0:
            return {"storage": storage, "gigabytes": gigabytes, "error": f"ended with status {done.returncode}: {' '.join(map(str, command))}"}
        return json.loads(record.read_text())


def host_gigabytes(storage, gigabytes):
    """What the host needs while the matrix is made; bfloat16 numbers are float32 there."""
    return gigabytes * (2 if storage == "bfloat16" else 1) + 2


def free_gigabytes():
    lines = dict(line.split(":") for line in pathlib.Path("/proc/meminfo").read_text().splitlines())
    return int(lines["MemAvailable"].split()[0]) * 1.024e-6


class Torch:
    """The same things as a user of PyTorch would write them. The matrix is kept transposed: a row of it is a column of A."""

    def __init__(self, torch, rows, columns, dtype, repeats):
        self.torch, self.repeats, self.dtype = torch, repeats, dtype
        self.a = torch.empty((columns, rows), dtype=dtype, device="cuda")
        for first in range(0, columns, 1 << 20):
            part = self.a[first:first + (1 << 20)]
            part.copy_(torch.rand(part.shape, device="cuda") * 2 - 1)

    def products(self, w):
        """A'w; in pieces, since cuBLAS has failed on matrices of more than 2^31 numbers."""
        each = max(1, ((1 << 31) - 1) // self.a.shape[1])
        return self.torch.cat([self.torch.mv(part, w) for part in self.a.split(each)])

    def combination(self, x):
        """A x."""
        each = max(1, ((1 << 31) - 1) // self.a.shape[1])
        return sum(self.torch.mv(part.t(), piece) for part, piece in zip(self.a.split(each), x.split(each)))

    def timed(self, work):
        seconds = []
        for _ in range(self.repeats + 1):
            self.torch.cuda.synchronize()
            start = time.perf_counter()
            work()
            self.torch.cuda.synchronize()
            seconds.append(time.perf_counter() - start)
        return statistics.median(seconds[1:])

    def passes(self):
        w = self.torch.randn(self.a.shape[1], device="cuda").to(self.dtype)
        found = [{"atoms": 0, "seconds": self.timed(lambda: self.products(w))}]
        for count in (1, 10, 100):
            found.append({"atoms": count, "seconds": self.timed(lambda: self.torch.topk(self.products(w).abs(), count).indices.cpu())})
        return found

    def problem(self):
        columns = self.a.shape[0]
        explaining = self.a[[columns // 50 * k for k in range(50)]].sum(0)
        y = explaining + 0.5 * self.torch.randn(self.a.shape[1], device="cuda")
        return y, 0.1 * self.products(y).abs().max().item()

    def gap(self, y, residual, products, penalty, l1):
        """Of residual y - A x with products A'(y - A x), in float64."""
        r, y = residual.double(), y.double()
        theta = r * min(1.0, penalty / products.abs().max().item())
        primal = 0.5 * (r @ r).item() + penalty * l1
        return (primal - (0.5 * (y @ y) - 0.5 * ((y - theta) @ (y - theta))).item()) / (0.5 * (y @ y)).item()

    def fista(self, y, penalty, time_limit):
        torch = self.torch
        torch.cuda.synchronize()
        start = time.perf_counter()
        v = torch.randn(self.a.shape[0], device="cuda")
        for _ in range(20):  # the largest singular value
            v = self.products(self.combination(v / v.norm()))
        step = 1.0 / (1.05 * v.norm().item())
        x = torch.zeros(self.a.shape[0], device="cuda")
        z, t, iterations = x, 1.0, 0
        while True:
            residual = y - self.combination(z)
            products = self.products(residual)
            iterations += 1
            if iterations % 10 == 0:
                relative_gap = self.gap(y, residual, products, penalty, z.abs().sum().item())
                seconds = time.perf_counter() - start
                if relative_gap <= TOLERANCE or seconds > time_limit:
                    return {"seconds": seconds, "iterations": iterations, "relative_gap": relative_gap, "converged": relative_gap <= TOLERANCE}
            moved = z + step * products
            following = moved.sign() * (moved.abs() - step * penalty).clamp(min=0)
            t_next = 0.5 * (1 + (1 + 4 * t * t) ** 0.5)
            z, x, t = following + (t - 1) / t_next * (following - x), following, t_next

    def corrective(self, y, penalty, time_limit):
        """Columns with the largest products join; the problem over those that have joined is solved exactly, in float64."""
        import numpy
        torch = self.torch
        torch.cuda.synchronize()
        start = time.perf_counter()
        joined, x = torch.empty(0, dtype=torch.long, device="cuda"), numpy.zeros(0)
        columns = self.a[joined].double()
        y64, rounds, host = y.double(), 0, 0.0
        while True:
            residual = y64 - columns.t() @ torch.from_numpy(x).cuda()
            products = self.products(residual.float())
            rounds += 1
            relative_gap = self.gap(y, residual, products, penalty, float(numpy.abs(x).sum()))
            seconds = time.perf_counter() - start
            if relative_gap <= TOLERANCE or rounds == 100 or seconds > time_limit:
                return {"seconds": seconds, "host_seconds": host, "rounds": rounds, "relative_gap": relative_gap,
                        "converged": relative_gap <= TOLERANCE}
            scores = products.abs()
            scores[joined] = 0
            best = torch.topk(scores, max(10, len(x) // 2))
            joined = torch.cat((joined, best.indices[best.values > penalty]))
            columns = self.a[joined].double()
            gram, right = (columns @ columns.t()).cpu().numpy(), (columns @ y64).cpu().numpy()
            began = time.perf_counter()
            x = lasso_of_gram(gram, right, penalty, numpy.pad(x, (0, len(joined) - len(x))))
            host += time.perf_counter() - began  # a loop in NumPy: of the ratio, look at what is left without it, too


def lasso_of_gram(gram, products, penalty, x):
    """min x'Gx / 2 - c'x + penalty ||x||_1 by an active set of signs."""
    import numpy
    signs = numpy.sign(x)
    for _ in range(20 * len(x)):
        slack = products - gram @ x
        if not signs.any() or numpy.abs(slack[signs != 0] - penalty * signs[signs != 0]).max() < 1e-9 * penalty:
            outside = numpy.where(signs == 0, numpy.abs(slack), 0)
            worst = outside.argmax()
            if outside[worst] <= penalty * (1 + 1e-9):
                return x
            signs[worst] = numpy.sign(slack[worst])
        active = numpy.flatnonzero(signs)
        target = numpy.linalg.solve(gram[numpy.ix_(active, active)], products[active] - penalty * signs[active])
        leaves = target * signs[active] < 0
        length, first = 1.0, None
        if leaves.any():
            steps = numpy.where(leaves, x[active] / numpy.where(leaves, x[active] - target, 1), 1)
            first = steps.argmin()
            length = steps[first]
        x[active] += length * (target - x[active])
        if first is not None:
            x[active[first]] = signs[active[first]] = 0
    return x


def theirs(torch, arguments, storage, record):
    dtype = {"float32": torch.float32, "bfloat16": torch.bfloat16}[storage]
    side = Torch(torch, record["rows"], record["columns"], dtype, arguments.repeats)
    found = {"passes": side.passes()}
    if storage == "float32":
        y, penalty = side.problem()
        found["corrective"] = side.corrective(y, penalty, arguments.time_limit)
        found["fista"] = side.fista(y, penalty, arguments.time_limit)
    del side
    torch.cuda.empty_cache()
    return found


def show(record, other):
    bare = other["passes"][0]["seconds"]
    print(f"  PyTorch: the product alone {1e3 * bare:.3f} ms")
    for mine, its in zip(record["passes"], other["passes"][1:]):
        print(f"  K = {mine['atoms']:<4} PyTorch {1e3 * its['seconds']:9.3f} ms  ratio {its['seconds'] / mine['seconds']:.2f}")
        mine["ratio_to_torch"] = its["seconds"] / mine["seconds"]
    for name in ("corrective", "fista"):
        if name in other:
            its = other[name]
            own = its["seconds"] - its.get("host_seconds", 0.0)
            its["ratio"] = its["seconds"] / record["lasso"][0]["seconds"]
            its["ratio_without_host"] = own / record["lasso"][0]["seconds"]
            print(f"  LASSO, PyTorch {name}: {its['seconds']:.4f} s ({own:.4f} without NumPy){'' if its['converged'] else ', not there'}, "
                  f"ratio {its['ratio']:.1f} ({its['ratio_without_host']:.1f})")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=1000)
    parser.add_argument("--gigabytes", type=float, nargs="+", default=[1, 10, 100])
    parser.add_argument("--storages", nargs="+", default=["float32", "bfloat16", "csc"])
    parser.add_argument("--repeats", type=int, default=20)
    parser.add_argument("--cpu-gigabytes", type=float, default=10)
    parser.add_argument("--time-limit", type=float, default=20, help="of each of PyTorch's solvers, in seconds")
    parser.add_argument("--bench", type=pathlib.Path, help="bench_gpu_selection")
    parser.add_argument("--json")
    arguments = parser.parse_args()
    sys.stdout.reconfigure(line_buffering=True)  # in order with what our program prints
    arguments.bench = arguments.bench or find_bench()
    try:
        import torch
        if not torch.cuda.is_available():
            raise ImportError("it sees no GPU")
        torch.backends.cuda.matmul.allow_tf32 = False
    except ImportError as why:
        print(f"Without PyTorch's side: {why}")
        torch = None

    results = []

    def keep():
        if arguments.json:  # what there is so far, should time run out
            settings = {name: str(value) if isinstance(value, pathlib.Path) else value for name, value in vars(arguments).items()}
            pathlib.Path(arguments.json).write_text(json.dumps({
                "date": datetime.date.today().isoformat(), "command": " ".join(sys.argv), "settings": settings, "system": platform.platform(),
                "cores": os.cpu_count(), "torch": torch.__version__ if torch else None, "results": results}, indent=1) + "\n")

    for gigabytes in arguments.gigabytes:
        for storage in arguments.storages:
            if storage == "csc" and gigabytes > 10:
                continue  # generating it takes longer than all else
            if host_gigabytes(storage, gigabytes) > free_gigabytes():
                print(f"{gigabytes} GB, {storage}: left out, the host has {free_gigabytes():.0f} GB free")
                continue
            record = ours(arguments, storage, gigabytes)
            results.append(record)
            keep()
            if "error" in record:
                print(record["error"])
            elif torch and storage in ("float32", "bfloat16"):
                try:
                    record["torch"] = theirs(torch, arguments, storage, record)
                    show(record, record["torch"])
                except RuntimeError as failure:  # out of memory, among others
                    print(f"  PyTorch: {failure}")
                    record["torch"] = {"error": str(failure)}
                keep()
    sys.exit(any("error" in record for record in results))


if __name__ == "__main__":
    main()
