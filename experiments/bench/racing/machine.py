"""What the figures were taken on and with."""
import importlib.metadata
import os
import platform
import re
import shutil
import subprocess

THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "BLIS_NUM_THREADS", "NUMBA_NUM_THREADS")


def environment(cores):
    """For all contestants: as many threads as cores, and BLAS with the kernels of this CPU, whatever was set for it."""
    kept = {name: value for name, value in os.environ.items() if name not in ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE", "MKL_DEBUG_CPU_TYPE")}
    return {**kept, **{name: str(cores) for name in THREADS}}


def pin(cores, allowed):
    """This process, and so all that it starts, to the first `cores` of the allowed cores."""
    cpus = sorted(allowed)[:cores]
    os.sched_setaffinity(0, cpus)
    return cpus


def describe():
    cpu = open("/proc/cpuinfo").read()
    memory = re.search(r"MemTotal:\s+(\d+)", open("/proc/meminfo").read())
    model = re.search(r"model name\s*:\s*(.*)", cpu)
    return {"cpu": model.group(1) if model else platform.machine(), "cores": os.cpu_count(), "memory_gib": round(int(memory.group(1)) / 2**20, 1),
            "load_average": os.getloadavg(), "system": platform.platform(), "avx512": "avx512f" in cpu}


def first_line(*command):
    """Of what it prints; None where it cannot be had."""
    if not shutil.which(str(command[0])):
        return None
    lines = subprocess.run(command, capture_output=True, text=True).stdout.strip().splitlines()
    return lines[0] if lines else None


def versions(binaries):
    found = {"Python": platform.python_version()}
    for package in ("numpy", "scipy", "scikit-learn", "celer", "skglm", "numba"):
        try:
            found[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            found[package] = None
    found["R"] = first_line("Rscript", "-e", "cat(as.character(getRversion()))")
    found["glmnet"] = first_line("Rscript", "-e", 'cat(as.character(packageVersion("glmnet")))')
    found["wolfpack"] = first_line(binaries / "wolfpack", "--version")
    found["commit"] = first_line("git", "-C", os.path.dirname(__file__), "describe", "--always", "--dirty")
    return found


def lacking(name, found):
    """Why the contestant of that name cannot start here; None where it can."""
    package = {"Wolfpack": "wolfpack", "FISTA": "numpy"}.get(name, name)
    if found[package]:
        return None
    return "the program does not start" if name == "Wolfpack" else f"{package} is not installed; scripts/install-packages bench does that"
