"""Draws the cost curves of `engine curves` and writes them as a table."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt

# Okabe and Ito's colours, told apart by any eye; markers and dashes say the same.
LOOKS = {
    "avx512": ("AVX-512", "#0072B2", "o", "-"),
    "avx2": ("AVX2 + FMA", "#D55E00", "s", "--"),
    "portable": ("portable", "#009E73", "^", ":"),
}
AXES = {"parameters": "parameters n", "points": "points N"}


def draw(costs: list[dict], path: Path) -> None:
    plt.rcParams.update({"font.size": 9, "axes.spines.top": False, "axes.spines.right": False, "svg.fonttype": "none"})
    figure, panels = plt.subplots(2, 2, figsize=(7.4, 5.6), sharex="col", layout="constrained")
    for column, (curve, label) in enumerate(AXES.items()):
        upper, lower = panels[0][column], panels[1][column]
        for kernel, (name, colour, marker, dash) in LOOKS.items():
            places = [cost for cost in costs if cost["curve"] == curve and cost["kernel"] == kernel]
            if not places:
                continue
            across = [cost[curve] for cost in places]
            look = {"color": colour, "marker": marker, "linestyle": dash, "markersize": 4, "label": name}
            upper.plot(across, [cost["evaluations"] for cost in places], **look)
            lower.plot(across, [100 * cost["of_peak"] for cost in places], **look)
        fixed = [cost for cost in costs if cost["curve"] == curve][0]
        other = f"{fixed['points']} points" if curve == "parameters" else f"{fixed['parameters']:,} parameters"
        upper.set_title(f"{'four hidden layers' if curve == 'parameters' else 'the swiss-roll net'}, {other}", loc="left")
        upper.set(xscale="log", yscale="log")
        lower.set(xscale="log", xlabel=label, ylim=(0, 100))
        for panel in (upper, lower):
            panel.grid(alpha=0.25, linewidth=0.6)
    panels[0][0].set_ylabel("evaluations of the loss / s")
    panels[1][0].set_ylabel("share of peak multiply–adds, %")
    panels[0][0].legend(frameon=False)
    figure.savefig(path, dpi=160)


def table(costs: list[dict]) -> str:
    head = ("| curve | path | n | N | threads | evaluations/s | Mflop | GFLOP/s | of peak | kB of θ | of bandwidth "
            "| kB of activations |\n" + "|---|---|" + "---:|" * 10 + "\n")
    lines = []
    for cost in costs:
        rate, flop = cost["evaluations"], cost["flop"]
        lines.append(
            f"| {cost['curve']} | {cost['kernel']} | {cost['parameters']:,} | {cost['points']:,} | {cost['threads']} "
            f"| {rate:,.{0 if rate >= 100 else 1}f} | {flop / 1e6:,.3g} | {rate * flop / 1e9:,.0f} | {cost['of_peak']:.0%} "
            f"| {cost['theta_bytes'] / 1e3:,.3g} | {cost['of_bandwidth']:.0%} | {cost['activation_bytes'] / 1e3:,.3g} |"
        )
    return head + "\n".join(lines) + "\n"


def main() -> None:
    folder = Path(sys.argv[1])
    costs = json.loads((folder / "curves.json").read_text())
    draw(costs, folder / "curves.png")
    (folder / "curves.md").write_text(table(costs))


if __name__ == "__main__":
    main()
