#!/usr/bin/env bash
# Curvature of image nets next to PyTorch's: builds the engine, makes the virtual environment where
# there is none, compares eigenvalues and traces, then times.
#   benches/peers/curvature.sh [--venv DIR] [options of curvature.py]
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../.." && pwd)
target=${CARGO_TARGET_DIR:-$root/target}
venv=$target/curvature-venv
if [ "${1:-}" = --venv ]; then
    venv=$2
    shift 2
fi
cargo build --release --manifest-path "$root/Cargo.toml" -p basinscope-images --example curvature
if [ ! -x "$venv/bin/python" ]; then
    python3 -m venv "$venv"
fi
"$venv/bin/python" -c 'import curvlinops, hessian_eigenthings, pyhessian' 2>/dev/null ||
    "$venv/bin/pip" install --quiet --disable-pip-version-check -r "$here/curvature_requirements.txt"
# A fixed choice of BLAS kernels would slow the others down.
unset OPENBLAS_CORETYPE MKL_CBWR
exec "$venv/bin/python" -B "$here/curvature.py" --engine "$target/release/examples/curvature" "$@"
