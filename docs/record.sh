#!/usr/bin/env bash
# Records what commands print, for docs/numbers.py to hold the documents to.
#   docs/record.sh tour|success-rates|full-spectrum [RUN]     (a finished run of the tour, not made again)
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
what=${1:?name what to record: tour, success-rates or full-spectrum}
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
begun=$SECONDS
case $what in
tour)
    run=${2:-$scratch/run}
    cargo build --release --quiet
    begun=$SECONDS
    [ -n "${2:-}" ] || cargo run --release --quiet -- tour --out "$run"
    ;;
success-rates | full-spectrum)
    run=$scratch/printed
    cargo run --release --quiet --example "${what//-/_}" >"$run"
    ;;
*)
    echo "record.sh: nothing called $what" >&2
    exit 2
    ;;
esac
took=$((SECONDS - begun))
[ -z "${2:-}" ] || took=
python3 docs/numbers/record.py "$what" "$run" "$took"
