#!/usr/bin/env bash
# Image nets beside PyTorch: builds the engine, makes the virtual environment where there is none,
# compares losses, then times both in turns.
#   benches/peers/images.sh [--venv DIR] [--no-burn] [options of images.py]
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../.." && pwd)
target=${CARGO_TARGET_DIR:-$root/target}
venv=$target/peers-venv
if [ "${1:-}" = --venv ]; then
    venv=$2
    shift 2
fi
features=(--features burn)
options=(--burn)
if [ "${1:-}" = --no-burn ]; then
    features=()
    options=()
    shift
fi
cargo build --release --manifest-path "$root/Cargo.toml" -p basinscope-images "${features[@]}" --example throughput
if [ ! -x "$venv/bin/python" ]; then
    python3 -m venv "$venv"
fi
"$venv/bin/python" -c 'import numpy, torch' 2>/dev/null ||
    "$venv/bin/pip" install --quiet --disable-pip-version-check -r "$here/requirements.txt"
exec "$venv/bin/python" -B "$here/images.py" --engine "$target/release/examples/throughput" "${options[@]}" "$@"
