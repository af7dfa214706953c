"""``python -m benchmarks.verdicts``: all tables, as Markdown; ``--write`` puts them into README.md beside this.

``--quick`` draws a tenth. Otava takes part where ``OTAVA_PYTHON`` names a Python that has it.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
from pathlib import Path

from tabulate import tabulate

from benchmarks.verdicts import levels, real, sides, stored

SEED = 20260131
SPEED = Path(__file__).with_name("speed.py")


def section(title: str, text: str, rows: list[list[str]], headers: str) -> str:
    print(f"{time.strftime('%H:%M:%S')} {title}", file=sys.stderr)
    table = tabulate(rows, headers=headers.split(", "), tablefmt="github", disable_numparse=True)
    return f"### {title}\n\n{text}\n\n{table}\n"


def report(scale: float, seed: int) -> str:
    many, few = max(int(600 * scale), 20), max(int(300 * scale), 10)
    parts = [
        "## Verdicts: false alarms and power\n\n"
        f"Seed {seed}. Shares are per cent. Simulated noise: `noise.py`, `stored.py`, `levels.py`; real A/A data of "
        "this machine: `aa.json`, made by `record.py`. Procedures: `docs/verdicts.md`.\n",
        section(
            "Side by side, one metric, tolerance 5 %",
            f"{few} jobs each; {sides.PAIRS} to {sides.MOST_PAIRS} pairs of 1 s rounds per launch, looks at 4, 6, 8, "
            "10, 12 launches. *Seconds*: mean, and share of the fixed plan of 12 launches. *t, 98 %*: median per "
            "launch, t interval, looks at 6 to 12 (mean launches). The last three judge six launches' rounds.",
            sides.one_metric(seed, few),
            "environment, change, regressed, unchanged, inconclusive, launches, seconds, t 98 %, means > 200 %, "
            "means > 110 %, Mann-Whitney 5 %",
        ),
        section(
            "Side by side, whole checks of 12 gating metrics, tolerance 5 %",
            "Any false alarm among the twelve; and any alarm when all twelve are 5 % worse.",
            sides.whole_checks(seed, few),
            "environment, checks, false alarms, launches, +5 % seen, launches",
        ),
        section(
            "Side by side, p90",
            "Pairs three times as noisy as the median's.",
            sides.tails(seed, few),
            "tolerance, change, regressed, launches",
        ),
        section(
            "Stored baseline, 10 runs: regressed at no change / +10 / +20 / +50 %",
            f"{many} jobs each; the service's own noise has heavy tails (Student's t, 4 degrees of freedom); the "
            "machine's noise is shared with the reference.",
            stored.by_noise(seed, many),
            "noise, with reference, without, last run x 200 %, last run x 110 %, Bencher t .99, the same of ratios",
        ),
        section(
            "Stored baseline, by number of earlier runs: regressed at no change / +10 / +20 / +50 %",
            "Machine noise 6 %, the service's own 2.2 %. *Missed*: called unchanged at +10 %, the tolerance.",
            stored.by_length(seed, many),
            "runs, with reference, without, missed",
        ),
        section(
            "Stored baseline, whole checks of 12 gating metrics, 10 runs",
            "Any false alarm among the twelve, before anything is measured again.",
            stored.whole_checks(seed, few),
            "noise, checks, false alarms",
        ),
        section(
            "Change points in 100 runs",
            f"{few} series each. *Clean*: any change point where there is none. Then: found within 3 runs of the "
            "step; the number of runs after it in brackets.",
            levels.table(seed, few),
            "noise, tool, clean, " + ", ".join(f"+{e:.0%} ({after})" for e, after in levels.STEPS),
        ),
    ]
    if real.load():
        parts += real_sections(seed, few)
    parts.append(speed())
    return "\n".join(parts)


def real_sections(seed: int, count: int) -> list[str]:
    return [
        section(
            "Real A/A data, side by side",
            f"{count} draws of up to 12 of the launches (6 pairs of 0.5 s rounds each) of two identical services; "
            "gates p50 10 %, p90 25 %, p99 50 %, CPU per request 5 %. *Any*: any gate called regressed. The last two "
            "judge p50 of six launches.",
            real.sides(seed, count),
            "what was measured, pairs, A/A any, +5 % any, p50, CPU, +10 % any, p50, CPU, means > 110 %, Mann-Whitney",
        ),
        section(
            "Real A/A data, stored baseline of 8 runs, p50",
            "Each launch's six base rounds are a run, its reference rounds the reference.",
            real.stored(),
            "what was measured, judged, A/A, +10 %, +20 %, +50 %, last run x 110 %, Bencher t .99",
        ),
    ]


def speed() -> str:
    finished = subprocess.run([sys.executable, str(SPEED)], capture_output=True, text=True, check=True)
    return f"### Speed\n\n{finished.stdout}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--write", action="store_true")
    options = parser.parse_args()
    text = report(0.1 if options.quick else 1.0, options.seed)
    print(text)
    if options.write:
        Path(__file__).with_name("README.md").write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
