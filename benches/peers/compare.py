"""The engine beside JAX, PyTorch and scikit-learn: values compared first, then times, then one table of ratios."""

from __future__ import annotations

import argparse
import datetime
import importlib.metadata
import json
import platform
import re
import statistics
import subprocess
import sys
import tempfile
import time
from functools import partial
from pathlib import Path

import numpy as np
import torch

import fixtures
import jax_peer
import sklearn_peer
import torch_peer
from variant import THREADS, rate

NETS = ("swiss-roll", "minefield", "circles", "width-8", "width-64", "width-256")
PEERS = ("JAX", "PyTorch", "scikit-learn")
FINALISTS = 1  # variants of each peer, as it runs and cut by hand, that go into the later rounds
PEAK_SHARE = 0.55  # of multiply–add peak, for evaluate:swiss-roll
SAME_KL = 1.02  # t-SNE counts if its divergence is at most this times scikit-learn's
MANY_RAYS = 8000
FRAME_MS, HELP_MS, HELP_RUNS = 10, 20, 30
# work: unit, least ratio, the peers it is counted against (empty: the best of all)
GOALS = {
    "evaluate:swiss-roll": ("evaluations/s", 3.0, ()),
    **{f"evaluate:{net}": ("evaluations/s", 1.0, ()) for net in NETS[1:]},
    "train:swiss-roll": ("steps/s", 3.5, ("JAX",)),
    "ensemble:swiss-roll": ("model-steps/s", 5.0, ("JAX",)),
    "hvp:swiss-roll": ("products/s", 3.0, ("JAX",)),
    "proposals:swiss-roll": ("proposals/s", 3.0, ("JAX",)),
    "radii:swiss-roll": ("sets of 1,000 rays/s", 20.0, ()),
    "tsne": ("embeddings/s", 1.0, ()),
    "boundary:swiss-roll": ("frames/s", None, ()),
    "help": ("ms", None, ()),
}


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def ask(engine: Path, row: str, seconds: float) -> dict:
    command = [engine, "time", row, "--seconds", str(seconds)]
    return json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout)


def problem(row: str, directory: Path, median: float):
    """The peers' variants of a row, and a function that checks a result and returns what to keep of it."""
    work, _, name = row.partition(":")
    if work == "tsne":
        with np.load(directory / "iterates.npz") as arrays:
            return list(sklearn_peer.tsne(arrays["rows"])), dict
    net = fixtures.load(directory, name)
    if work == "radii":  # the engine's own median, against so many rays that only its own scatter is left
        *_, many = jax_peer.radii(net, median, MANY_RAYS)
        reference = np.median(fixtures.crossings(net, median, many.build()()))
        say(f"  median radius of {MANY_RAYS:,} rays {reference:.4f}, the engine's {median:.4f}")
        fixtures.require("the engine's median radius, relative", abs(median / reference - 1), 0.03)
    arguments = (net, median) if work == "radii" else (net,)
    variants = [variant for peer in (jax_peer, torch_peer) for variant in getattr(peer, work)(*arguments)]
    return variants, partial(fixtures.check, work, net, median)


def compare(row: str, engine: Path, directory: Path, seconds: float, rounds: int, wanted: str) -> dict:
    """Every wanted variant once, then the engine and each peer's finalists in turn; the best round of each counts."""
    torch._dynamo.reset()
    ours = [ask(engine, row, seconds)]
    variants, check = problem(row, directory, ours[0].get("median", 0.0))
    found, calls = {}, {}
    for variant in (one for one in variants if re.search(wanted, one.label)):
        entry = found[variant.label] = {"peer": variant.peer, "name": variant.name, "rates": []}
        try:
            call = variant.build()
            result = call()
        except Exception as error:  # a variant that a library refuses is recorded, and the others go on
            entry["refused"] = f"{type(error).__name__}: {error}".split("\n")[0]
            say(f"  {variant.label}: refused, {entry['refused']}")
            continue
        try:
            entry |= check(result)
        except fixtures.Mismatch as mismatch:
            raise fixtures.Mismatch(f"{row}, {variant.label}: {mismatch}") from None
        entry["rates"].append(rate(call, variant.units, seconds))
        say(f"  {variant.label}: {figures(entry['rates'][0])}")
        calls[variant.label] = (variant, call)
        calls = {label: calls[label] for label in finalists(found) if label in calls}
    if not calls:
        raise fixtures.Mismatch(f"{row}: no variant was left")
    for _ in range(rounds - 1):
        ours.append(ask(engine, row, seconds))
        for label, (variant, call) in calls.items():
            found[label]["rates"].append(rate(call, variant.units, seconds))
    best = max(ours, key=lambda one: one["value"])
    return {"row": row, "engine": best, "engine_values": [one["value"] for one in ours], "variants": list(found.values())}


def by_hand(entry: dict) -> bool:
    """Whether the work was cut over the threads by the caller, not by the library."""
    return entry["name"].endswith(f", {THREADS} threads")


def finalists(found: dict[str, dict]) -> list[str]:
    best = []
    for peer in PEERS:
        for cut in (False, True):
            timed = [label for label, entry in found.items()
                     if entry["peer"] == peer and entry["rates"] and by_hand(entry) == cut]
            best += sorted(timed, key=lambda label: -max(found[label]["rates"]))[:FINALISTS]
    return best


def time_help(binary: Path) -> dict:
    """Median milliseconds of `basinscope --help`."""
    taken = []
    for _ in range(HELP_RUNS):
        start = time.perf_counter()
        subprocess.run([binary, "--help"], check=True, stdout=subprocess.DEVNULL)
        taken.append(1e3 * (time.perf_counter() - start))
    return {"row": "help", "engine": {"value": statistics.median(taken)}, "variants": []}


def figures(value: float) -> str:
    """Three figures that count."""
    return f"{float(f'{value:.3g}'):,.0f}" if value >= 100 else f"{value:.3g}"


def judge(record: dict) -> dict:
    """The best variant of each peer, the ratios, and whether the goal is met; kept in the record.

    Goals count against the peers as they run by themselves; the ratio to what a caller gets who cuts
    the work over the threads by hand stands beside it.
    """
    unit, least, against = GOALS[record["row"]]
    ours = record["engine"]

    def best_of(entries) -> dict[str, dict]:
        best = {}
        for entry in entries:
            if entry["peer"] not in best or max(entry["rates"]) > max(best[entry["peer"]]["rates"]):
                best[entry["peer"]] = entry
        return best

    timed = [entry for entry in record["variants"] if entry["rates"]]
    best = best_of(entry for entry in timed if not by_hand(entry))
    ratios = {peer: ours["value"] / max(entry["rates"]) for peer, entry in best.items()}
    hardest = {peer: ours["value"] / max(entry["rates"]) for peer, entry in best_of(timed).items()}
    record |= {"unit": unit, "best": best, "ratios": ratios, "ratios_by_hand": hardest}
    if record["row"] == "help":
        record |= {"goal": f"≤ {HELP_MS} ms", "met": ours["value"] <= HELP_MS}
    elif least is None:
        record |= {"goal": f"≤ {FRAME_MS} ms a frame", "met": 1e3 / ours["value"] <= FRAME_MS}
    else:
        counted = [ratios[peer] for peer in against or ratios if peer in ratios]
        record |= {"goal": f"≥ {least:g}" + "".join(f" × {peer}" for peer in against)}
        record["met"] = bool(counted) and min(counted) >= least
    if record["row"] == "evaluate:swiss-roll":
        record["peak_share"] = ours["value"] * ours["flop"] / 1e9 / ours["peak_gflops"]
        record["goal"] += f", ≥ {PEAK_SHARE:.0%} of peak"
        record["met"] &= record["peak_share"] >= PEAK_SHARE
    if record["row"] == "tsne":
        record["goal"] += " at the same KL"
        record["met"] &= ours["kl"] <= SAME_KL * best["scikit-learn"]["kl_exact"]
    return record


def line(record: dict) -> str:
    """One row of the table."""
    if "failed" in record:
        return f"| {record['row']} | **failed**: {record['failed']} | | | | | | | | no |"
    ours = figures(record["engine"]["value"])
    if "peak_share" in record:
        ours += f" ({record['peak_share']:.0%} of peak)"
    if "kl" in record["engine"]:
        ours += f" (KL {record['engine']['kl']:.4f})"
    cells = []
    for peer in PEERS:
        entry = record["best"].get(peer)
        detail = "" if entry is None else entry["name"]
        if entry and "kl_exact" in entry:
            detail += f", KL {entry['kl_exact']:.4f}"
        cells.append(f"{figures(max(entry['rates']))} ({detail})" if entry else "–")
    ratio, hard = (f"{min(of.values()):.2f}" if of else "–" for of in (record["ratios"], record["ratios_by_hand"]))
    met = "yes" if record["met"] else "no"
    return f"| {record['row']} | {record['unit']} | {ours} | {' | '.join(cells)} | {ratio} | {hard} | {record['goal']} | {met} |"


def surroundings(engine: dict) -> dict:
    cpu = [text.split(":", 1)[1].strip() for text in Path("/proc/cpuinfo").read_text().splitlines() if "model name" in text]
    packages = ("jax", "jaxlib", "numpy", "scikit-learn", "scipy", "torch")
    return {"date": datetime.date.today().isoformat(), "cpu": cpu[0] if cpu else platform.machine(), "cores": THREADS,
            "python": platform.python_version(), "versions": {name: importlib.metadata.version(name) for name in packages},
            "engine": engine}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--engine", type=Path, required=True, help="the binary `engine`")
    parser.add_argument("--binary", type=Path, help="the binary `basinscope`, for the row `help`")
    parser.add_argument("--rows", default=",".join(GOALS), help="rows, separated by commas")
    parser.add_argument("--variants", default="", help="only the peers' variants whose name matches this pattern")
    parser.add_argument("--seconds", type=float, default=3.0, help="seconds for each variant and round")
    parser.add_argument("--rounds", type=int, default=3, help="the best round of each counts")
    parser.add_argument("--out", type=Path, help="a JSON file for every number")
    settings = parser.parse_args()
    rows = settings.rows.split(",")
    if unknown := sorted(set(rows) - set(GOALS)):
        parser.error(f"no such row: {', '.join(unknown)}; rows are {', '.join(GOALS)}")

    records = []
    report = {**surroundings(ask(settings.engine, "peak", settings.seconds)), "rows": records}
    with tempfile.TemporaryDirectory() as directory:
        subprocess.run([settings.engine, "fixtures", directory], check=True, stdout=subprocess.DEVNULL)
        for row in rows:
            say(row)
            if row == "help":
                if settings.binary is None or not settings.binary.exists():
                    say("  left out: no binary `basinscope`")
                    continue
                records.append(judge(time_help(settings.binary)))
                continue
            try:
                records.append(judge(compare(row, settings.engine, Path(directory), settings.seconds, settings.rounds, settings.variants)))
            except fixtures.Mismatch as mismatch:
                say(f"  FAILED {mismatch}")
                records.append({"row": row, "failed": str(mismatch)})

    print("| work | unit | basinscope | JAX best (variant) | PyTorch best (variant) | scikit-learn "
          "| ratio to the best peer | to the best cut over threads by hand | goal | met? |\n" + 10 * "|---" + "|")
    print("\n".join(map(line, records)))
    if settings.out:
        settings.out.write_text(json.dumps(report, indent=1, ensure_ascii=False) + "\n")
    return 1 if any("failed" in record for record in records) else 0


if __name__ == "__main__":
    sys.exit(main())
