"""How soon the stored matrix can be read at all, by the plain sum of bench_atom_selection over as many bytes."""
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
    return (max(result["read_gb_per_second"] for result in results if result["storage"] == "float64"), cores if several else 1)
