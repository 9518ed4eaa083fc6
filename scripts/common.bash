# For the scripts beside this one: they `source` it first. The rest of such a script runs in the root of the project.
script=$(realpath "$0")
cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit

# Prints the comment at the top of the script.
usage() { sed -n '2,/^[^#]/s/^# \{0,1\}//p' "$script"; }

# refuse MESSAGE [STATUS]
refuse() {
  echo "${script##*/}: $1" >&2
  exit "${2:-1}"
}

# build_quietly PRESET [argument of cmake --build...]: configures and builds, showing nothing but what went wrong.
build_quietly() {
  local preset=$1 log
  shift
  mkdir -p build
  log=build/$preset.log
  echo "Building with the preset $preset (log: $log)" >&2
  if ! { cmake --preset "$preset" && cmake --build --preset "$preset" --parallel "$(nproc)" "$@"; } > "$log" 2>&1 < /dev/null; then
    # ninja prints what failed after a line that starts with FAILED; an error of the configuration has no such line.
    grep -A 25 -E '^FAILED|CMake Error' "$log" | head -n 60 >&2 || tail -n 40 "$log" >&2
    refuse "the build failed; the whole log is $log"
  fi
}
