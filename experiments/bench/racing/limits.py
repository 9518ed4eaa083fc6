"""How soon the stored matrix can be read at all: bench_atom_selection's reading of as many bytes, at its best."""
import json
import subprocess
import tempfile

ROWS = 1000


def read_speed(binaries, size, cores):
    """(GB/s, threads): what `cores` threads of one process read, where the benchmark can have several; else one thread."""
    binary = binaries / "bench_atom_selection"
    with tempfile.NamedTemporaryFile(suffix=".json") as file:
        command = [binary, "--rows", str(ROWS), "--columns", str(max(1, size // (8 * ROWS))), "--repeats", "15", "--json", file.name]
        several = "--threads" in subprocess.run([binary, "--help"], capture_output=True, text=True).stdout
        if several:
            command += ["--threads", str(cores)]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        results = json.load(open(file.name))["results"]
    read, = (result for result in results if result["storage"] == "float64")
    return read.get("best_read_gb_per_second", read["read_gb_per_second"]), cores if several else 1
