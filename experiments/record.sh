#!/usr/bin/env bash
# Keeps what a finished `basinscope reproduce` found: sheets and pictures, beside the recipes.
#   experiments/record.sh RUN_DIR
set -euo pipefail
run=${1:?name the folder that reproduce wrote}
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# Of several seeds, the sheets over them alone.
for sheet in "$run"/*/results/seeds.json; do
    [ -f "$sheet" ] || continue
    from=${sheet%/results/seeds.json}
    to=$here/recorded/over-seeds/${from##*/}
    rm -rf "$to"
    mkdir -p "$to"
    cp "$sheet" "$from/sheet.md" "$to/"
done
for sheet in "$run"/*/results/sheet.json; do
    [ -f "$sheet" ] || continue
    from=${sheet%/results/sheet.json}
    to=$here/recorded/${from##*/}
    rm -rf "$to"
    mkdir -p "$to"
    cp "$sheet" "$from/sheet.md" "$to/"
    # Tables for people, where the experiment leaves some.
    for table in "$from"/compare.csv "$from"/compare.tex; do
        [ ! -f "$table" ] || cp "$table" "$to/"
    done
    # The pictures on the sheet, in the light theme; not those that show the data itself.
    sed -nE 's/^ *"stem": "(.*)",?$/\1/p' "$sheet" | { grep -v '^mistakes-' || true; } | while read -r stem; do
        for picture in "$from/figures/$stem".png "$from/figures/$stem"-still.png; do
            [ ! -f "$picture" ] || cp "$picture" "$to/"
        done
    done
done
