#!/usr/bin/env bash
# Builds the engine, makes the peers' virtual environment where there is none, and compares.
#   benches/peers/run.sh [--venv DIR] [options of compare.py]
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../.." && pwd)
target=${CARGO_TARGET_DIR:-$root/target}
venv=$target/peers-venv
if [ "${1:-}" = --venv ]; then
    venv=$2
    shift 2
fi
cargo build --release --manifest-path "$root/Cargo.toml" -p basinscope-bench --bin engine
if [ ! -x "$venv/bin/python" ]; then
    python3 -m venv "$venv"
fi
"$venv/bin/python" -c 'import jax, sklearn, torch' 2>/dev/null ||
    "$venv/bin/pip" install --quiet --disable-pip-version-check -r "$here/requirements.txt"
exec "$venv/bin/python" -B "$here/compare.py" --engine "$target/release/engine" --binary "$target/release/basinscope" "$@"
