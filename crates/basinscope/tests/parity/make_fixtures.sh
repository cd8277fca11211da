#!/usr/bin/env bash
# Makes tests/fixtures/torch_parity.{json,npz} anew, in a virtual environment of its own.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
venv=$here/.venv
if [ ! -x "$venv/bin/python" ]; then
    python3 -m venv "$venv"
fi
"$venv/bin/python" -c 'import numpy, torch' 2>/dev/null ||
    "$venv/bin/pip" install --quiet --disable-pip-version-check -r "$here/requirements.txt"
mkdir -p "$here/../fixtures"
"$venv/bin/python" "$here/make_fixtures.py" "$here/../fixtures"
ls -l "$here/../fixtures"/torch_parity.*
