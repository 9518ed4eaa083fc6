"""The contestants: each solves for given lambdas at a given setting, in processes that it may end, and hands back its coefficients."""
import csv
import dataclasses
import json
import os
import pathlib
import select
import shutil
import signal
import subprocess
import sys
import tempfile

import numpy as np

HERE = pathlib.Path(__file__).resolve().parent
START_UP_SECONDS = 300.0  # to read the data and to compile: not timed, but not for ever either

DIES_WITH_US = ["setpriv", "--pdeathsig", "KILL"]  # a fit without an end must not outlive whoever asked for it


class TimedOut(Exception):
    """The fit took longer than it was given."""


class Failed(Exception):
    """Why there is no solution, in one line."""


@dataclasses.dataclass
class Solution:
    seconds: float
    coefficients: np.ndarray  # features x lambdas
    facts: dict = dataclasses.field(default_factory=dict)


class Contestant:
    tolerance_is_the_gap = False  # then it is never asked for less than the gap that counts
    first_exponent = 4  # where the search starts: tolerance 10 ** (-exponent / 2)

    def __init__(self, name, data, cores, environment):
        self.name, self.data, self.cores, self.environment = name, data, cores, environment
        self.scratch = pathlib.Path(tempfile.mkdtemp(dir=data.folder))

    def close(self):
        shutil.rmtree(self.scratch, ignore_errors=True)


class Spoken(Contestant):
    """A contestant that is one process, which answers a line to each line. It is started when it is first asked, and again when ended."""
    process = None

    def ask(self, line, cap):
        if not self.process:
            self.log = open(self.scratch / "log", "w+")
            self.process = subprocess.Popen([*DIES_WITH_US, *self.command()], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self.log,
                                            env=self.environment, cwd=HERE.parent)
            self.warm = set()
        try:
            self.process.stdin.write(line.encode() + b"\n")
            self.process.stdin.flush()
        except BrokenPipeError:
            pass  # it has died: there is no answer to come, and the log says why
        if not select.select([self.process.stdout], [], [], cap)[0]:
            self.end()
            raise TimedOut
        answer = self.process.stdout.readline().decode().strip()
        if not answer:
            self.end()
            raise Failed(self.last_words())
        word, _, rest = answer.partition(" ")
        if word != "ok":
            raise Failed(rest)
        return rest

    def last_words(self):
        lines = [line.strip() for line in (self.scratch / "log").read_text().splitlines() if line.strip() and line != "Execution halted"]
        return " ".join(lines[-2:])[-200:] or "the process died without a word"

    def end(self):
        if self.process:
            self.process.kill()
            self.process.wait()
            self.process.stdin.close()
            self.process.stdout.close()
            self.log.close()
            self.process = None

    def close(self):
        self.end()
        super().close()

    def solve(self, lambdas, variant, tolerance, cap):
        """The first fit of its kind in a process is thrown away: it compiles, and makes copies in another precision."""
        kind = (len(lambdas) > 1, json.dumps(variant, sort_keys=True))
        if not self.process or kind not in self.warm:
            easy = [0.9 * self.data.largest_lambda] if len(lambdas) == 1 else [self.data.largest_lambda, 0.9 * self.data.largest_lambda]
            try:
                self.ask(self.request(easy, variant, 0.1), START_UP_SECONDS)
            except TimedOut:
                raise Failed(f"not ready after {START_UP_SECONDS:.0f} s") from None
            self.warm.add(kind)
        seconds = float(self.ask(self.request(lambdas, variant, tolerance), cap))
        if seconds > cap:
            raise TimedOut
        return Solution(seconds, np.fromfile(self.scratch / "coefficients").reshape(-1, len(lambdas), order="F"))


class Python(Spoken):
    """scikit-learn, celer, skglm, FISTA."""
    first_exponent = 10  # near where their tolerances mostly end for a gap of 1e-4

    def __init__(self, name, *arguments):
        super().__init__(name, *arguments)
        self.tolerance_is_the_gap = name == "FISTA"
        self.has_path = name != "FISTA"

    def command(self):
        return [sys.executable, "-m", "racing.python_solver", self.name, self.data.folder, self.scratch / "coefficients"]

    def variants(self):
        from .python_solver import SOLVERS
        return [{"precision": precision, **variant} for variant in SOLVERS[self.name].variants for precision in self.data.precisions]

    def request(self, lambdas, variant, tolerance):
        return json.dumps({"lambdas": list(lambdas), "keep": len(lambdas), "setting": {**variant, "tolerance": tolerance}})

    def blas(self):
        return json.loads(self.ask("hello", START_UP_SECONDS))


class Glmnet(Spoken):
    """For a lone lambda also a few larger ones before it, each the start of the next, from which only the last is kept."""
    has_path = True
    first_exponent = 12
    LARGEST_TABLE = 4 << 30  # bytes of inner products that type "covariance" may set aside

    def command(self):
        return ["Rscript", "--vanilla", HERE / "glmnet.R", self.data.folder, self.scratch / "coefficients"]

    def variants(self):
        types = ["naive"] + ["covariance"] * (8 * self.data.matrix.shape[1] ** 2 <= self.LARGEST_TABLE)
        return [{"type": type_, "lambdas": points} for type_ in types for points in (1, 5, 20)]

    def path_variants(self):
        return [variant for variant in self.variants() if variant["lambdas"] == 1]

    def request(self, lambdas, variant, tolerance):
        asked = lambdas
        if len(lambdas) == 1 and variant["lambdas"] > 1:
            asked = np.geomspace(self.data.largest_lambda, lambdas[0], variant["lambdas"] + 1)[1:]
        values = ",".join(repr(float(value)) for value in asked)
        return f'fit(c({values}), {tolerance!r}, "{variant["type"]}", {len(lambdas)})'


class Wolfpack(Contestant):
    """Every fit is a run of the program; what counts is its solve_seconds.

    It stops on the best lower bound of the optimum that any of its iterates gave, which may prove more than its last residual does. The
    judge sees the coefficients alone, so that at times it must be asked for less than the gap that counts.
    """
    has_path = True
    tolerance_is_the_gap = True

    def __init__(self, binary, *arguments):
        super().__init__("Wolfpack", *arguments)
        self.binary = binary

    def variants(self):
        if self.cores == 1:
            return [{"workers": 1, "threads": 1}]
        return [{"workers": self.cores, "threads": 1}, {"workers": self.cores, "threads": 1, "staleness": "bsp"},
                {"workers": 1, "threads": self.cores}]

    def solve(self, lambdas, variant, tolerance, cap):
        matrix = self.data.folder / ("matrix.mtx" if self.data.sparse else "matrix.npy")
        which = (["--lambda", repr(float(lambdas[0]))] if len(lambdas) == 1 else
                 ["--path", str(len(lambdas)), "--lambda-min-ratio", f"{lambdas[-1] / lambdas[0]:.12g}"])
        command = [*DIES_WITH_US, self.binary, "lasso", "--data", matrix, "--target", self.data.folder / "target.npy", *which, "--tolerance",
                   repr(tolerance), "--time-limit", str(cap), "--quiet", "--output", self.scratch]
        command += [word for option, value in variant.items() for word in (f"--{option}", str(value))]
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, env=self.environment, text=True,
                                   start_new_session=True)
        try:
            _, error = process.communicate(timeout=cap + START_UP_SECONDS)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            raise TimedOut from None
        if process.returncode not in (0, 3):
            raise Failed((error.strip().splitlines() or [f"exit status {process.returncode}"])[-1])
        result = json.loads((self.scratch / "result.json").read_text())
        if result["status"] == "time_limit" or result["solve_seconds"] > cap:
            raise TimedOut
        facts = {name: result.get(name) for name in ("status", "full_passes", "bytes_read", "clocks", "staleness")}
        return Solution(result["solve_seconds"], self.coefficients(result, lambdas), facts)

    def coefficients(self, result, lambdas):
        found = np.zeros((self.data.matrix.shape[1], len(lambdas)), order="F")
        if len(lambdas) > 1 and not np.allclose([point["lambda"] for point in result["path"]], lambdas, rtol=1e-6):
            raise Failed("its path is at other lambdas than the others'")
        with open(self.scratch / ("coefficients.csv" if len(lambdas) == 1 else "path.csv")) as file:
            for row in csv.DictReader(file):
                found[int(row["index"]), int(row.get("point", 0))] = float(row["value"])
        return found


def enter(name, data, cores, environment, binaries):
    if name == "Wolfpack":
        return Wolfpack(binaries / "wolfpack", data, cores, environment)
    return (Glmnet if name == "glmnet" else Python)(name, data, cores, environment)


NAMES = ("Wolfpack", "glmnet", "scikit-learn", "celer", "skglm", "FISTA")
