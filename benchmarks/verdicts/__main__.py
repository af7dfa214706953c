"""``python -m benchmarks.verdicts``: all tables, as Markdown; ``--write`` puts them into README.md beside this.

``--scale 0.1`` draws a tenth. Otava takes part where ``OTAVA_PYTHON`` names a Python that has it.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
from pathlib import Path

from tabulate import tabulate

from benchmarks.verdicts import levels, real, sides, stored

SEED = 20261124
MORE = 6
"""Against stored runs false alarms are to be told from half a per cent: so many times as many jobs."""
SPEED = Path(__file__).with_name("speed.py")


def section(title: str, text: str, rows: list[list[str]], headers: str) -> str:
    print(f"{time.strftime('%H:%M:%S')} {title}", file=sys.stderr)
    table = tabulate(rows, headers=headers.split(", "), tablefmt="github", disable_numparse=True)
    return f"### {title}\n\n{text}\n\n{table}\n"


def heading(seed: int) -> str:
    return (
        "## Verdicts: false alarms and power\n\n"
        f"Seed {seed}. Shares are per cent. Simulated noise: `noise.py`, `stored.py`, `levels.py`; real A/A data of "
        "this machine: `aa.json`, made by `record.py`. Procedures: `docs/verdicts.md`.\n"
    )


def side_sections(seed: int, many: int) -> list[str]:
    few = many // 2
    return [
        section(
            "Side by side, one metric, tolerance 5 %",
            f"{few} jobs each; {sides.PAIRS} to {sides.MOST_PAIRS} pairs of 1 s rounds per launch, looks at 4, 6, 8, "
            "10, 12 launches. *Seconds*: mean, and share of the fixed plan of 12 launches. *t 98 %*: median per "
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
    ]


def stored_sections(seed: int, many: int) -> list[str]:
    many *= MORE
    return [
        section(
            "Stored baseline, 10 runs: regressed at no change / +10 / +20 / +50 %",
            f"{many} jobs each, {many // stored.RIVALS} of them for the other rules; the service's own noise has heavy "
            "tails (Student's t, 4 degrees of freedom); the machine's noise is shared with the reference.",
            stored.by_noise(seed, many),
            "noise, with reference, without, last run x 200 %, last run x 110 %, Bencher t .99, the same of ratios",
        ),
        section(
            "Stored baseline, by number of earlier runs: regressed at no change / +10 / +20 / +50 %",
            f"{many} jobs each. Machine noise 6 %, the service's own 2.2 %. *Missed*: called unchanged at +10 %, "
            f"the tolerance ({many // stored.RIVALS} jobs).",
            stored.by_length(seed, many),
            "runs, with reference, without, missed",
        ),
        section(
            "Stored baseline, whole checks of 12 gating metrics, 10 runs",
            "Any false alarm among the twelve, before anything is measured again.",
            stored.whole_checks(seed, many // 2),
            "noise, checks, false alarms",
        ),
    ]


def level_sections(seed: int, many: int) -> list[str]:
    return [
        section(
            "Change points in 100 runs",
            f"{many} series each. *Clean*: any change point where there is none. Then: found within 3 runs of the "
            "step; the number of runs after it in brackets. Where Otava's default alarms on more than 2 % of the clean "
            "series, what it finds beyond ours is bought with that: noise with a memory most of all, which it takes "
            "for changes.",
            levels.table(seed, many),
            "noise, tool, clean, " + ", ".join(f"+{e:.0%} ({after})" for e, after in levels.STEPS),
        )
    ]


def real_sections(seed: int, many: int) -> list[str]:
    if not real.load():
        return []
    count = max(many // 8, 20)
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


def speed_sections(_seed: int, _many: int) -> list[str]:
    finished = subprocess.run([sys.executable, str(SPEED)], capture_output=True, text=True, check=True)
    return [f"### Speed\n\n{finished.stdout}"]


SECTIONS = {
    "sides": side_sections,
    "stored": stored_sections,
    "levels": level_sections,
    "real": real_sections,
    "speed": speed_sections,
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scale", type=float, default=1.0, help="1 draws 300 jobs of each kind")
    parser.add_argument("--only", choices=SECTIONS, help="one kind of table")
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--write", action="store_true", help="into README.md beside this file")
    options = parser.parse_args()
    many = max(int(300 * options.scale), 20)
    chosen = [options.only] if options.only else list(SECTIONS)
    print(f"seed {options.seed}, {many} jobs of each kind", file=sys.stderr)
    parts = [part for name in chosen for part in SECTIONS[name](options.seed, many)]
    text = "\n".join(parts if options.only else [heading(options.seed), *parts])
    print(text)
    if options.write:
        Path(__file__).with_name("README.md").write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
