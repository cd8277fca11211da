#!/usr/bin/env python3
"""Writes what a command found as docs/numbers/NAME.json; called by docs/record.sh."""

import json
import math
import os
import platform
import sys
from datetime import date
from pathlib import Path

HERE = Path(__file__).resolve().parent


def machine():
    text = Path("/proc/cpuinfo").read_text() if Path("/proc/cpuinfo").is_file() else ""
    names = [line.partition(":")[2].strip() for line in text.splitlines() if line.startswith("model name")]
    return f"{os.cpu_count()} virtual cores of {names[0] if names else platform.processor()}"


def tour(run):
    def read(name):
        return json.loads((run / "results" / name).read_text())

    keep = lambda record, fields: {field: record[field] for field in fields if field in record}
    minima = [
        keep(m, ["name", "train_accuracy", "test_accuracy", "train_loss", "parameters", "fresh"]) for m in read("minima.json")
    ]
    fields = ["minimum", "region", "cutoff", "start_loss", "directions", "radius_median", "radius_median_ci", "log10_volume", "ess"]
    volumes = [keep(v, fields) for v in read("volumes.json")]
    fields = ["sigma", "ln_p", "standard_error", "interval", "constrained_dimensions", "converged", "local"]
    local = [
        {**keep(v, ["minimum", "region", "start_loss"]), "curve": [keep(point, fields) for point in v["curve"]]}
        for v in read("local-volumes.json")
    ]
    slices = [
        {"minimum": s["minimum"], "crossings": [keep(c, ["edge", "level", "start", "median", "interval"]) for c in s.get("crossings", [])]}
        for s in read("slices.json")
    ]
    surfaces = []
    for surface in read("surfaces.json"):
        worth = surface.get("worth")
        if worth:
            others = sorted(worth["other_cross_sections"])
            surfaces.append(
                {
                    "minimum": surface["minimum"],
                    **keep(worth, ["share_of_trace", "chance_share", "cross_section"]),
                    "others_from": others[0],
                    "others_to": others[-1],
                }
            )
    best = max(minima, key=lambda m: m["test_accuracy"])["name"]
    worst = min(minima, key=lambda m: m["test_accuracy"])["name"]

    def pick(records, name, region):
        return next((r for r in records if r["minimum"] == name and r.get("region", "loss") == region), None)

    compared = {"good": best, "bad": worst}
    for region in ("loss", "excess"):
        good, bad = (pick(local, name, region) for name in (best, worst))
        for a in good["curve"] if good and bad else []:
            for b in bad["curve"]:
                if a["sigma"] == b["sigma"] and a["ln_p"] is not None and b["ln_p"] is not None:
                    compared.setdefault(region, []).append(
                        {
                            "sigma": a["sigma"],
                            "decades": (a["ln_p"] - b["ln_p"]) / math.log(10),
                            "converged": all(p["converged"] and p["local"] for p in (a, b)),
                        }
                    )
        good, bad = (pick(volumes, name, region) for name in (best, worst))
        if good and bad:
            compared[f"radius_{region}"] = good["radius_median"] / bad["radius_median"]
    # The largest width at which both estimates are local and converged: where the page compares.
    sigma = max(entry["sigma"] for entry in compared["loss"] if entry["converged"])
    compared["sigma"] = sigma
    at = lambda region, name: next(p for p in pick(local, name, region)["curve"] if p["sigma"] == sigma)
    decades = lambda region: (at(region, best)["ln_p"] - at(region, worst)["ln_p"]) / math.log(10)
    low, high = at("loss", worst)["interval"]
    compared |= {"best": at("loss", best)["ln_p"], "worst": at("loss", worst)["ln_p"], "worst_error": (high - low) / 2}
    compared["decades"] = decades("loss")
    if pick(local, worst, "excess"):
        compared["decades_excess"] = decades("excess")
    compared["worst_k"] = at("loss", worst)["constrained_dimensions"]
    compared["worst_start"] = pick(local, worst, "loss")["start_loss"]
    compared["paper"] = pick(volumes, best, "loss")["log10_volume"] - pick(volumes, worst, "loss")["log10_volume"]
    lines = {s["minimum"]: {c["edge"]: c["median"] for c in s["crossings"]} for s in slices}
    for edge in ("loss", "excess", "accuracy"):
        if edge in lines[best] and edge in lines[worst]:
            compared[f"line_{edge}"] = lines[best][edge] / lines[worst][edge]
    return {
        "command": "basinscope tour",
        "minima": minima,
        "volumes": volumes,
        "local": local,
        "slices": slices,
        "surfaces": surfaces,
        "compared": compared,
    }


def main():
    what, run, took = sys.argv[1], Path(sys.argv[2]), sys.argv[3]
    record = {"date": date.today().isoformat(), "machine": machine()}
    if took:
        record["seconds"] = int(took)
    if what == "tour":
        record |= tour(run)
    else:
        record |= {"command": f"cargo run --release --example {what.replace('-', '_')}", "printed": run.read_text().splitlines()}
    file = HERE / f"{what}.json"
    if file.is_file() and what != "tour":
        # The table as the document has it stays until a person has looked at what was printed.
        record = {**{k: v for k, v in json.loads(file.read_text()).items() if k not in record and k != "note"}, **record}
    file.write_text(json.dumps(record, indent=1, ensure_ascii=False) + "\n")
    print(f"wrote {file.relative_to(HERE.parent.parent)}")


if __name__ == "__main__":
    main()
