#!/usr/bin/env bash
# How an evaluation's cost grows with parameters, points and threads: one figure, one table.
#   benches/curves.sh [--venv DIR] OUT_FOLDER [SECONDS]
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/.." && pwd)
target=${CARGO_TARGET_DIR:-$root/target}
venv=$target/curves-venv
if [ "${1:-}" = --venv ]; then
    venv=$2
    shift 2
fi
out=${1:?a folder for curves.json, curves.png and curves.md}
mkdir -p "$out"
cargo build --release --manifest-path "$root/Cargo.toml" -p basinscope-bench --bin engine
[ -x "$venv/bin/python" ] || python3 -m venv "$venv"
"$venv/bin/python" -c 'import matplotlib' 2>/dev/null ||
    "$venv/bin/pip" install --quiet --disable-pip-version-check 'matplotlib==3.11.2'
"$target/release/engine" curves "$out/curves.json" --seconds "${2:-1}"
"$venv/bin/python" -B "$here/curves.py" "$out"
